"""Tables of exports: names in the packages, files and the entries that they hold, balances that came back."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, ref


class Mapping(Fact):
    """What something of ours is called in a package; the newest row of a target, kind and name holds.

    ``kind``: ``account``, ``department``, ``tax`` (a key of `core.formats.journals.taxes`), ``role`` (what an account is to
    consumption tax, in ``code``) or ``letter`` (one that the file cannot hold, and what stands for it). ``sub`` of an account is
    its sub-account: ``partner`` for one a partner, ``-`` for none, else a fixed one; empty is what is usual.
    """

    target = models.CharField(max_length=20)
    kind = models.CharField(max_length=10)
    ours = models.CharField(max_length=60)
    code = models.CharField(max_length=20)
    called = models.CharField(max_length=60)
    sub = models.CharField(max_length=60)

    class Meta:
        db_table = "exports_mapping"


class Batch(Fact):
    """A file of journals as it was made (deflated), with its SHA-256, its span, and what it holds.

    ``style`` is ``detail`` (an entry a slip), ``day`` or ``month`` (summed). ``again`` marks one that holds entries which an
    earlier file holds as well.
    """

    target = models.CharField(max_length=20)
    since_on = models.DateField()
    until_on = models.DateField()
    style = models.CharField(max_length=10)
    again = models.BooleanField()
    entry_count = models.BigIntegerField()
    row_count = models.BigIntegerField()
    amount = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    file_deflated = models.BinaryField()

    class Meta:
        db_table = "exports_batch"


class Mark(Fact):
    """Entries that a file was the first of its package to hold: those from one id to another."""

    batch_id = ref()
    target = models.CharField(max_length=20)
    first_id = ref()
    last_id = ref()

    class Meta:
        db_table = "exports_mark"
        indexes = [models.Index(fields=["target", "first_id"], name="exports_mark_target")]


class Numbered(Fact):
    """The last number of a slip that a file gave: of its package, and of a day where slips are numbered by day."""

    batch_id = ref()
    target = models.CharField(max_length=20)
    on_day = models.DateField(null=True)
    last = models.BigIntegerField()

    class Meta:
        db_table = "exports_numbered"


class TieOut(Fact):
    """The books of a package compared with ours (残高照合): its balances at the end of a day, or its journal from day to day.

    ``since_on`` is null where balances were compared. The file is told by its SHA-256.
    """

    later = frozenset({"since_on"})

    target = models.CharField(max_length=20)
    on_day = models.DateField()
    file_name = models.CharField(max_length=120)
    digest = models.CharField(max_length=64)
    since_on = models.DateField(null=True)

    class Meta:
        db_table = "exports_tie_out"


class TieOutLine(Fact):
    """An account of a comparison: what it has there and here (debits positive), and what explains the difference.

    ``account_id`` is null for an account that only the package has, ``called`` its name there. ``month_on`` is the last day of
    which the balances are, or up to which the movements of a month go; null in what older versions compared, whose day the
    comparison has. ``waiting`` is what of ours no file holds yet, ``moved`` what files tell as tax of purchases, out of its
    account; ``missing``, ``extra`` and ``changed`` what slips explain that are not there, only there, or other there.
    """

    later = frozenset({"month_on", "moved", "missing", "extra", "changed"})

    tie_out_id = ref()
    account_id = ref(null=True)
    called = models.CharField(max_length=60)
    there = models.BigIntegerField()
    here = models.BigIntegerField()
    waiting = models.BigIntegerField()
    month_on = models.DateField(null=True)
    moved = models.BigIntegerField(db_default=0)
    missing = models.BigIntegerField(db_default=0)
    extra = models.BigIntegerField(db_default=0)
    changed = models.BigIntegerField(db_default=0)

    class Meta:
        db_table = "exports_tie_out_line"
        indexes = [models.Index(fields=["tie_out_id"], name="exports_tie_out_of")]


class TieOutSlip(Fact):
    """What a slip that is not the same on both sides does to an account, here and there (debits positive).

    ``kind`` is one of `core.formats.journals.tying`, or ``waiting`` for an entry of ours that no file holds yet. ``day_here`` is
    our day, ``day_there`` theirs, ``file_row`` the row of their file (0: not there).
    """

    tie_out_id = ref()
    kind = models.CharField(max_length=10)
    slip_number = models.CharField(max_length=40)
    day_here = models.DateField(null=True)
    day_there = models.DateField(null=True)
    text = models.CharField(max_length=300)
    called = models.CharField(max_length=60)
    here = models.BigIntegerField()
    there = models.BigIntegerField()
    file_row = models.BigIntegerField()

    class Meta:
        db_table = "exports_tie_out_slip"
        indexes = [models.Index(fields=["tie_out_id"], name="exports_tie_out_slips")]
