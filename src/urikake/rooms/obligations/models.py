"""Tables of obligations: versions of arrangements, their obligations, what was performed, and what people judged."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, ref


class Version(Fact):
    """How the price of a contract falls on its obligations from a day on; the newest of a contract holds.

    ``price`` is the whole transaction price without tax, ``recognized`` what of it was recognised before the day.
    ``treatment`` is `inception`, or how the change was treated (`core.modification`), ``rule`` how the rule would have it.
    ``event_id`` is the newest event of contracts that it knows of; ``judgement_id`` what a person judged. ``rate_micro`` is the
    yearly rate (millionths of a percent) by which the price holds interest (重要な金融要素); null where it holds none.
    """

    contract_id = ref()
    partner_id = ref()
    effective_on = models.DateField()
    treatment = models.CharField(max_length=12)
    rule = models.CharField(max_length=12)
    price = models.BigIntegerField()
    recognized = models.BigIntegerField()
    event_id = ref()
    judgement_id = ref(null=True)
    rate_micro = models.BigIntegerField(null=True)

    later = frozenset({"rate_micro"})

    class Meta:
        db_table = "obligations_version"
        indexes = [models.Index(fields=["contract_id"], name="obligations_version_contract")]


class Obligation(Fact):
    """A line's part in a version: ``done`` before the version's day, ``amount`` from it on, over days by a pattern.

    ``stated`` is what the line charges in its term in all, ``ssp`` its standalone selling price (独立販売価格), ``ssp_left`` that
    of what was still to be performed. The columns ``…_before``, ``price_before`` and ``recognized`` are what a change was
    decided from; ``catch_up`` is what it recognised at once. ``apart``: what was left of it was
    distinct (別個) from what was transferred. Where the price holds interest (重要な金融要素), ``financed`` is what of ``stated`` is
    interest and not charged, and ``bound_on`` the day before which the cycles begin whose charges are part of it.
    """

    version_id = ref()
    contract_id = ref()
    line_id = ref()
    partner_id = ref()
    product_id = ref()
    dimension_id = ref()
    stated = models.BigIntegerField()
    ssp = models.BigIntegerField()
    ssp_left = models.BigIntegerField()
    stated_before = models.BigIntegerField()
    ssp_before = models.BigIntegerField()
    ssp_left_before = models.BigIntegerField()
    price_before = models.BigIntegerField()
    recognized = models.BigIntegerField()
    catch_up = models.BigIntegerField()
    apart = models.BooleanField()
    done = models.BigIntegerField()
    amount = models.BigIntegerField()
    start_on = models.DateField()
    from_on = models.DateField()
    to_on = models.DateField()
    pattern = models.CharField(max_length=10)
    partial_month = models.CharField(max_length=12)
    remainder = models.CharField(max_length=12)
    financed = models.BigIntegerField(null=True)
    bound_on = models.DateField(null=True)

    later = frozenset({"financed", "bound_on"})

    class Meta:
        db_table = "obligations_obligation"
        constraints = [models.UniqueConstraint(fields=["version_id", "line_id"], name="obligations_once")]
        indexes = [models.Index(fields=["contract_id"], name="obligations_contract")]


class Progress(Fact):
    """What share of a line was performed in all by the end of a day (進捗度), ``share_part`` of ``share_whole``.

    The newest row of a day holds. ``share_micro`` is the same in millionths, rounded down; alone where a row is older than
    the other two. ``note`` says how it is known: the minutes of an acceptance (検収書), costs incurred of costs expected.
    """

    contract_id = ref()
    line_id = ref()
    measured_on = models.DateField()
    share_micro = models.BigIntegerField()
    note = models.CharField(max_length=200)
    share_part = models.BigIntegerField(null=True)
    share_whole = models.BigIntegerField(null=True)

    later = frozenset({"share_part", "share_whole"})

    class Meta:
        db_table = "obligations_progress"
        indexes = [models.Index(fields=["line_id"], name="obligations_progress_line")]


class Judgement(Fact):
    """What people judge of a contract's obligations, and why.

    ``kind``: `treatment`, how the change that the newest version follows is treated · `bundle`, that ``line_id`` is not
    distinct from ``with_line_id`` and is recognised with it · `estimate`, a variable amount expected in the price (変動対価,
    ``amount`` without tax; of ``line_id``, or of all): the newest of a contract, line and kind holds · `noncash` and `payable`,
    as `estimate`, what is received otherwise than in money and what is paid to the customer (negative) · `discount`, that of the discount
    in the price so much (``amount``) is of some lines alone, a row of one run each (71項); none where ``line_id`` is null · `combine`,
    that the contract is one with ``with_contract_id`` (契約の結合), or no more, as ``treatment`` tells: `combined` or `apart` ·
    `financing`, that its price
    holds interest at the yearly rate ``rate_micro`` (重要な金融要素, millionths of a percent), or no more: 0.
    """

    contract_id = ref()
    line_id = ref(null=True)
    with_line_id = ref(null=True)
    kind = models.CharField(max_length=20)
    treatment = models.CharField(max_length=12)
    amount = models.BigIntegerField()
    effective_on = models.DateField()
    reason = models.CharField(max_length=500)
    with_contract_id = ref(null=True)
    rate_micro = models.BigIntegerField(null=True)

    later = frozenset({"with_contract_id", "rate_micro"})

    class Meta:
        db_table = "obligations_judgement"
