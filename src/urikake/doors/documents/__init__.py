"""Documents (帳票) as PDF: invoices, credit notes, delivery notes, statements and receipts, as they go to the customer.

A paper is content first: plain data gathered from the books in a few queries for a whole batch (`bills`, `accounts`,
`received`), headed by the company's letterhead. Then it is set by the templates beside this file, which know nothing but
that data. The same books make the same bytes, on every machine: only the fonts that are shipped are used, and no clock.
"""
