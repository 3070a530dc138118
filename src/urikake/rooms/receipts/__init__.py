"""Receipts (入金): money that arrived at a bank account, each record once, in suspense (仮受金) until it is matched.

Keeps: receipts as the bank told them, each record of a bank's file as it came, the statements that files tell of accounts,
the layouts of banks' CSV files that the company made, and the projection of what is not applied yet.
Takes in: files of banks (全銀, ISO 20022, CSV of banks) and our own CSV.
Gives out: receipts, unapplied receipts with the partner that their payer name or virtual account points to; how the files
of an account tie to one another.
Laws: a record taken twice counts once; suspense = unapplied receipts; what a bank takes back is a receipt below zero that
names the one it takes back.
Never: settles an item; that is matching's.
"""
