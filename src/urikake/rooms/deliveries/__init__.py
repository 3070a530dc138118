"""Deliveries (送付): issued documents on their way to the customer, each sent once unless somebody asks for it again.

Keeps: attempts to deliver a document, with the digest of exactly what was sent, and what became of each.
Takes in: issued documents and the way and the addresses that the partner's profile tells.
Gives out: the state of every document's delivery; what waits is derived, never stored.
Laws: an attempt is claimed before anything leaves, and told once; the n-th attempt of a document exists once.
Never: sends inside a transaction, or sends again without a reason what may have arrived.
"""
