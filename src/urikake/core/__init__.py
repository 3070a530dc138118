"""The kernel: every yen is computed here, on whole columns, purely (no database, clock, settings or I/O).

Money is ``Int64`` minor units; unit prices and quantities are ``Int64`` millionths (``_micro``); intermediate products
are ``Int128``. Date ranges are half-open: ``from_on`` is the first day, ``to_on`` the day after the last.
"""
