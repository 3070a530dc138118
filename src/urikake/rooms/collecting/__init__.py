"""Collecting (収納代行): what others collect for us: direct debit (口座振替), card, cash on delivery.

Keeps: collectors and their accounts, mandates, requests with their debits and what became of each, settlements and their lines.
Takes in: open items and the partners that owe them; result files of banks and agents, settlement files of card processors.
Gives out: request files, collections (what a collector owes us from a day on), the state of every debit, what cannot be asked.
Laws: asked = paid + failed + open of every request; what customers' items lose = the collector's item + fee - advances;
an item stands in one unanswered request at most; a request is answered or withdrawn, once.
Never: decides which receipt pays which item: the collector's money is matched like any other.
"""
