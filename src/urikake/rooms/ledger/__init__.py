"""Ledger (仕訳帳・総勘定元帳): every money event as one balanced entry with its source, its partner and its dimensions.

Keeps: entries, their lines, and the totals of every posting by account and day.
Takes in: invoices with their revenue moves, collections, receipts, applications, slips, recognitions.
Gives out: journals, trial balances as of any day and as known on any day.
Laws: every entry balances; a locked month takes no entry; totals equal the lines they sum.
Never: posts without a source document.
"""
