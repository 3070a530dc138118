"""The REST API (``/api/v1``): reports, resources, calculators and the verbs of the month, for other programs.

It is a door like the others: an operation asks who is there and whether they may, calls one query or one action, and
says what came of it. What an operation is stands in `operation`; which there are, in the modules that `routes` names.
"""
