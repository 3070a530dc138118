"""Billing (請求・締め): what each contract line is to be charged at a closing, computed and kept as charges.

Keeps: charges (請求明細の元), one per line, cycle, stretch of days and round of billing.
Takes in: contract lines and their events, usage, closing days of who pays.
Gives out: charges of a closing, charges of lines, amounts served but not yet billed.
Laws: what is wanted less what was billed; a closing run twice adds nothing; issued invoices stay.
Never: numbers or taxes a document; that is invoices'.
"""
