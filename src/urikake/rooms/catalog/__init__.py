"""Products (商品): what is sold, at what price, under which tax, and how its revenue is recognised.

Keeps: versions of products, each from a day on.
Takes in: the products and option-rules files.
Gives out: versions as columns, the version that holds on a day, and what may not be sold together.
Laws: a version is never changed; a new price is a new version with a later first day.
Never: touches a running contract; a contract keeps its version until an event moves it.
"""
