"""Closing (月次締め): the steps of a month in order, the proofs that its books are right, and the lock.

Keeps: nothing of its own; the lock is an event of the period.
Takes in: every room before it.
Gives out: what is still open of a month, and every invariant that does not hold.
Laws: a month closes only when every proof holds; closing twice changes nothing; reopening needs a second person.
Never: posts what no earlier room decided.
"""
