"""Tables of receivables: items, movements, slips, and the projection of open balances."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, Projection, ref


class Item(Fact):
    """A receivable item (債権明細): what is due of one invoice for one order, group, tax rate and due part."""

    source = models.CharField(max_length=10)
    source_id = ref()
    partner_id = ref()
    dimension_id = ref()
    account_id = ref()
    tax = models.CharField(max_length=20)
    net = models.BigIntegerField()
    gross = models.BigIntegerField()
    posted_on = models.DateField()
    due_on = models.DateField()
    method = models.CharField(max_length=20)

    class Meta:
        db_table = "receivables_item"


class Movement(Fact):
    """A change of an item's balance after it was raised: ``applied`` (消込), its reversal, ``collected`` (収納代行), ….

    A negative one settles.
    """

    item_id = ref()
    kind = models.CharField(max_length=12)
    moved = models.BigIntegerField()
    moved_on = models.DateField()
    source_id = ref()

    class Meta:
        db_table = "receivables_movement"
        indexes = [models.Index(fields=["item_id"], name="receivables_movement_item")]


class Slip(Fact):
    """A receivable entered by hand or from a file (債権伝票): it becomes an item when another person approves it."""

    company_id = ref()
    slip_no = models.CharField(max_length=60)
    partner_id = ref()
    posted_on = models.DateField()
    due_on = models.DateField()
    account_id = ref()
    credit_account_id = ref()
    dimension_id = ref()
    gross = models.BigIntegerField()
    tax = models.CharField(max_length=20)
    method = models.CharField(max_length=20)
    description = models.CharField(max_length=200)
    maker = models.CharField(max_length=150)
    opening = models.BooleanField()

    class Meta:
        db_table = "receivables_slip"
        constraints = [models.UniqueConstraint(fields=["company_id", "slip_no", "opening"], name="receivables_slip_no")]


class OpenItem(Projection):
    """Projection: the balance of every item that is not settled; rebuilt from items and movements by `verify`."""

    item_id = models.BigIntegerField(primary_key=True)
    balance = models.BigIntegerField()

    rebuilds = {
        "receivables_open": "SELECT i.id AS item_id, CAST(i.gross + coalesce(sum(m.moved), 0) AS bigint) AS balance"
        " FROM receivables_item i LEFT JOIN receivables_movement m ON m.item_id = i.id"
        " GROUP BY i.id, i.gross HAVING i.gross + coalesce(sum(m.moved), 0) <> 0"
    }

    class Meta:
        db_table = "receivables_open"
