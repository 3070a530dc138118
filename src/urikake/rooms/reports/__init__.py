"""Reports (帳票): what people and programs ask of the books, as rows in the shapes of the public contract.

Keeps: nothing.
Takes in: every room.
Gives out: rows (lists of plain dictionaries), amounts as integers of minor units.
Laws: any report as of any day gives what the facts say of that day, whenever it is asked.
Never: writes.
"""
