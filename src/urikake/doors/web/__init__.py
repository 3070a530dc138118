"""The web application: pages in Japanese over the same actions and queries as the commands.

Keeps: who may sign in (`signin` database, apart from the books), sessions, running work, saved views.
Takes in: requests of a browser. Gives out: pages, fragments, files.
Laws: a page is one read-only session of the books, as of its day and as known at its instant; a write is one action.
Never: an amount computed here, a row of the books read past `urikake.base.bulk`.
"""
