"""Deposits (預り保証金): what customers gave into our keeping, by contract line, until it is given back.

Keeps: movements of deposits, one for each issued invoice line of a deposit product: taken, or given back.
Takes in: issued invoice lines.
Gives out: what is held on any day, by contract line and payer; the movements for the ledger.
Laws: held = taken − returned = the balance of the account 預り保証金, on every day; an invoice line moves a deposit once.
Never: is revenue, or part of a contract's liability; decides how much is to be held, which is billing's by the events.
"""
