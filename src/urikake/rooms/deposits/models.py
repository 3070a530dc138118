"""The table of deposits."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, ref


class Movement(Fact):
    """A deposit taken (``amount`` positive) or given back (negative) by a line of an issued invoice.

    ``returned`` tells what it is about: also the taking back of a return is one, with a positive amount.
    """

    charge_id = ref(unique=True)
    contract_id = ref()
    line_id = ref()
    partner_id = ref()
    product_id = ref()
    dimension_id = ref()
    invoice_id = ref()
    moved_on = models.DateField()
    amount = models.BigIntegerField()
    returned = models.BooleanField()

    class Meta:
        db_table = "deposits_movement"
        indexes = [models.Index(fields=["line_id"], name="deposits_movement_line")]
