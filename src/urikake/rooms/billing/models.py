"""The table of charges."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, Projection, ref


class Charge(Fact):
    """An amount to bill for days of one cycle of a contract line, or its credit (``nature``), with how it came about.

    ``revision`` counts the rounds in which the cycle was billed: 0 the first time. The unique key is the charge's
    source, so that no run can make it twice; it begins with the cycle, so that what a closing makes stands together and
    no run touches the whole of the index. ``usage_through`` is the newest usage event that it saw. ``discount_rate`` and
    ``discount_cut`` are the discounts that were off (`timeline.discounted`). A ``TRUE_UP`` (精算) settles a commitment over
    several cycles; it stands in the last of them that was charged.
    """

    CHARGE, CREDIT, USAGE, TRUE_UP = 1, -1, 2, 3

    line_id = ref()
    contract_id = ref()
    partner_id = ref()
    product_id = ref()
    dimension_id = ref()
    closing_on = models.DateField()
    cycle_from_on = models.DateField()
    revision = models.IntegerField()
    nature = models.IntegerField()
    from_on = models.DateField()
    to_on = models.DateField()
    quantity_micro = models.BigIntegerField()
    unit_price_micro = models.BigIntegerField()
    state_micro = models.BigIntegerField()
    numerator = models.BigIntegerField()
    denominator = models.BigIntegerField()
    basis = models.CharField(max_length=12)
    amount = models.BigIntegerField()
    usage_through = models.BigIntegerField()
    discount_rate = models.BigIntegerField(db_default=0)
    discount_cut = models.BigIntegerField(db_default=0)

    later = frozenset({"discount_rate", "discount_cut"})

    class Meta:
        db_table = "billing_charge"
        constraints = [
            models.UniqueConstraint(
                fields=["cycle_from_on", "line_id", "revision", "from_on", "nature"], name="billing_charge_source"
            )
        ]


class Reversal(Fact):
    """A charge taken back whole by another (赤黒), so that its days are to be billed anew; each at most once."""

    charge_id = ref(unique=True)
    reverses_id = ref(unique=True)
    line_id = ref()
    cycle_from_on = models.DateField()

    class Meta:
        db_table = "billing_reversal"


class Hold(Fact):
    """A partner's bill of one closing held back (保留), or no longer; the newest row of a partner and closing holds."""

    partner_id = ref()
    closing_on = models.DateField()
    held = models.BooleanField()
    why = models.CharField(max_length=500)

    class Meta:
        db_table = "billing_hold"


class Carry(Fact):
    """A partner's bill of one closing carried on to its next one, as it was below the minimum for an invoice then (少額繰越).

    It is of the charges of that closing up to ``through_id``. One that a person carried on has no minimum, and the reason, ``why``.
    """

    partner_id = ref()
    closing_on = models.DateField()
    through_id = ref()
    minimum = models.BigIntegerField()
    why = models.CharField(max_length=500)

    class Meta:
        db_table = "billing_carry"
        constraints = [
            models.UniqueConstraint(fields=["partner_id", "closing_on", "through_id"], name="billing_carry_once")
        ]


class WaitingCharge(Projection):
    """Projection: the charges that are on no invoice yet (下書き); rebuilt from charges and invoice lines by `verify`."""

    charge_id = models.BigIntegerField(primary_key=True)

    rebuilds = {
        "billing_waiting": "SELECT id AS charge_id FROM billing_charge c"
        " WHERE NOT EXISTS (SELECT 1 FROM invoices_line l WHERE l.charge_id = c.id)"
    }

    class Meta:
        db_table = "billing_waiting"
