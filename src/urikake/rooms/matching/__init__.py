"""Matching (消込): receipts applied to receivable items, by itself only where there is one answer, else by hand.

Keeps: applications, each of one receipt to one or more items, with what became of a difference; their reversals.
Takes in: unapplied receipts and open items.
Gives out: applications; ranked candidates with their reasons.
Laws: a receipt = its applications + what is unapplied; undoing restores every balance; nothing is applied twice.
Never: guesses; what is not unambiguous waits for a person.
"""
