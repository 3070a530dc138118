"""Tables of contracts: contract, terms, line, event."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, ref


class Contract(Fact):
    """A contract (契約) with a partner, known by its number."""

    company_id = ref()
    contract_no = models.CharField(max_length=60)
    partner_id = ref()

    class Meta:
        db_table = "contracts_contract"
        constraints = [models.UniqueConstraint(fields=["company_id", "contract_no"], name="contracts_contract_no")]


class ContractTerms(Fact):
    """One combination of the terms under which a line is billed, prorated, renewed and left.

    ``uplift_micro`` is the percentage (in millionths) by which a renewal raises the price; ``refund`` is ``none`` where
    leaving gives nothing back. ``tax_point`` is the day whose rate of tax holds, empty where the company's policy says it;
    ``collection_terms_id`` its collection terms (回収条件) where they are not those of whom it is billed to.
    One that is ``commissioned`` has a price that the customer may not lower or delay (取適法).
    """

    cycle_months = models.IntegerField()
    timing = models.CharField(max_length=10)
    bill_day = models.IntegerField(null=True)
    anchor_day = models.IntegerField(null=True)
    anchor_on = models.DateField(null=True)
    proration_start = models.CharField(max_length=12)
    proration_end = models.CharField(max_length=12)
    proration_up = models.CharField(max_length=12)
    proration_down = models.CharField(max_length=12)
    auto_renew = models.IntegerField(null=True)
    notice_days = models.IntegerField(null=True)
    uplift_micro = models.BigIntegerField(null=True)
    minimum_months = models.IntegerField(null=True)
    refund = models.CharField(max_length=10, db_default="")
    tax_point = models.CharField(max_length=10, db_default="")
    collection_terms_id = ref(null=True)
    commissioned = models.BooleanField(db_default=False)

    later = frozenset({"uplift_micro", "minimum_months", "refund", "tax_point", "collection_terms_id", "commissioned"})

    class Meta:
        db_table = "contracts_terms"


class Line(Fact):
    """A line of a contract (契約明細) as it was first agreed: its start event.

    ``end_on`` is exclusive, null where no end was agreed. One that is ``leaving`` is the fee (解約金) that is due only if
    the contract ends before its minimum term.
    """

    contract_id = ref()
    position = models.IntegerField()
    product_id = ref()
    quantity_micro = models.BigIntegerField()
    unit_price_micro = models.BigIntegerField()
    start_on = models.DateField()
    end_on = models.DateField(null=True)
    dimension_id = ref()
    contract_terms_id = ref()
    recorded_at = models.DateTimeField()
    leaving = models.BooleanField(db_default=False)

    later = frozenset({"leaving"})

    class Meta:
        db_table = "contracts_line"
        constraints = [models.UniqueConstraint(fields=["contract_id", "position"], name="contracts_line_position")]


class Event(Fact):
    """Something that happened to a contract after its start; ``effective_on`` is the first day of the new state.

    A cancellation names no line and ends them all. ``until_on`` is the new end (exclusive) of a renewal, or of a discount;
    ``target_id`` the event that a withdrawal or a correction takes the place of; ``bill_to_id`` the partner to whom cycles that
    begin from the day on are billed (`change_bill_to`).
    """

    contract_id = ref()
    line_id = ref(null=True)
    kind = models.CharField(max_length=20)
    effective_on = models.DateField()
    recorded_at = models.DateTimeField()
    event_code = models.CharField(max_length=60)
    content = models.TextField()
    product_id = ref(null=True)
    quantity_micro = models.BigIntegerField(null=True)
    unit_price_micro = models.BigIntegerField(null=True)
    until_on = models.DateField(null=True)
    target_id = ref(null=True)
    reason = models.CharField(max_length=200)
    discount_rate = models.BigIntegerField(null=True)
    discount_cut = models.BigIntegerField(null=True)
    bill_to_id = ref(null=True)

    later = frozenset({"discount_rate", "discount_cut", "bill_to_id"})

    class Meta:
        db_table = "contracts_event"
        constraints = [
            models.UniqueConstraint(
                fields=["contract_id", "line_id", "effective_on"],
                condition=models.Q(kind="renew"),
                name="contracts_event_renews_once",
            )
        ]
