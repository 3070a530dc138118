"""Matching (消込): receipts applied to receivable items, by itself only where there is one answer, else by hand.

Keeps: applications, each of one receipt to one or more items, with what became of a difference; their reversals; what
of advances received (前受金) was applied.
Takes in: unapplied receipts and open items; what was collected beyond what was owed.
Gives out: applications; ranked candidates with their reasons; advances with what is left of each.
Laws: a receipt = its applications + what is unapplied; an advance = its uses + what is left; undoing restores every
balance; nothing is applied twice.
Never: guesses; what is not unambiguous waits for a person.
"""
