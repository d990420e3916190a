"""Of which variant and in which nest a station's parts were made, as far as that was told (D34, D36).

What is counted while one variant and nest stood there without a break is *known* to be of it. Everything
else is unknown, and may be of any: so of one variant and nest were made at most all but what is known to be
of others. A window that is counted so is never too short.
"""

from dataclasses import dataclass, replace
from typing import Final

MOST_KNOWN: Final = 64
"""Variants and nests that are told apart at one station; what comes beyond is unknown. A signal that tells
another word for each part is none of a variant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeOf:
    """Parts that are known to be of one variant and nest."""

    variant: str | None
    """None: the station doesn't tell it, or told a word that is none of a part."""
    nest: str | None
    made: int

    def is_other_than(self, variant: str | None, nest: str | None) -> bool:
        """Tell whether none of these is of that variant and nest; None: any of them."""
        told = ((self.variant, variant), (self.nest, nest))
        return any(None not in pair and pair[0] != pair[1] for pair in told)


Known = tuple[MadeOf, ...]


def credited(known: Known, variant: str | None, nest: str | None, parts: int) -> Known:
    """Return what is known with so many more parts of one variant and nest."""
    if parts <= 0 or (variant is None and nest is None):
        return known
    for place, each in enumerate(known):
        if (each.variant, each.nest) == (variant, nest):
            more = replace(each, made=each.made + parts)
            return (*known[:place], more, *known[place + 1 :])
    if len(known) >= MOST_KNOWN:
        return known
    return (*known, MadeOf(variant=variant, nest=nest, made=parts))


def known_of_others(since: Known, until: Known, variant: str | None, nest: str | None) -> int:
    """Return the parts between two counts that are known not to be of one variant and nest."""
    return _of_others(until, variant, nest) - _of_others(since, variant, nest)


def unknown_of(since: Known, until: Known, made: int, variant: str | None, nest: str | None) -> int:
    """Return how many of the parts between two counts may be of one variant and nest, or of another.

    None of them where nothing tells variants and nests apart: there is one of each.
    """
    if variant is None and nest is None:
        return 0
    surely = _made_of(until, variant, nest) - _made_of(since, variant, nest)
    return made - known_of_others(since, until, variant, nest) - surely


def _of_others(known: Known, variant: str | None, nest: str | None) -> int:
    return sum(each.made for each in known if each.is_other_than(variant, nest))


def _made_of(known: Known, variant: str | None, nest: str | None) -> int:
    return sum(each.made for each in known if not each.is_other_than(variant, nest))
