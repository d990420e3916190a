"""The words in which plants say how often, in English, Chinese, German, Spanish and Korean, as triggers.

    frequency := term {separator term}      term := [how many "/"] when

Every word of the cell must be understood: what is left over is an error that names the nearest wording, never a guess. Where several wordings
fit, the longest is taken, so `monthly, first Monday` is one term and `每周一次` is not `每周一`.
"""

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import time
from typing import Final

from redrabbit.plan_import.frequency_words import (
    CALENDAR_PHRASES,
    CHOICE,
    CONTINUES,
    DAY_AND_NIGHT,
    DEMAND,
    EVENTS,
    EVERY,
    EXAMPLES,
    EXCEPT,
    FIRST_OF,
    HOURS,
    MINUTES,
    MULTIPLES,
    NO_TRIGGER,
    NUMBER,
    ONCE,
    PER,
    PHRASES,
    PIECES,
    SECONDS,
    SEPARATOR,
    SHIFT,
    SHIFT_NAMES,
    SIZE_UNITS,
    TIMES,
    WEEKS,
    count_of,
    days_of,
    length_of,
)
from redrabbit.plan_import.trigger import CALENDAR, Frequency, On, Trigger
from redrabbit.plan_import.trigger_rules import own_words

LONGEST: Final = 300
"""Characters of a frequency cell: a longer one is a text about something else."""
MOST_A_SHIFT: Final = 24
"""Verifications in one shift; more are pieces."""
PERIODS: Final = (
    *CALENDAR,
    On.INTERVAL,
    On.SHIFT_START,
    On.SHIFT_MIDDLE,
    On.SHIFT_END,
    On.N_PER_SHIFT,
)
_HOUR_S: Final = 3_600
_TWICE: Final = 2
_LAST_HOUR, _LAST_MINUTE, _LAST_DAY = 23, 59, 31


class NotUnderstood(ValueError):
    """A frequency of which a part says nothing that is known, or that says no one thing."""

    def __init__(self, rest: str, nearest: tuple[str, ...] = (), *, unclear: bool = False) -> None:
        super().__init__(rest)
        self.rest = rest
        """The words that were not understood."""
        self.nearest = nearest
        """Known wordings near to them; empty where none is."""
        self.unclear = unclear
        """Every word is known, and together they say no one thing."""


@dataclass(frozen=True, slots=True)
class _Term:
    triggers: tuple[Trigger, ...] = ()
    size: str | None = None
    sampling: str | None = None


_Made = tuple[int, _Term]
_Maker = Callable[[re.Match[str]], _Term | None]


def parse_frequency(text: str) -> Frequency:
    """Return what a frequency cell says.

    Raises NotUnderstood where any of its words says nothing, or too much.
    """
    flat = normalised(text)
    if not flat or len(flat) > LONGEST:
        raise NotUnderstood(flat[:LONGEST])
    own = own_words(text)
    if own is not None:
        return own
    try:
        return _parse(flat)
    except NotUnderstood:
        several = [line for line in map(normalised, text.splitlines()) if line]
        if len(several) == 1 or any(re.match(CONTINUES, line) for line in several[1:]):
            raise
        return _parse("; ".join(several))


def normalised(text: str) -> str:
    """Return a text as wordings are compared: NFKC, small letters, one blank between words."""
    small = unicodedata.normalize("NFKC", text).lower().replace("\u00d7", "x")
    return " ".join(small.split()).rstrip(" .。")


def nearest(words: str) -> tuple[str, ...]:
    """Return the known wordings that are most like these words, at most two."""
    by_form = {normalised(example): example for example in EXAMPLES}
    return tuple(
        by_form[form] for form in difflib.get_close_matches(words, by_form, n=2, cutoff=0.5)
    )


def _parse(flat: str) -> Frequency:
    for word, multiple in MULTIPLES.items():
        flat = re.sub(rf"\b{word}\b", multiple, flat)
    rest, excepted = _excepted(flat)
    plain = re.sub(FIRST_OF, " ", rest).strip()
    terms = list(_terms(plain, flat))
    triggers = tuple(dict.fromkeys(t for term in terms for t in term.triggers))
    on_demand = any(trigger.on is On.DEMAND for trigger in triggers)
    if (on_demand and len(triggers) > 1) or (excepted and len(triggers) != 1):
        raise NotUnderstood(flat, unclear=True)
    sizes = dict.fromkeys(term.size for term in terms if term.size is not None)
    return Frequency(
        triggers=tuple(replace(each, except_shifts=excepted) for each in triggers),
        is_first_of=plain != rest and len(triggers) > 1,
        size=" / ".join(sizes) or None,
        sampling=tuple(dict.fromkeys(t.sampling for t in terms if t.sampling is not None)),
    )


