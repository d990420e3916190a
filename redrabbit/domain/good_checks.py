"""Which good check vouches for a device: of its failure mode, variant and nest (D5, D34, D36).

A check of the left nest proves nothing of the right one. Where a station's file told no variants or nests
when it was made, there was one of each, and it proves that. Where the missed part's variant or nest
is not known, any may be blind: what each was proved for last counts, and the earliest of these. Which was
last the ledger tells, whatever the clock said: it may have been ahead, and was set back (D61).
"""

import json
from collections.abc import Iterable, Iterator
from typing import Final

from redrabbit.domain.facts.presentation import PresentationRecord
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.record_query import RecordReader, Where, equals, latest
from redrabbit.domain.run_words import Verdict
from redrabbit.domain.station_says import SaidOf

IN_ORDER: Final = "issued_entry"
"""The parts of a device are put before it in the order in which they were given out: one run at a time."""
PAGE: Final = 50
"""Good checks that are read at once, newest first: mostly the first one is the one."""

Pair = tuple[str | None, str | None]
"""A variant and a nest; None: there is one of it."""


def last_good_check(reader: RecordReader, device: str) -> PresentationRecord | None:
    """Return the last deciding *detected* of a device that counts, of any failure mode (D28, D33)."""
    return latest(reader, PresentationRecord, *_good(device), by=IN_ORDER)


def good_check_before(
    reader: RecordReader, missed: PresentationRecord, made: PartCount | None
) -> PresentationRecord | None:
    """Return the good check since which what a miss makes suspect was made; None: since records began.

    `made` is what its station had counted at the miss: variants and nests that were made, too.
    """
    if not _unknown(missed):
        return _vouching(reader, missed, (missed.variant, missed.nest))
    good = list(_newest_first(reader, missed))
    known = made.known if made is not None else ()
    pairs = {(each.variant, each.nest) for each in good}
    pairs |= {(each.variant, each.nest) for each in known}
    found = [_first_vouching(good, pair) for pair in pairs]
    proved = [each for each in found if each is not None]
    if not proved or len(proved) < len(found):
        return None
    return min(proved, key=lambda good: good.issued_entry)


def vouches_for(good: PresentationRecord, variant: str | None, nest: str | None) -> bool:
    """Return whether a good check proves its device for this variant and nest; None: whichever."""
    sources = _sources(good)
    return all(
        wanted is None or of not in sources or told == wanted
        for of, told, wanted in (
            (SaidOf.VARIANT, good.variant, variant),
            (SaidOf.NEST, good.nest, nest),
        )
    )


def _good(device: str) -> tuple[Where, ...]:
    return (
        equals("device", device),
        equals("verdict", Verdict.DETECTED),
        equals("decides", value=True),
        equals("not_counted", None),
    )


def _vouching(
    reader: RecordReader, missed: PresentationRecord, pair: Pair
) -> PresentationRecord | None:
    return _first_vouching(_newest_first(reader, missed), pair)


def _first_vouching(good: Iterable[PresentationRecord], pair: Pair) -> PresentationRecord | None:
    return next((each for each in good if vouches_for(each, *pair)), None)


def _newest_first(reader: RecordReader, missed: PresentationRecord) -> Iterator[PresentationRecord]:
    before: tuple[Where, ...] = ()
    while True:
        page = reader.find(
            PresentationRecord,
            *_good(missed.device),
            equals("failure_mode", missed.failure_mode),
            *before,
            order_by=IN_ORDER,
            descending=True,
            limit=PAGE,
        )
        yield from page
        if len(page) < PAGE:
            return
        before = (Where(IN_ORDER, "<", page[-1].issued_entry),)


def _unknown(missed: PresentationRecord) -> bool:
    """Tell whether its variant or nest was to be told, and is not known."""
    told = {SaidOf.VARIANT: missed.variant, SaidOf.NEST: missed.nest}
    return any(told[of] is None for of in told if of in _sources(missed))


def _sources(presentation: PresentationRecord) -> frozenset[str]:
    kept = presentation.sources
    return frozenset(json.loads(kept)) if kept is not None else frozenset()
