"""Tables of intake: the files that were taken, and how the columns of other files are matched with ours."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact


class File(Fact):
    """A file that was taken: its kind, name, SHA-256 and number of rows.

    ``read_by`` tells how its columns were found: ``own`` by its own headings, else the SHA-256 of the mapping; empty where
    nobody noted it.
    """

    kind = models.CharField(max_length=20)
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    row_count = models.BigIntegerField()
    read_by = models.CharField(max_length=64, db_default="")

    later = frozenset({"read_by"})

    class Meta:
        db_table = "intake_file"


class Mapping(Fact):
    """How the columns of a kind of file are matched (対応づけ), under a name; the newest row of a name wins."""

    kind = models.CharField(max_length=20)
    mapping_name = models.CharField(max_length=60)
    content = models.TextField()

    class Meta:
        db_table = "intake_mapping"
