"""Tables of deliveries and of what became of them."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, ref


class Delivery(Fact):
    """The n-th attempt to deliver a document, claimed before anything leaves.

    ``digest`` is the SHA-256 of the file that goes out; ``why`` the reason for which it goes out again.
    """

    invoice_id = ref()
    attempt = models.IntegerField()
    method = models.CharField(max_length=20)
    recipients = models.CharField(max_length=254)
    message_id = models.CharField(max_length=254)
    digest = models.CharField(max_length=64)
    why = models.CharField(max_length=500)

    class Meta:
        db_table = "deliveries_delivery"
        constraints = [models.UniqueConstraint(fields=["invoice_id", "attempt"], name="deliveries_attempt_once")]


class Outcome(Fact):
    """What became of an attempt: ``sent partial failed printed handed``, or later ``bounced``; ``said`` in whose words."""

    delivery_id = ref()
    state = models.CharField(max_length=10)
    said = models.CharField(max_length=500)

    class Meta:
        db_table = "deliveries_outcome"
        constraints = [models.UniqueConstraint(fields=["delivery_id", "state"], name="deliveries_outcome_once")]
