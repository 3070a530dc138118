"""Tables of the ledger: entries, lines, totals."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, ref


class Entry(Fact):
    """A journal entry (仕訳); its lines are ``line_count`` rows from ``first_line_id``."""

    posted_on = models.DateField()
    source = models.CharField(max_length=12)
    source_id = ref()
    first_line_id = ref()
    line_count = models.BigIntegerField()

    class Meta:
        db_table = "ledger_entry"
        indexes = [models.Index(fields=["posted_on"], name="ledger_entry_day")]


class EntryLine(Fact):
    """A line of an entry: ``amount`` is positive for a debit (借方), negative for a credit (貸方)."""

    entry_id = ref()
    account_id = ref()
    amount = models.BigIntegerField()
    tax = models.CharField(max_length=20)
    dimension_id = ref(null=True)
    partner_id = ref(null=True)

    class Meta:
        db_table = "ledger_line"


class Total(Fact):
    """What one run posted to an account on a day: sums of its lines, so that balances need no walk over all of them."""

    account_id = ref()
    posted_on = models.DateField()
    debit = models.BigIntegerField()
    credit = models.BigIntegerField()

    class Meta:
        db_table = "ledger_total"
