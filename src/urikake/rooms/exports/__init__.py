"""Exports (仕訳出力): the books handed to the accounting package, every entry once, and what its names are there.

Keeps: how accounts, departments, tax classes and letters of ours are called in each package; files that were made; which entries
each holds; balances that came back, beside ours.
Takes in: entries of the ledger with their lines.
Gives out: files of journals, proofs that a file says what the ledger says, what is not mapped yet.
Laws: an entry is in one file of a package at most, unless it is asked for again; a file balances slip by slip; by account it sums to
the ledger.
Never: changes the books; sends a file anywhere.
"""
