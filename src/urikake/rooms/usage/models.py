"""The table of usage events."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, ref


class UsageEvent(Fact):
    """A measured quantity of a contract line at an instant; ``used_on`` is its day in Japan.

    ``subject`` is whose or which it was (対象: a user, a device), where the product counts those.
    """

    company_id = ref()
    event_code = models.CharField(max_length=60)
    line_id = ref()
    used_at = models.DateTimeField()
    used_on = models.DateField()
    quantity_micro = models.BigIntegerField()
    subject = models.CharField(max_length=60, db_default="")

    later = frozenset({"subject"})

    class Meta:
        db_table = "usage_event"
        constraints = [models.UniqueConstraint(fields=["company_id", "event_code"], name="usage_event_code")]
        indexes = [models.Index(fields=["line_id", "used_on", "quantity_micro"], name="usage_event_line_quantity")]
