"""Tables of matching: applications, what they taught about payers, rules released, holds and notes, and what of advances was applied."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, ref


class Application(Fact):
    """A receipt (or part of it) applied to items on a day (消込), with its difference; or the reversal of one.

    ``used`` is what it takes of the receipt; the movements of the items, which name it, sum to ``used`` less
    ``difference``. ``difference`` is negative where the payer kept something back. ``by`` tells what the automatic run
    knew it by (`clearing.match`: who was meant, or the rule that was released); it is empty where a person did it.
    """

    receipt_id = ref()
    applied_on = models.DateField()
    used = models.BigIntegerField()
    difference = models.BigIntegerField()
    difference_kind = models.CharField(max_length=10)
    partner_id = ref()
    reverses_id = ref(null=True, unique=True)
    by = models.CharField(max_length=10, db_default="")

    later = frozenset({"by"})

    class Meta:
        db_table = "matching_application"
        indexes = [models.Index(fields=["receipt_id"], name="matching_receipt")]


class LearnedName(Fact):
    """A payer name (振込名義) that an application by hand told to be a partner's; a lesson of an application is one row."""

    partner_id = ref()
    payer = models.CharField(max_length=200)
    folded = models.CharField(max_length=200)
    application_id = ref()

    class Meta:
        db_table = "matching_learned_name"
        constraints = [
            models.UniqueConstraint(fields=["application_id", "partner_id", "folded"], name="matching_lesson")
        ]


class NameDecision(Fact):
    """A person's decision on a learned name: ``released`` for the automatic run, or ``revoked``; the newest holds."""

    partner_id = ref()
    folded = models.CharField(max_length=200)
    kind = models.CharField(max_length=10)

    class Meta:
        db_table = "matching_name_decision"


class RuleDecision(Fact):
    """A person's decision on a rule (`clearing.RULES`): ``released`` for the automatic run, or ``revoked``; the newest holds.

    ``times_right`` and ``times_wrong`` are what trying it on history told when it was released, ``why`` the reason that was given.
    """

    rule = models.CharField(max_length=10)
    kind = models.CharField(max_length=10)
    why = models.CharField(max_length=500)
    times_right = models.BigIntegerField()
    times_wrong = models.BigIntegerField()

    class Meta:
        db_table = "matching_rule_decision"


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
