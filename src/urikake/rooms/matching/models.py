"""Tables of matching: applications, and what of advances was applied."""

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


class AdvanceUse(Fact):
    """What of an advance received (前受金) was applied to items on a day (充当); or the reversal of one.

    The advance is what an application kept of its receipt (``application_id``) or what was collected beyond what was owed
    (``collected_id``). The movements of the items, which name the use, sum to ``used``.
    """

    application_id = ref(null=True)
    collected_id = ref(null=True)
    partner_id = ref()
    applied_on = models.DateField()
    used = models.BigIntegerField()
    reverses_id = ref(null=True, unique=True)

    class Meta:
        db_table = "matching_advance_use"
