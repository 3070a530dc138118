"""Obligations (履行義務): how the price of a contract falls on what was promised in it, and how a change of it is treated.

Keeps: versions of arrangements, each with its obligations as rules; judgements of people (how a change is treated).
Takes in: contract lines with their standalone selling prices, what they charge and are to charge in their term.
Gives out: the price allocated to every line and what is recognised of it by a day; the reasoning behind it.
Laws: the obligations of a version sum to its price; a version is never changed, a newer one takes its place.
Never: posts revenue (revenue's, by the difference from what was recognised); changes what a customer is charged.
"""
