"""The benchmark of the README: a generated company through its year, each phase beside its floor.

The floor of a phase is the bare bulk write of exactly the rows that it wrote, to the same empty tables in one
transaction: what no program that keeps these rows can beat.
"""
