"""Tables of partners: identity, profiles, collection terms, payer names, virtual accounts."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, ref


class Partner(Fact):
    """A partner (取引先), known by its code."""

    company_id = ref()
    code = models.CharField(max_length=60)

    class Meta:
        db_table = "parties_partner"
        constraints = [models.UniqueConstraint(fields=["company_id", "code"], name="parties_partner_code")]


class Terms(Fact):
    """One combination of collection terms (回収条件)."""

    closing_mask = models.BigIntegerField()
    payment_months = models.IntegerField()
    payment_day = models.IntegerField()
    holiday_shift = models.CharField(max_length=10)
    method = models.CharField(max_length=20)
    split = models.CharField(max_length=200)

    class Meta:
        db_table = "parties_terms"


class Holiday(Fact):
    """A day of the company's own calendar (会社カレンダー): closed, or open although banks are not; the newest row of it holds."""

    day_on = models.DateField()
    name = models.CharField(max_length=60)
    closed = models.BooleanField()

    class Meta:
        db_table = "parties_holiday"


class Profile(Fact):
    """What is known of a partner; the newest row of a partner holds."""

    partner_id = ref()
    name = models.CharField(max_length=200)
    kana = models.CharField(max_length=200)
    registration_number = models.CharField(max_length=14)
    bill_to_id = ref()
    parent_id = ref(null=True)
    postal_code = models.CharField(max_length=10)
    address = models.CharField(max_length=300)
    email = models.CharField(max_length=254)
    terms_id = ref()
    credit_limit = models.BigIntegerField(null=True)
    currency = models.CharField(max_length=3)
    receivable_account_id = ref()
    delivery = models.CharField(max_length=10)
    peppol_id = models.CharField(max_length=60, db_default="")
    invoice_grouping = models.CharField(max_length=10, db_default="")
    tax_unit = models.CharField(max_length=15, db_default="")
    minimum_invoice = models.BigIntegerField(null=True)
    fee_bearer = models.CharField(max_length=5, db_default="")

    later = frozenset({"peppol_id", "invoice_grouping", "tax_unit", "minimum_invoice", "fee_bearer"})

    class Meta:
        db_table = "parties_profile"


class PayerName(Fact):
    """A name under which a partner's money arrives (振込名義), as written and folded for comparison; or its withdrawal.

    The newest row of a partner and folded name holds.
    """

    partner_id = ref()
    payer = models.CharField(max_length=200)
    folded = models.CharField(max_length=200)
    withdrawn = models.BooleanField(db_default=False)

    later = frozenset({"withdrawn"})

    class Meta:
        db_table = "parties_payer_name"


class VirtualAccount(Fact):
    """A virtual account number (仮想口座) that is one partner's alone."""

    partner_id = ref()
    virtual_account = models.CharField(max_length=20)

    class Meta:
        db_table = "parties_virtual_account"
