"""The benchmark of matching (消込): invented receipts with their truth, taken through the product and compared with what it did.

`words`, `names`, `levels`, `partners`, `documents` and `paying` invent a company's partners, documents and receipts; they know
nothing of how receipts are matched. `files` writes and reads them, `playing` takes them through the product month by month,
`scoring` compares, `measured` is the whole with its tables, `timing` how long it takes.
"""
