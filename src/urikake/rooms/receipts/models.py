"""Tables of receipts and the projection of what is unapplied."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, Projection, ref


class Receipt(Fact):
    """Money received (入金) on a bank account; ``repeat`` tells equal records of one day apart."""

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

    class Meta:
        db_table = "receipts_receipt"
        constraints = [
            models.UniqueConstraint(
                fields=["bank_account_id", "received_on", "bank_code", "amount", "payer", "reference", "repeat"],
                name="receipts_receipt_source",
            )
        ]


class Unapplied(Projection):
    """Projection: what of every receipt is still in suspense; rebuilt from receipts and applications by `verify`."""

    receipt_id = models.BigIntegerField(primary_key=True)
    unapplied = models.BigIntegerField()

    rebuilds = {
        "receipts_unapplied": "SELECT r.id AS receipt_id, CAST(r.amount - coalesce(sum(a.used), 0) AS bigint) AS unapplied"
        " FROM receipts_receipt r LEFT JOIN matching_application a ON a.receipt_id = r.id"
        " GROUP BY r.id, r.amount HAVING r.amount <> coalesce(sum(a.used), 0)"
    }

    class Meta:
        db_table = "receipts_unapplied"
