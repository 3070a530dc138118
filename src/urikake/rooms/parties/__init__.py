"""Partners (取引先): who buys, who pays, on what terms, and under which names money arrives.

Keeps: partners by code, their dated profiles, collection terms (回収条件, each combination once), payer names (振込名義),
virtual accounts, and the company's own calendar.
Takes in: the partners and holidays files.
Gives out: the newest profile of every partner; collection terms as columns; names folded for comparison.
Laws: a profile is never changed, a newer one follows it; a bill-to chain has no circle.
Never: knows what a partner owes.
"""
