"""Revenue (収益認識): when what is charged becomes revenue, and what is still owed to or by the customer of it.

Keeps: schedules of charges not yet wholly recognised, as rules; what was recognised, as facts; accruals of service not
billed yet; interest on balances; the months recognised.
Takes in: issued invoice lines; charges waiting for issue; service rendered and not billed.
Gives out: recognition by month; contract liabilities and assets.
Laws: a schedule sums to its amount; billed + interest = recognised + liability − asset; a month recognised twice adds nothing.
Never: changes what was posted; differences go into the open month.
"""
