"""Tables of the ground: companies, their dated policies, letterheads and accounts, users, runs, the chain, periods, dimensions."""

from __future__ import annotations

from django.db import models

from .facts import Fact, ref


class Company(models.Model):
    """A company (会社) that keeps its books here, known by its code. Its row is the lock that lets one run write at a time."""

    id = models.BigIntegerField(primary_key=True)
    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=200)

    class Meta:
        db_table = "base_company"


class Policy(Fact):
    """One policy value of a company, in force from ``valid_from_on``; the newest row wins."""

    key = models.CharField(max_length=60)
    value = models.TextField()
    valid_from_on = models.DateField()

    class Meta:
        db_table = "base_policy"


class Letterhead(Fact):
    """One entry of what of the company stands on its documents (`letterhead`), for those dated ``valid_from_on`` or later.

    An image is kept as the Base64 of its file.
    """

    key = models.CharField(max_length=60)
    value = models.TextField()
    valid_from_on = models.DateField()

    class Meta:
        db_table = "base_letterhead"


class Mail(Fact):
    """One entry of how the company sends e-mail (`mail`); the newest of a key stands. No password is ever kept."""

    key = models.CharField(max_length=60)
    value = models.TextField()

    class Meta:
        db_table = "base_mail"


class Account(Fact):
    """An account (勘定科目) of the company's chart."""

    name = models.CharField(max_length=60)

    class Meta:
        db_table = "base_account"


class BankAccount(Fact):
    """A bank account of the company, with the ledger account it stands for."""

    code = models.CharField(max_length=20)
    bank = models.CharField(max_length=4)
    branch = models.CharField(max_length=3)
    deposit = models.CharField(max_length=10)
    bank_number = models.CharField(max_length=10)
    holder_kana = models.CharField(max_length=60)
    account_id = ref()

    class Meta:
        db_table = "base_bank_account"


class User(Fact):
    """A person or program that acts, with its role; the newest row of a name wins."""

    name = models.CharField(max_length=150)
    role = models.CharField(max_length=20)
    email = models.CharField(max_length=254)

    class Meta:
        db_table = "base_user"


class Run(Fact):
    """One transaction that wrote: its verb, what it was about, who did it, when, and what came of it."""

    action = models.CharField(max_length=60)
    subject = models.CharField(max_length=120)
    permission = models.CharField(max_length=60)
    actor = models.CharField(max_length=150)
    recorded_at = models.DateTimeField()
    outcome = models.TextField()

    class Meta:
        db_table = "base_run"
        indexes = [models.Index(fields=["action", "subject"], name="base_run_action")]


class Link(models.Model):
    """One link of a company's hash chain: the rows that a run wrote into one table, and the head after them."""

    id = models.BigIntegerField(primary_key=True)
    run_id = models.BigIntegerField()
    relation = models.CharField(max_length=60)
    first_id = models.BigIntegerField()
    count = models.BigIntegerField()
    content = models.CharField(max_length=64)
    mark = models.BinaryField()
    head = models.CharField(max_length=64)

    class Meta:
        db_table = "base_link"
        indexes = [models.Index(fields=["run_id"], name="base_link_run")]


class PeriodEvent(Fact):
    """The locking or reopening of an accounting period (会計期間: a calendar month)."""

    month = models.DateField()
    locked = models.BooleanField()
    why = models.TextField()

    class Meta:
        db_table = "base_period_event"


class Series(models.Model):
    """The last number drawn of a numbering series: a counter, compared with the documents by `verify`."""

    id = models.BigIntegerField(primary_key=True)
    series = models.CharField(max_length=20)
    fiscal_year = models.IntegerField()
    last = models.BigIntegerField()

    class Meta:
        db_table = "base_series"


class Dimension(Fact):
    """A combination of accounting dimensions (管理軸); each combination is kept once and named by its id."""

    order_no = models.CharField(max_length=60)
    group = models.CharField(max_length=60, db_column="group_code")
    management_group = models.CharField(max_length=60)
    project = models.CharField(max_length=60)
    department = models.CharField(max_length=60)

    class Meta:
        db_table = "base_dimension"


class Request(Fact):
    """A request that was done (`urikake.base.requests`): its key, what it asked for, and the answer that it was given."""

    company_id = ref()
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64)
    status = models.IntegerField()
    body = models.TextField()

    class Meta:
        db_table = "base_request"
        constraints = [models.UniqueConstraint(fields=["company_id", "key"], name="base_request_key")]


class Proposal(Fact):
    """Something asked for that waits for a second person (`urikake.base.proposals`); ``content`` is JSON."""

    kind = models.CharField(max_length=40)
    content = models.TextField()
    why = models.TextField()

    class Meta:
        db_table = "base_proposal"


class Decision(Fact):
    """What became of a proposal; there is at most one."""

    proposal_id = ref(unique=True)
    verdict = models.CharField(max_length=20)
    note = models.TextField()

    class Meta:
        db_table = "base_decision"
