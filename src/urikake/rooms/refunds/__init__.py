"""Refunds (返金): what we pay back to customers, to which account, and the file that asks our bank to do it.

Keeps: the accounts that partners are paid back to, who we are at our banks (振込依頼人), refunds and what they are of, transfer files.
Takes in: advances received and credits that are to be paid back, named by matching.
Gives out: what of each advance was paid back, what no file holds yet, files (全銀協 総合振込).
Laws: a refund = the sum of what it is of; a refund stands in one file that was not withdrawn at most; a refund is taken back once.
Never: decides that money is to be paid back: a person asks for it and another one approves.
"""