def _excepted(flat: str) -> tuple[str, tuple[str, ...]]:
    """Return the words without the shifts that are left out, and those shifts."""
    names: dict[str, None] = {}
    rest = flat
    for found in re.finditer(EXCEPT, flat):
        words = next(word for word in found.groups() if word)
        names |= dict.fromkeys(
            name for name, forms in SHIFT_NAMES.items() if re.match(rf"(?:{forms})", words)
        )
        rest = rest.replace(found[0], " ")
    return (rest.strip(" ()"), tuple(names)) if names else (flat, ())


def _terms(rest: str, whole: str) -> Iterator[_Term]:
    """Take one term after the other; two that nothing separates must say the same in two languages."""
    before: _Term | None = None
    separator = ""
    if not rest:
        raise NotUnderstood(whole, nearest(whole))
    while rest:
        found = _longest(rest)
        if found is None:
            raise NotUnderstood(rest, nearest(rest) or nearest(whole))
        length, term = found
        if before is not None:
            _refuse_unclear(before, term, separator, whole)
        yield term
        before, rest = term, rest[length:].lstrip()
        between = re.match(SEPARATOR, rest)
        separator = "" if between is None else between[0]
        rest = rest[len(separator) :].lstrip()
        if separator and not rest:
            raise NotUnderstood(whole, unclear=True)


def _refuse_unclear(before: _Term, term: _Term, separator: str, whole: str) -> None:
    only_sampling = not before.triggers and not term.triggers
    if not separator and before != term and not only_sampling:
        raise NotUnderstood(whole, unclear=True)
    is_choice = re.fullmatch(CHOICE, separator) is not None and before != term
    if is_choice and _is_period(before) and _is_period(term):  # nobody chose of "daily/weekly"
        raise NotUnderstood(whole, unclear=True)


def _is_period(term: _Term) -> bool:
    return any(trigger.on in PERIODS for trigger in term.triggers)


def _longest(rest: str) -> _Made | None:
    found = [made for made in (*_said(rest), _sized(rest)) if made is not None]
    return max(found, key=lambda made: made[0], default=None)


def _said(rest: str) -> Iterator[_Made]:
    for pattern, make in _WORDINGS:
        found = pattern.match(rest)
        if found is not None and found[0]:
            term = make(found)
            if term is not None:
                yield found.end(), term


def _sized(rest: str) -> _Made | None:
    """Take `5 pcs/2 hrs`: so many pieces, and when."""
    size = _SIZE.match(rest)
    if size is None:
        return None
    when = rest[size.end() :]
    tried = [
        (length - len(before), term)
        for before in ("", "each ")
        for length, term in _said(before + when)
        if term.triggers and length > len(before)
    ]
    if not tried:
        return None
    length, term = max(tried, key=lambda made: made[0])
    return size.end() + length, replace(term, size=size["size"].strip())


def _at_once(*on: On) -> _Maker:
    return lambda _found: _Term(tuple(Trigger(on=each) for each in on))


def _calendar(on: On) -> _Maker:
    def made(found: re.Match[str]) -> _Term | None:
        said = found.groupdict()
        at = None
        if said.get("at"):
            hour, minute, second, *_ = *(int(each) for each in re.split(r"[:.]", said["at"])), 0
            if hour > _LAST_HOUR or minute > _LAST_MINUTE or second > _LAST_MINUTE:
                return None
            at = time(hour, minute, second)
        day = int(said["day"]) if said.get("day") else None
        if day is not None and not 1 <= day <= _LAST_DAY:
            return None
        days = days_of(said["days"]) if said.get("days") else ()
        week = WEEKS[said["week"]] if said.get("week") else None
        return _Term((Trigger(on=on, days=days, day=day, week=week, at=at),))

    return made


