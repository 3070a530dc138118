"""The pen of usage: events taken from files, each id once; and those of a file placed for rating, without taking them."""

from .apart import place_usage
from .placing import USAGE
from .taking import import_usage, import_usage_parts

__all__ = ["USAGE", "import_usage", "import_usage_parts", "place_usage"]
