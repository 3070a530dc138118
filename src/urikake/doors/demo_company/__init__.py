"""The demo company (デモの会社): 14 months of 株式会社みなとネットワークス, made from a seed and taken through the doors.

`plan` tells what the company agrees with whom and what happens to it (`names`, `partners`, `deals`, `changes`, `usage`),
`payments` what its customers pay of what they were billed, and `life` does the work of its desks month by month.
Everything follows from the seed and from the invoices that the doors made of it; no clock and no outside takes part.
"""
