"""Public holidays of a country, and the make-up working days that go with them.

The package `holidays` is wrapped here. What it knows changes with its version, and governments announce a year's days late in the year
before; so its days are proposed to people, who write them down. No calendar is ever worked out from it by itself.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from redrabbit.base.sentence import sentence

_LANGUAGES: Final = {"en": "en_US", "zh": "zh_CN"}
_PLAIN: Final = "en_US"
_INSTEAD_OF: Final = re.compile(r"substituted from (\d\d)/(\d\d)/(\d{4})")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublicHoliday:
    """One day that is off, by its name in a language."""

    day: date
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkedInstead:
    """One day that is worked in the place of one that is off."""

    day: date
    instead_of: date | None
    """The day off that it makes up for; None where that is not said."""


@dataclass(frozen=True, slots=True, kw_only=True)
class YearOfHolidays:
    """What is known of a country's year."""

    holidays: Sequence[PublicHoliday]
    make_up_days: Sequence[WorkedInstead]


def public_holidays(
    country: str, year: int, *, region: str | None = None, language: str = "en"
) -> YearOfHolidays:
    """Return the days of a country, by its two letters, in a year; ValueError for one that is not known, or whose region is not."""
    from holidays import country_holidays, list_supported_countries  # noqa: PLC0415  because it takes half a second

    regions = list_supported_countries(include_aliases=True).get(country)
    if regions is None or not (region is None or region in regions):
        raise ValueError(
            sentence("no public holidays of {country} are known", country=_said(country, region))
        )
    plain = country_holidays(country, subdiv=region, years=year, language=_PLAIN)
    named = country_holidays(country, subdiv=region, years=year, language=_LANGUAGES[language])
    worked = sorted(day for day in getattr(plain, "weekend_workdays", ()) if day.year == year)
    instead = {
        date(int(found[3]), int(found[1]), int(found[2])): day
        for day, name in plain.items()
        if (found := _INSTEAD_OF.search(name)) is not None
    }
    return YearOfHolidays(
        holidays=[PublicHoliday(day=day, name=named[day]) for day in sorted(plain)],
        make_up_days=[WorkedInstead(day=day, instead_of=instead.get(day)) for day in worked],
    )


def _said(country: str, region: str | None) -> str:
    return country if region is None else f"{country}-{region}"
