"""Tables of collecting: collectors, mandates, requests with their debits, results, and what was collected."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, ref


class Collector(Fact):
    """A partner that collects for us (収納機関): ``debit``, ``card`` or ``cod``; the newest row of a partner holds.

    ``client_code`` (委託者コード) and what follows stand in the header of request files; ``line_end`` after every record of
    them; ``payout_days`` is how many days after the collection its money arrives.
    """

    partner_id = ref()
    kind = models.CharField(max_length=10)
    client_code = models.CharField(max_length=10)
    client_name = models.CharField(max_length=60)
    bank = models.CharField(max_length=4)
    bank_name = models.CharField(max_length=15)
    branch = models.CharField(max_length=3)
    branch_name = models.CharField(max_length=15)
    deposit = models.CharField(max_length=10)
    bank_number = models.CharField(max_length=10)
    payout_days = models.IntegerField()
    line_end = models.CharField(max_length=4)

    class Meta:
        db_table = "collecting_collector"


class Mandate(Fact):
    """A partner's registration for direct debit (口座振替の登録) with a collector; the newest row of a partner holds.

    ``collector_id`` is the collector's partner. One that is ``stopped`` tells in ``why`` what for.
    """

    partner_id = ref()
    collector_id = ref()
    bank = models.CharField(max_length=4)
    bank_name = models.CharField(max_length=15)
    branch = models.CharField(max_length=3)
    branch_name = models.CharField(max_length=15)
    deposit = models.CharField(max_length=10)
    bank_number = models.CharField(max_length=10)
    holder_kana = models.CharField(max_length=60)
    customer_no = models.CharField(max_length=20)
    valid_from_on = models.DateField()
    stopped = models.BooleanField()
    why = models.CharField(max_length=500)

    class Meta:
        db_table = "collecting_mandate"


class Request(Fact):
    """The n-th request (振替依頼) to a collector for a day, with its file as it was made (deflated) and its SHA-256."""

    collector_id = ref()
    debit_on = models.DateField()
    attempt = models.IntegerField()
    due_until_on = models.DateField()
    debit_count = models.BigIntegerField()
    amount = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    file_deflated = models.BinaryField()

    class Meta:
        db_table = "collecting_request"
        constraints = [
            models.UniqueConstraint(fields=["collector_id", "debit_on", "attempt"], name="collecting_request_once")
        ]


class Debit(Fact):
    """One record of a request: what a partner is asked for; ``change`` says whether the bank sees the account anew."""

    request_id = ref()
    partner_id = ref()
    mandate_id = ref()
    amount = models.BigIntegerField()
    change = models.CharField(max_length=10)

    class Meta:
        db_table = "collecting_debit"
        indexes = [
            models.Index(fields=["request_id"], name="collecting_debit_request"),
            models.Index(fields=["partner_id"], name="collecting_debit_partner"),
        ]


class DebitItem(Fact):
    """What of a debit is for which receivable item."""

    debit_id = ref()
    item_id = ref()
    amount = models.BigIntegerField()

    class Meta:
        db_table = "collecting_debit_item"
        indexes = [models.Index(fields=["debit_id"], name="collecting_debit_item_debit")]


class Outcome(Fact):
    """What became of a request, at most once: ``answered`` by a result file (its SHA-256), or ``withdrawn`` before."""

    request_id = ref(unique=True)
    state = models.CharField(max_length=10)
    why = models.CharField(max_length=500)
    digest = models.CharField(max_length=64)
    paid_count = models.BigIntegerField()
    paid = models.BigIntegerField()

    class Meta:
        db_table = "collecting_outcome"


class Result(Fact):
    """What the collector says of a debit (振替結果コード); 0 is paid."""

    debit_id = ref(unique=True)
    result = models.IntegerField()

    class Meta:
        db_table = "collecting_result"


class Collection(Fact):
    """What a collector says it collected (収納) on a day and pays out on another, less the fee that it keeps.

    Of a request, or of lines of a settlement file.
    """

    collector_id = ref()
    request_id = ref(null=True, unique=True)
    collected_on = models.DateField()
    payout_on = models.DateField()
    amount = models.BigIntegerField()
    fee = models.BigIntegerField()

    class Meta:
        db_table = "collecting_collection"


class Line(Fact):
    """A line of a settlement file (精算明細): a payment of one document; the collector's number of it is taken once."""

    collector_id = ref()
    transaction_code = models.CharField(max_length=60)
    collection_id = ref()
    document = models.CharField(max_length=60)
    amount = models.BigIntegerField()
    fee = models.BigIntegerField()

    class Meta:
        db_table = "collecting_line"
        constraints = [
            models.UniqueConstraint(fields=["collector_id", "transaction_code"], name="collecting_line_once")
        ]


class Advance(Fact):
    """What was collected of a partner beyond what it still owed: kept as an advance received (前受金)."""

    collection_id = ref()
    partner_id = ref()
    amount = models.BigIntegerField()

    class Meta:
        db_table = "collecting_advance"
        indexes = [models.Index(fields=["collection_id"], name="collecting_advance_of")]
