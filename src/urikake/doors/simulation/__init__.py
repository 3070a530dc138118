"""もしも計算: what would become of the company's months if prices, contracts or the rate of tax changed, by the real engine.

Both the present plan and what is supposed are advanced on copies of a while (`urikake.base.copies`); the company's own
database is only read. What comes of it are figures side by side; changes of prices and contracts can be reserved.
"""

from .changes import Cancel, Changes, Price, Rate
from .playing import Result, simulate
from .reserving import reserve

__all__ = ["Cancel", "Changes", "Price", "Rate", "Result", "reserve", "simulate"]
