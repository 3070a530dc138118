"""Contracts (契約): an append-only timeline of events per contract, and what is in force on any day as known on any day.

Keeps: contracts, their lines as first agreed, their terms (each combination once), and every later event.
Takes in: the contracts and events files; the billing run's own renewals (自動更新).
Gives out: lines with their ends, stretches of constant state, renewals coming up.
Laws: state at (effective, known) is the fold of the events; nothing is edited; nothing renews twice.
Never: computes a price for a period; that is billing's.
"""
