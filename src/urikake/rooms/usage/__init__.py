"""Usage (使用量): what was measured, event by event, each taken once.

Keeps: usage events of contract lines, by their own id.
Takes in: the usage file.
Gives out: quantities summed by line and day, and metered by stretches of days (sum, max, last, unique count).
Laws: the same id twice counts once; the same id with other content is refused.
Never: prices anything; that is billing's.
"""
