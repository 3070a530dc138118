"""The stamp duty (印紙税) of a receipt for money, in yen.

Rule: 印紙税法 別表第一 第17号の1文書, a receipt for the price of sales on paper. Under 50,000 yen nothing is due; then
by the amount received. Where the consumption tax is told apart, the amount is the one without it. What is sent as data is no
document of that law: nothing is due whatever its amount.
"""

from __future__ import annotations

from typing import Final

FREE_BELOW: Final = 50_000
BANDS: Final = (
    (1_000_000, 200), (2_000_000, 400), (3_000_000, 600), (5_000_000, 1_000), (10_000_000, 2_000),
    (20_000_000, 4_000), (30_000_000, 6_000), (50_000_000, 10_000), (100_000_000, 20_000), (200_000_000, 40_000),
    (300_000_000, 60_000), (500_000_000, 100_000), (1_000_000_000, 150_000),
)  # fmt: skip
"""Up to (以下) how many yen, and the duty."""
MOST: Final = 200_000


def duty(amount: int) -> int:
    """The duty on a paper receipt for ``amount`` yen, without tax that is told apart.

    54,900 yen with 4,990 of tax told apart are 49,910 and free; the same without the tax told are not.

    >>> [duty(amount) for amount in (49_910, 50_000, 54_900, 1_000_000, 1_000_001, 2_000_000_000)]
    [0, 200, 200, 200, 400, 200000]
    """
    if amount < FREE_BELOW:
        return 0
    return next((due for upto, due in BANDS if amount <= upto), MOST)
