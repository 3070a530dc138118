"""Invoices (請求書): charges gathered on documents, taxed once per rate, numbered without gaps, issued.

Keeps: issued invoices and their lines; a line is a charge with its share of the invoice's tax.
Takes in: charges of a closing that are on no invoice yet.
Gives out: invoices with lines and taxes per rate; drafts, which are charges waiting for issue.
Laws: line taxes sum to the invoice's; tax is one rounding per rate; a number is neither missing nor given twice.
Never: changes an issued document.
"""
