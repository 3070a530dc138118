"""Tables of refunds: accounts of payees, senders, refunds with their parts, transfer files."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, ref


class Payee(Fact):
    """The account that a partner is paid back to (返金先口座); the newest row of a partner holds."""

    partner_id = ref()
    bank = models.CharField(max_length=4)
    bank_name = models.CharField(max_length=15)
    branch = models.CharField(max_length=3)
    branch_name = models.CharField(max_length=15)
    deposit = models.CharField(max_length=10)
    bank_number = models.CharField(max_length=10)
    holder_kana = models.CharField(max_length=60)

    class Meta:
        db_table = "refunds_payee"


class Sender(Fact):
    """Who we are at the bank of one of our accounts (振込依頼人); the newest row of an account holds.

    ``client_code`` and the names stand in the header of its files, ``line_end`` after every record of them.
    """

    bank_account_id = ref()
    client_code = models.CharField(max_length=10)
    client_name = models.CharField(max_length=60)
    bank_name = models.CharField(max_length=15)
    branch_name = models.CharField(max_length=15)
    line_end = models.CharField(max_length=4)

    class Meta:
        db_table = "refunds_sender"


class Refund(Fact):
    """What is paid back to a partner on a day from one of our accounts; or, with ``reverses_id``, taken back again.

    Its parts (`Part`) and the movements of the items that name it sum to ``amount``, which is negative where it is taken
    back: the bank could not pay it, or it was not sent.
    """

    partner_id = ref()
    payee_id = ref()
    bank_account_id = ref()
    pay_on = models.DateField()
    amount = models.BigIntegerField()
    why = models.CharField(max_length=500)
    reverses_id = ref(null=True, unique=True)

    class Meta:
        db_table = "refunds_refund"


class Part(Fact):
    """What of a refund is of an advance received, which an application kept or a collection was beyond what was owed."""

    refund_id = ref()
    application_id = ref(null=True)
    collected_id = ref(null=True)
    amount = models.BigIntegerField()

    class Meta:
        db_table = "refunds_part"
        indexes = [models.Index(fields=["refund_id"], name="refunds_part_refund")]


class Transfer(Fact):
    """The n-th file (総合振込) of one of our accounts for a day, as it was made (deflated), with its SHA-256."""

    bank_account_id = ref()
    pay_on = models.DateField()
    attempt = models.IntegerField()
    transfer_count = models.BigIntegerField()
    amount = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    file_deflated = models.BinaryField()

    class Meta:
        db_table = "refunds_transfer"
        constraints = [
            models.UniqueConstraint(fields=["bank_account_id", "pay_on", "attempt"], name="refunds_transfer_once")
        ]


class Line(Fact):
    """A record of a file: the refund that it pays, and whether the bank sees the account anew."""

    transfer_id = ref()
    refund_id = ref()
    change = models.CharField(max_length=10)

    class Meta:
        db_table = "refunds_line"
        indexes = [
            models.Index(fields=["transfer_id"], name="refunds_line_transfer"),
            models.Index(fields=["refund_id"], name="refunds_line_refund"),
        ]


class Withdrawal(Fact):
    """A file that was not sent to the bank after all: its refunds may stand in another."""

    transfer_id = ref(unique=True)
    why = models.CharField(max_length=500)

    class Meta:
        db_table = "refunds_withdrawal"
