"""Tables of invoices and their lines."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, ref


class Invoice(Fact):
    """An issued document (適格請求書, 適格返還請求書); its lines are ``line_count`` rows from ``first_line_id``.

    ``collection_terms_id`` are the terms by which it is paid, null where they are the partner's. Its taxes are rounded once per rate,
    or, where ``tax_unit`` is ``delivery_note`` (納品書), once per rate and contract.
    """

    company_id = ref()
    kind = models.CharField(max_length=10)
    fiscal_year = models.IntegerField()
    sequence = models.BigIntegerField()
    partner_id = ref()
    closing_on = models.DateField()
    issue_on = models.DateField()
    inclusive = models.BooleanField()
    currency = models.CharField(max_length=3)
    net = models.BigIntegerField()
    tax_total = models.BigIntegerField()
    total = models.BigIntegerField()
    first_line_id = ref()
    line_count = models.BigIntegerField()
    collection_terms_id = ref(null=True)
    tax_unit = models.CharField(max_length=15, db_default="")

    later = frozenset({"collection_terms_id", "tax_unit"})

    rebuilds = {
        "base_series": "SELECT min(id) AS id, CASE kind WHEN 'invoice' THEN 'INV' WHEN 'return' THEN 'RET' ELSE 'REV' END"
        " AS series, fiscal_year, max(sequence) AS last FROM invoices_invoice GROUP BY kind, fiscal_year"
    }

    class Meta:
        db_table = "invoices_invoice"
        constraints = [
            models.UniqueConstraint(fields=["company_id", "kind", "fiscal_year", "sequence"], name="invoices_number")
        ]


class Correction(Fact):
    """What a document puts right: ``invoice_id`` takes the ``original_id`` back (``cancel``) or replaces it (``revise``).

    An original is taken back at most once, and replaced at most once.
    """

    invoice_id = ref(unique=True)
    original_id = ref()
    kind = models.CharField(max_length=10)
    why = models.CharField(max_length=500)

    class Meta:
        db_table = "invoices_correction"
        constraints = [models.UniqueConstraint(fields=["original_id", "kind"], name="invoices_correction_once")]


class InvoiceLine(Fact):
    """A charge on an invoice: its net amount, the tax rate, and its share of the invoice's tax."""

    invoice_id = ref()
    charge_id = ref(unique=True)
    rate_micro = models.BigIntegerField()
    net = models.BigIntegerField()
    tax_amount = models.BigIntegerField()

    class Meta:
        db_table = "invoices_line"
