"""Does a passage say what a claim says? Compared in code, on the text as it is shown."""

from service.checking.comparing import ASPECTS, Aspect, Comparison, Difference, compare
from service.checking.spans import Support, best_support
from service.checking.width import level

__all__ = ["ASPECTS", "Aspect", "Comparison", "Difference", "Support", "best_support", "compare", "level"]
