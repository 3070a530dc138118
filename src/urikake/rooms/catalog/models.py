"""Tables of products: their versions, and which may be sold together."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, ref


class Product(Fact):
    """A version of a product, in force from ``valid_from_on`` until the next version of its code.

    ``meter`` is how usage becomes a quantity (集計): ``max``, ``last`` or ``unique``; empty for the sum.
    Of a deposit (預り保証金, ``revenue`` ``deposit``) ``revenue_account_id`` is the account on which it is held.
    With ``commitment_months`` minimum and maximum hold for that many months together (約束期間), not for each cycle.
    ``ssp_basis`` is how the standalone selling price is known (適用指針31項, `actions.BASES`), empty where nobody said; of
    `residual` there is no ``ssp_micro``: it is what a contract's price leaves of it.
    """

    company_id = ref()
    code = models.CharField(max_length=60)
    product_name = models.CharField(max_length=200)
    tax = models.CharField(max_length=20)
    inclusive = models.BooleanField()
    price_model = models.CharField(max_length=20)
    unit_price_micro = models.BigIntegerField()
    tiers = models.TextField()
    included_micro = models.BigIntegerField()
    overage_price_micro = models.BigIntegerField()
    package_size_micro = models.BigIntegerField()
    minimum = models.BigIntegerField(null=True)
    maximum = models.BigIntegerField(null=True)
    revenue = models.CharField(max_length=20)
    life_months = models.IntegerField(null=True)
    ssp_micro = models.BigIntegerField(null=True)
    obligation = models.CharField(max_length=20)
    revenue_account_id = ref()
    service = models.CharField(max_length=60)
    valid_from_on = models.DateField()
    meter = models.CharField(max_length=10, db_default="")

    commitment_months = models.IntegerField(null=True)
    ssp_basis = models.CharField(max_length=20, db_default="")

    later = frozenset({"meter", "commitment_months", "ssp_basis"})

    class Meta:
        db_table = "catalog_product"
        constraints = [
            models.UniqueConstraint(fields=["company_id", "code", "valid_from_on"], name="catalog_product_version")
        ]


class OptionRule(Fact):
    """What a product may be sold with, from ``valid_from_on`` until ``until_on`` (exclusive; null = for good).

    ``rule``: ``needs`` one of the products so named, ``excludes`` the other, ``alone``: with none. Of rows of one product,
    rule, other and first day the newest counts.
    """

    company_id = ref()
    code = models.CharField(max_length=60)
    rule = models.CharField(max_length=10)
    other_code = models.CharField(max_length=60)
    valid_from_on = models.DateField()
    until_on = models.DateField(null=True)

    class Meta:
        db_table = "catalog_option_rule"
