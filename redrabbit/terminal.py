"""The demo's story in a terminal: one line an event, coloured where the terminal can, plain else.

It reads the ledger like any other reader; nothing is told that isn't recorded.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from redrabbit.base.printable import visible
from redrabbit.domain.facts.catalogue import fact_of
from redrabbit.domain.facts.containment import (
    ContainmentClosed,
    ContainmentOpened,
    ContainmentReverified,
)
from redrabbit.domain.facts.fact import Fact
from redrabbit.domain.facts.occurrence import (
    OccurrenceDecided,
    OccurrenceMade,
    OccurrenceOutcome,
    OccurrenceOverdue,
)
from redrabbit.domain.facts.part_told import PartTold
from redrabbit.domain.facts.presentation import (
    Expected,
    PartGivenBack,
    PartIssued,
    PartPresented,
    VerdictReached,
)
from redrabbit.domain.facts.repair import RepairDisproved, RepairRecorded
from redrabbit.domain.facts.run import RunClosed, RunStarted
from redrabbit.domain.facts.station import StationLost, StationRestored
from redrabbit.domain.grade import AnswerBy
from redrabbit.domain.ledger import Entry
from redrabbit.domain.run_words import Outcome, Purpose, Verdict

GOOD, BAD, CARE, QUIET = "green", "bold red", "yellow", "dim"


def tell(
    console: Console, entry: Entry, who: str, zone_now: Callable[[datetime], datetime]
) -> None:
    """Print an entry as one line, if it belongs to the story; `who` is its actor's name."""
    fact = fact_of(entry)
    teller = TELLERS.get(type(fact)) if fact is not None else None
    if teller is None:
        return
    words, style = teller(fact, who)
    at = zone_now(entry.occurred_at)
    place = getattr(fact, "station", None) or getattr(fact, "station_id", None) or entry.stream
    line = Text.assemble(
        (f"{at:%H:%M:%S}", QUIET), f" {visible(place):12} ", (visible(words), style)
    )
    console.print(line, highlight=False, soft_wrap=True)


Told = tuple[str, str]


def _started(fact: RunStarted, _who: str) -> Told:
    again = fact.purpose is Purpose.REVERIFICATION
    return (
        f"{fact.run_id} started · {'re-verification' if again else fact.check_id}",
        "",
    )


def _issued(fact: PartIssued, _who: str) -> Told:
    must = "accepted" if fact.expected is Expected.ACCEPT else "rejected"
    return f"{fact.run_id} {fact.part_id} issued · must be {must}", ""


def _told(fact: PartTold, who: str) -> Told:
    return f"{fact.run_id} {fact.of} {fact.value} told by {who} ({fact.source})", ""


def _presented(fact: PartPresented, _who: str) -> Told:
    return f"{fact.run_id} presented ({fact.presented_how})", ""


VERDICT_STYLE: Mapping[Verdict, str] = {
    Verdict.DETECTED: GOOD,
    Verdict.ACCEPTED: GOOD,
    Verdict.MISSED: BAD,
    Verdict.FALSE_REJECT: BAD,
    Verdict.INCONCLUSIVE: CARE,
}


def _judged(fact: VerdictReached, _who: str) -> Told:
    verdict = fact.verdict.value.replace("_", " ").upper()
    why = f" ({fact.verdict_reason})" if fact.verdict_reason is not None else ""
    if fact.verdict is Verdict.MISSED and fact.answer_kind is AnswerBy.SILENCE:
        why = " (no answer)"
    after = f" after {fact.elapsed_s:.1f} s" if fact.elapsed_s is not None else ""
    words = f"{fact.run_id} {fact.part_id} {verdict}{why}{after}"
    return words, VERDICT_STYLE[fact.verdict]


def _back(fact: PartGivenBack, _who: str) -> Told:
    return f"{fact.run_id} {fact.part_id} given back", ""


def _closed(fact: RunClosed, who: str) -> Told:
    style = {Outcome.PASSED: GOOD, Outcome.FAILED: BAD}.get(fact.outcome, CARE)
    by = f" · confirmed by {who}" if fact.confirmed else ""
    return f"{fact.run_id} {fact.outcome}{by}", style


def _contained(fact: ContainmentOpened, _who: str) -> Told:
    least = "at least " if fact.quantity_is_lower_bound else ""
    parts = f"{least}{fact.quantity} parts" if fact.quantity is not None else "parts not counted:"
    return f"containment {fact.containment_id} opened · {fact.device} · {parts} suspect", BAD


def _repaired(fact: RepairRecorded, who: str) -> Told:
    words = f" “{fact.repair_text}”" if fact.repair_text is not None else ""
    what = fact.repair_code.value.replace("_", " ")
    return f"containment {fact.containment_id} repaired · {what}{words} · {who}", ""


def _decided(fact: OccurrenceDecided, _who: str) -> Told:
    bad = fact.outcome in {OccurrenceOutcome.FAILED, OccurrenceOutcome.LAPSED}
    good = fact.outcome is OccurrenceOutcome.PASSED
    return f"{fact.check_id} {fact.outcome}", GOOD if good else BAD if bad else CARE


TELLERS: Mapping[type[Fact], Callable[[Any, str], Told]] = {
    OccurrenceMade: lambda fact, _who: (f"due · {fact.check_id}", ""),
    OccurrenceOverdue: lambda fact, _who: (f"{fact.check_id} OVERDUE", BAD),
    OccurrenceDecided: _decided,
    RunStarted: _started,
    PartTold: _told,
    PartIssued: _issued,
    PartPresented: _presented,
    VerdictReached: _judged,
    PartGivenBack: _back,
    RunClosed: _closed,
    ContainmentOpened: _contained,
    RepairRecorded: _repaired,
    RepairDisproved: lambda fact, _who: (
        f"containment {fact.containment_id} · the repair did not help",
        BAD,
    ),
    ContainmentReverified: lambda fact, _who: (
        f"containment {fact.containment_id} re-verified by {fact.run_id}",
        GOOD,
    ),
    ContainmentClosed: lambda fact, who: (
        f"containment {fact.containment_id} closed · {who}",
        GOOD,
    ),
    StationLost: lambda fact, _who: (f"not reached · {fact.reason}", CARE),
    StationRestored: lambda _fact, _who: ("read again", ""),
}
"""One row a fact that belongs to the story."""
