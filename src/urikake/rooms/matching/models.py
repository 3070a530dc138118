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


class Hold(Fact):
    """A receipt left alone by automatic runs: held for a reason (保留), set aside as no payment of ours to match (対象外),
    or free again (an empty ``state``); the newest row of a receipt counts.
    """

    receipt_id = ref()
    state = models.CharField(max_length=5)
    why = models.CharField(max_length=500)

    HELD = "held"
    ASIDE = "aside"

    class Meta:
        db_table = "matching_hold"


class Note(Fact):
    """What whoever matches next should know of a partner or of one receipt; the newest counts, an empty one takes it back."""

    partner_id = ref(null=True)
    receipt_id = ref(null=True)
    text = models.CharField(max_length=500)

    class Meta:
        db_table = "matching_note"
