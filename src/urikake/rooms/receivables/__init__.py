"""Receivables (債権明細): what partners owe, item by item, and every movement of it.

Keeps: items (one per invoice, order number, group, tax rate and due part), manual slips waiting for approval, movements,
and the projection of open balances.
Takes in: issued invoices; slips and opening balances from files; settlements made by matching and by collectors.
Gives out: items, balances on any day, open items.
Laws: items of an invoice sum exactly to it; balance = raised + movements; undoing is a reversing movement.
Never: decides which receipt pays which item.
"""
