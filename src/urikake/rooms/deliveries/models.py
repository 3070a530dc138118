"""Tables of deliveries and of what became of them."""

from __future__ import annotations

from django.db import models

from urikake.base.facts import Fact, ref


class Delivery(Fact):
    """The n-th attempt to deliver a document, claimed before anything leaves.

    ``digest`` is the SHA-256 of the file that goes out; ``why`` the reason for which it goes out again. Where the mail
    bears a link, ``link`` is its random name, and ``expires_on`` the last day on which it opens.
    """

    invoice_id = ref()
    attempt = models.IntegerField()
    method = models.CharField(max_length=20)
    recipients = models.CharField(max_length=254)
    message_id = models.CharField(max_length=254)
    digest = models.CharField(max_length=64)
    why = models.CharField(max_length=500)
    link = models.CharField(max_length=32, db_default="")
    expires_on = models.DateField(null=True)

    later = frozenset({"link", "expires_on"})

    class Meta:
        db_table = "deliveries_delivery"
        constraints = [models.UniqueConstraint(fields=["invoice_id", "attempt"], name="deliveries_attempt_once")]
        indexes = [models.Index(fields=["link"], name="deliveries_link")]


class Outcome(Fact):
    """What became of an attempt: ``sent partial failed printed handed``, or later ``bounced refused accepted``.

    ``said`` in whose words; ``source`` is the SHA-256 of the file that said so, where one did.
    """

    delivery_id = ref()
    state = models.CharField(max_length=10)
    said = models.CharField(max_length=500)
    source = models.CharField(max_length=64, db_default="")

    later = frozenset({"source"})

    class Meta:
        db_table = "deliveries_outcome"
        constraints = [models.UniqueConstraint(fields=["delivery_id", "state"], name="deliveries_outcome_once")]


class Withdrawal(Fact):
    """The link of a delivery opens no more; ``why`` in the words of who took it back."""

    delivery_id = ref(unique=True)
    why = models.CharField(max_length=500)

    class Meta:
        db_table = "deliveries_withdrawal"


class Opening(Fact):
    """Somebody opened the link of a delivery: when, from where, with what, and which file they were given.

    ``part`` is ``page`` or ``pdf``; ``nonce`` the random name of this opening, so that it is kept once.
    """

    delivery_id = ref()
    part = models.CharField(max_length=4)
    opened_at = models.DateTimeField()
    address = models.CharField(max_length=45)
    agent = models.CharField(max_length=200)
    digest = models.CharField(max_length=64)
    nonce = models.CharField(max_length=32, unique=True)

    class Meta:
        db_table = "deliveries_opening"
