"""Tables of revenue: schedules and their ends, recognitions, accruals, shifts, interest, months recognised, open accruals."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, Projection, ref


class Schedule(Fact):
    """The rule by which an issued charge becomes revenue over months; its months are computed whenever asked for.

    Months before ``until_on`` were recognised with the invoice.
    """

    charge_id = ref(unique=True)
    contract_id = ref()
    line_id = ref()
    partner_id = ref()
    product_id = ref()
    dimension_id = ref()
    amount = models.BigIntegerField()
    tax_amount = models.BigIntegerField()
    from_on = models.DateField()
    to_on = models.DateField()
    pattern = models.CharField(max_length=10, db_column="pattern")
    partial_month = models.CharField(max_length=12)
    remainder = models.CharField(max_length=12)
    until_on = models.DateField()

    class Meta:
        db_table = "revenue_schedule"
        indexes = [models.Index(fields=["to_on"], name="revenue_schedule_to")]


class Ending(Fact):
    """The rest of a charge's schedule became revenue at once, because its line ended before its expected life did."""

    charge_id = ref(unique=True)
    month = models.DateField()

    class Meta:
        db_table = "revenue_ending"


class Recognition(Fact):
    """Revenue recognised of a charge for a month, and the tax that went with it."""

    charge_id = ref()
    contract_id = ref()
    line_id = ref()
    partner_id = ref()
    product_id = ref()
    dimension_id = ref()
    month = models.DateField()
    posted_on = models.DateField()
    amount = models.BigIntegerField()
    tax_amount = models.BigIntegerField()

    class Meta:
        db_table = "revenue_recognition"


class Accrual(Fact):
    """Revenue of service rendered before its bill (契約資産); its reversal once billed has the opposite sign."""

    contract_id = ref()
    line_id = ref()
    partner_id = ref()
    product_id = ref()
    dimension_id = ref()
    cycle_from_on = models.DateField()
    month = models.DateField()
    posted_on = models.DateField()
    amount = models.BigIntegerField()

    class Meta:
        db_table = "revenue_accrual"


class Shift(Fact):
    """Revenue of an arranged line (`obligations`) beyond what it charges, for a month: what its share of the price is more or less.

    The shifts of a contract sum to nothing once its arrangement is over.
    """

    contract_id = ref()
    line_id = ref()
    partner_id = ref()
    product_id = ref()
    dimension_id = ref()
    month = models.DateField()
    posted_on = models.DateField()
    amount = models.BigIntegerField()

    class Meta:
        db_table = "revenue_shift"
        indexes = [models.Index(fields=["line_id"], name="revenue_shift_line")]


class Transfer(Fact):
    """What of a contract's balance stands with the one it is combined with (契約の結合, `obligations`), moved by ``amount``.

    A contract's balance is billed less recognised and the amounts of its own rows, less those of rows of which it is the
    ``arrangement_id``: contracts that are one are netted as one.
    """

    contract_id = ref()
    arrangement_id = ref()
    month = models.DateField()
    posted_on = models.DateField()
    amount = models.BigIntegerField()

    class Meta:
        db_table = "revenue_transfer"
        indexes = [models.Index(fields=["contract_id"], name="revenue_transfer_contract")]


class Interest(Fact):
    """Interest of a month on the balance of a contract whose price holds it (重要な金融要素, `obligations`).

    ``expense`` (支払利息) raises what is owed to the customer, ``income`` (受取利息) what the customer owes; what is taken back
    is negative. Of contracts that are combined it is borne by the one that the others were joined to.
    """

    contract_id = ref()
    month = models.DateField()
    posted_on = models.DateField()
    expense = models.BigIntegerField()
    income = models.BigIntegerField()

    class Meta:
        db_table = "revenue_interest"
        indexes = [models.Index(fields=["contract_id"], name="revenue_interest_contract")]


class Cutoff(Fact):
    """A month up to which everything was recognised."""

    month = models.DateField()

    class Meta:
        db_table = "revenue_cutoff"


class OpenAccrual(Projection):
    """Projection: the accruals not yet billed; rebuilt from accruals by `verify`."""

    id = models.BigIntegerField(primary_key=True)
    contract_id = models.BigIntegerField()
    line_id = models.BigIntegerField()
    partner_id = models.BigIntegerField()
    product_id = models.BigIntegerField()
    dimension_id = models.BigIntegerField()
    cycle_from_on = models.DateField()
    amount = models.BigIntegerField()

    rebuilds = {
        "revenue_open_accrual": "SELECT min(id) AS id, contract_id, line_id, partner_id, product_id, dimension_id,"
        " cycle_from_on, CAST(sum(amount) AS bigint) AS amount FROM revenue_accrual"
        " GROUP BY contract_id, line_id, partner_id, product_id, dimension_id, cycle_from_on HAVING sum(amount) <> 0"
    }

    class Meta:
        db_table = "revenue_open_accrual"
