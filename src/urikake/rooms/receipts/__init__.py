"""Receipts (入金): money that arrived at a bank account, each record once, in suspense (仮受金) until it is matched.

Keeps: receipts as the bank told them, and the projection of what is not applied yet.
Takes in: bank files (CSV).
Gives out: receipts, unapplied receipts with the partner that their payer name or virtual account points to.
Laws: a record taken twice counts once; suspense = unapplied receipts.
Never: settles an item; that is matching's.
"""
