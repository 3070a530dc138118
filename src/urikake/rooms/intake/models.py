"""Tables of intake: the files that were taken."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact


class File(Fact):
    """A file that was taken: its kind, name, SHA-256 and number of rows."""

    kind = models.CharField(max_length=20)
    file_name = models.CharField(max_length=255)
    sha256 = models.CharField(max_length=64)
    row_count = models.BigIntegerField()

    class Meta:
        db_table = "intake_file"
