"""Files in (取込): every table that people and programs bring, read whole or refused whole.

Keeps: the record of each file taken (name, kind, SHA-256, rows), and under names how the columns of other files are
matched with ours.
Takes in: CSV (UTF-8 or CP932) and Excel files with English or Japanese headers.
Gives out: sheets of typed columns, each row with its line number, and the list of what is wrong with them.
Laws: a file with one bad cell is refused whole, with every bad cell named; reading changes nothing.
Never: decides what a row means; that is the room's for which the file was brought.
"""
