"""Tables of receipts, of what banks told of them, and the projection of what is unapplied."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, Projection, ref


class Receipt(Fact):
    """Money received (入金) on a bank account; ``repeat`` tells equal records of one day apart.

    One that the bank took back is followed by another, of the same amount below zero, that ``reverses_id`` names it.
    """

    company_id = ref()
    bank_account_id = ref()
    received_on = models.DateField()
    amount = models.BigIntegerField()
    payer = models.CharField(max_length=200)
    folded = models.CharField(max_length=200)
    reference = models.CharField(max_length=200)
    virtual_account = models.CharField(max_length=20)
    bank_code = models.CharField(max_length=60)
    repeat = models.IntegerField()
    reverses_id = ref(null=True)

    later = frozenset({"reverses_id"})

    class Meta:
        db_table = "receipts_receipt"
        constraints = [
            models.UniqueConstraint(
                fields=["bank_account_id", "received_on", "bank_code", "amount", "payer", "reference", "repeat"],
                name="receipts_receipt_source",
            )
        ]


class Statement(Fact):
    """What a bank told of an account in a file: from which day to which, the balances, and the sums of what moved.

    What the file's format does not tell is null.
    """

    company_id = ref()
    bank_account_id = ref()
    format = models.CharField(max_length=30)
    since_on = models.DateField(null=True)
    until_on = models.DateField(null=True)
    balance_before = models.BigIntegerField(null=True)
    balance_after = models.BigIntegerField(null=True)
    count_in = models.BigIntegerField()
    amount_in = models.BigIntegerField()
    count_out = models.BigIntegerField()
    amount_out = models.BigIntegerField()
    count_cancelled = models.BigIntegerField()
    amount_cancelled = models.BigIntegerField()
    count_corrected = models.BigIntegerField()
    corrected = models.BigIntegerField()

    class Meta:
        db_table = "receipts_statement"


class Record(Fact):
    """A record of a bank's file as it came, with the receipt that it became; none where a person has to look at it.

    ``repeat`` tells equal records of one day apart.
    """

    company_id = ref()
    statement_id = ref()
    receipt_id = ref(null=True)
    line = models.BigIntegerField()
    move = models.CharField(max_length=10)
    booked_on = models.DateField()
    value_on = models.DateField(null=True)
    amount = models.BigIntegerField()
    payer = models.CharField(max_length=200)
    payer_bank = models.CharField(max_length=200)
    payer_branch = models.CharField(max_length=200)
    note = models.CharField(max_length=200)
    inquiry = models.CharField(max_length=60)
    content = models.TextField()
    repeat = models.IntegerField()

    class Meta:
        db_table = "receipts_record"


class Layout(Fact):
    """How a bank's CSV is read (銀行の形式), as the company made it, under a name; the newest row of a name counts.

    ``content`` is the layout as JSON; one that is ``withdrawn`` is offered no longer.
    """

    company_id = ref()
    layout_name = models.CharField(max_length=30)
    content = models.TextField()
    withdrawn = models.BooleanField()

    class Meta:
        db_table = "receipts_layout"


class Unapplied(Projection):
    """Projection: what of every receipt is still in suspense; rebuilt from receipts and applications by `verify`.

    Of a receipt that the bank took back nothing is.
    """

    receipt_id = models.BigIntegerField(primary_key=True)
    unapplied = models.BigIntegerField()

    rebuilds = {
        "receipts_unapplied": "SELECT r.id AS receipt_id, CAST(r.amount - coalesce(sum(a.used), 0) AS bigint) AS unapplied"
        " FROM receipts_receipt r LEFT JOIN matching_application a ON a.receipt_id = r.id"
        " WHERE r.reverses_id IS NULL"
        " AND NOT EXISTS (SELECT 1 FROM receipts_receipt v WHERE v.reverses_id = r.id)"
        " GROUP BY r.id, r.amount HAVING r.amount <> coalesce(sum(a.used), 0)"
    }

    class Meta:
        db_table = "receipts_unapplied"
