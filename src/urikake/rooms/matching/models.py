"""The table of applications."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, ref


class Application(Fact):
    """A receipt (or part of it) applied to items on a day (消込), with its difference; or the reversal of one.

    ``used`` is what it takes of the receipt; the movements of the items, which name it, sum to ``used`` less
    ``difference``. ``difference`` is negative where the payer kept something back.
    """

    receipt_id = ref()
    applied_on = models.DateField()
    used = models.BigIntegerField()
    difference = models.BigIntegerField()
    difference_kind = models.CharField(max_length=10)
    partner_id = ref()
    reverses_id = ref(null=True, unique=True)

    class Meta:
        db_table = "matching_application"
        indexes = [models.Index(fields=["receipt_id"], name="matching_receipt")]