def _interval(found: re.Match[str]) -> _Term | None:
    each, n = found["each"], found["n"]
    if (n is None and each is None) or (found["s"] and each is None):
        return None
    if each is not None and n is not None and "/" in each:  # "1/2 h" may be half an hour
        return None
    unit_s = _HOUR_S if found["h"] else 60 if found["m"] else 1
    hours = length_of(n or "1") * unit_s / _HOUR_S
    always = found["always"] is not None
    return (
        _Term((Trigger(on=On.INTERVAL, hours=hours, day_and_night=always),)) if hours > 0 else None
    )


def _counted(on: On) -> _Maker:
    def made(found: re.Match[str]) -> _Term | None:
        n = count_of(found["n"])
        return _Term((Trigger(on=on, n=int(n)),)) if n == int(n) and n > 1 else None

    return made


def _running_hours(found: re.Match[str]) -> _Term | None:
    return _Term((Trigger(on=On.RUNNING_HOURS, hours=length_of(found["n"])),))


def _times_a_shift(found: re.Match[str]) -> _Term | None:
    n = count_of(found["n"])
    if n != int(n) or not 1 <= n <= MOST_A_SHIFT:
        return None
    if n == 1:
        return _Term((Trigger(on=On.SHIFT_START),))
    if n == _TWICE:
        return _Term((Trigger(on=On.SHIFT_START), Trigger(on=On.SHIFT_MIDDLE)))
    return _Term((Trigger(on=On.N_PER_SHIFT, n=int(n)),))


def _pieces_of_lot(found: re.Match[str]) -> _Term:
    return _Term((Trigger(on=On.LOT),), size=found["n"])


_LATIN: Final = r"[a-z\u00df-\u024f]"
_WORD_END: Final = rf"(?:(?<!{_LATIN})|(?!{_LATIN}))(?:(?<!\d)|(?!\d))"
"""A wording ends where a word or number does; Chinese and Korean words have no blanks between them."""
_SIZE: Final = re.compile(rf"(?P<size>{NUMBER} ?{SIZE_UNITS}) ?(?:{PER}) ?")
_WORDINGS: Final[tuple[tuple[re.Pattern[str], _Maker], ...]] = tuple(
    (re.compile(rf"(?:{pattern}){_WORD_END}"), make)
    for pattern, make in (
        *((pattern, _at_once(*on)) for pattern, on in PHRASES),
        *((pattern, _at_once(on)) for pattern, on in EVENTS),
        *((pattern, _calendar(on)) for pattern, on in CALENDAR_PHRASES),
        (
            (
                rf"(?P<each>{ONCE} ?(?:{PER}) ?|(?:{EVERY}) ?)?(?:(?P<n>{NUMBER}) ?)?"
                rf"(?:(?P<h>{HOURS})|(?P<m>{MINUTES})|(?P<s>{SECONDS}))(?:一次|1次)?"
                rf"(?P<always>[, ]*{DAY_AND_NIGHT})?"
            ),
            _interval,
        ),
        (r"hourly|stündlich", lambda _: _Term((Trigger(on=On.INTERVAL, hours=1.0),))),
        (
            rf"(?:{ONCE} ?(?:{PER}) ?|(?:{EVERY}) ?)(?P<n>{NUMBER}) ?{PIECES}(?:一次|1次)?",
            _counted(On.PARTS),
        ),
        (r"1 ?/ ?(?P<n>[1-9]\d{0,2}(?:[,.]\d{3})+|[5-9]\d|\d{3,})", _counted(On.PARTS)),
        (
            rf"(?P<n>{NUMBER}) ?(?:{TIMES})? ?(?:{PER}) ?{SHIFT}",
            _times_a_shift,
        ),
        (rf"每班(?P<n>{NUMBER})次", _times_a_shift),
        (r"(?P<n>\d+) ?/ ?(?:lot|batch|los|charge|lote|批次?)", _pieces_of_lot),
        (
            rf"(?:(?:{EVERY}) ?|每运行)(?P<n>{NUMBER}) ?(?:(?:operating|running) ?hours|betriebsstunden|运行小时|小时运行)",
            _running_hours,
        ),
        (
            rf"within (?P<n>{NUMBER}) ?{MINUTES} of (?:running|start of production)",
            _counted(On.RUNNING),
        ),
        (
            rf"(?:开线|开机|运行|生产)后? ?(?P<n>{NUMBER}) ?分钟内",
            _counted(On.RUNNING),
        ),
        (NO_TRIGGER, lambda found: _Term(sampling=found[0])),
        (DEMAND, _at_once(On.DEMAND)),
    )
)
