"""The demo's story in a terminal: one line an event, coloured where the terminal can, plain else.

It reads the ledger like any other reader; nothing is told that isn't recorded.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from rich.console import Console
from rich.text import Text

from redrabbit.base.printable import spoken, visible
from redrabbit.base.sentence import said, sentence
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
        (f"{at:%H:%M:%S}", QUIET), f" {visible(place):12} ", (visible(said(words, spoken())), style)
    )
    console.print(line, highlight=False, soft_wrap=True)


Told = tuple[str, str]


def _started(fact: RunStarted, _who: str) -> Told:
    again = fact.purpose is Purpose.REVERIFICATION
    what = sentence("re-verification") if again else fact.check_id
    return sentence("{run} started · {what}", run=fact.run_id, what=what), ""


def _issued(fact: PartIssued, _who: str) -> Told:
    if fact.expected is Expected.ACCEPT:
        return (
            sentence("{run} {part} issued · must be accepted", run=fact.run_id, part=fact.part_id),
            "",
        )
    return sentence(
        "{run} {part} issued · must be rejected", run=fact.run_id, part=fact.part_id
    ), ""


def _told(fact: PartTold, who: str) -> Told:
    told = sentence(
        "{run} {of} {value} told by {who} ({source})",
        run=fact.run_id,
        of=fact.of.value,
        value=fact.value,
        who=who,
        source=str(fact.source),
    )
    return told, ""


def _presented(fact: PartPresented, _who: str) -> Told:
    return sentence("{run} presented ({how})", run=fact.run_id, how=str(fact.presented_how)), ""


VERDICTS: Mapping[Verdict, str] = {
    Verdict.DETECTED: sentence("DETECTED"),
    Verdict.ACCEPTED: sentence("ACCEPTED"),
    Verdict.MISSED: sentence("NOT DETECTED"),
    Verdict.FALSE_REJECT: sentence("FALSE REJECT"),
    Verdict.INCONCLUSIVE: sentence("INCONCLUSIVE"),
}
OUTCOMES: Mapping[Outcome | OccurrenceOutcome, str] = {
    Outcome.PASSED: sentence("passed"),
    Outcome.FAILED: sentence("failed"),
    Outcome.INCONCLUSIVE: sentence("inconclusive"),
    Outcome.ABORTED: sentence("stopped"),
    OccurrenceOutcome.PASSED: sentence("passed"),
    OccurrenceOutcome.FAILED: sentence("failed"),
    OccurrenceOutcome.LAPSED: sentence("lapsed"),
    OccurrenceOutcome.EXCUSED: sentence("excused"),
}

VERDICT_STYLE: Mapping[Verdict, str] = {
    Verdict.DETECTED: GOOD,
    Verdict.ACCEPTED: GOOD,
    Verdict.MISSED: BAD,
    Verdict.FALSE_REJECT: BAD,
    Verdict.INCONCLUSIVE: CARE,
}


def _judged(fact: VerdictReached, _who: str) -> Told:
    why = f" ({fact.verdict_reason})" if fact.verdict_reason is not None else ""
    if fact.verdict is Verdict.MISSED and fact.answer_kind is AnswerBy.SILENCE:
        why = sentence(" (no answer)")
    words = sentence(
        "{run} {part} {verdict}{why}{after}",
        run=fact.run_id,
        part=fact.part_id,
        verdict=VERDICTS[fact.verdict],
        why=why,
        after=sentence(" after {s:.1f} s", s=fact.elapsed_s) if fact.elapsed_s is not None else "",
    )
    return words, VERDICT_STYLE[fact.verdict]


def _back(fact: PartGivenBack, _who: str) -> Told:
    return sentence("{run} {part} given back", run=fact.run_id, part=fact.part_id), ""


def _closed(fact: RunClosed, who: str) -> Told:
    style = {Outcome.PASSED: GOOD, Outcome.FAILED: BAD}.get(fact.outcome, CARE)
    by = sentence(" · confirmed by {who}", who=who) if fact.confirmed else ""
    return (
        sentence("{run} {what}{by}", run=fact.run_id, what=OUTCOMES[fact.outcome], by=by),
        style,
    )


def _contained(fact: ContainmentOpened, _who: str) -> Told:
    if fact.quantity is None:
        parts = sentence("parts not counted")
    elif fact.quantity_is_lower_bound:
        parts = sentence("at least {n} parts suspect", n=fact.quantity)
    else:
        parts = sentence("{n} parts suspect", n=fact.quantity)
    opened = sentence(
        "containment {containment} opened · {device} · {parts}",
        containment=fact.containment_id,
        device=fact.device,
        parts=parts,
    )
    return opened, BAD


def _repaired(fact: RepairRecorded, who: str) -> Told:
    words = f" “{fact.repair_text}”" if fact.repair_text is not None else ""
    what = fact.repair_code.value.replace("_", " ")
    repaired = sentence(
        "containment {containment} repaired · {done}{words} · {who}",
        containment=fact.containment_id,
        done=what,
        words=words,
        who=who,
    )
    return repaired, ""


def _decided(fact: OccurrenceDecided, _who: str) -> Told:
    bad = fact.outcome in {OccurrenceOutcome.FAILED, OccurrenceOutcome.LAPSED}
    good = fact.outcome is OccurrenceOutcome.PASSED
    told = sentence("{check} {what}", check=fact.check_id, what=OUTCOMES[fact.outcome])
    return told, GOOD if good else BAD if bad else CARE


TELLERS: Mapping[type[Fact], Callable[[Any, str], Told]] = {
    OccurrenceMade: lambda fact, _who: (
        sentence("due · {check}", check=fact.check_id),
        "",
    ),
    OccurrenceOverdue: lambda fact, _who: (
        sentence("{check} OVERDUE", check=fact.check_id),
        BAD,
    ),
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
        sentence(
            "containment {containment} · the repair did not help",
            containment=fact.containment_id,
        ),
        BAD,
    ),
    ContainmentReverified: lambda fact, _who: (
        sentence(
            "containment {containment} re-verified by {run}",
            containment=fact.containment_id,
            run=fact.run_id,
        ),
        GOOD,
    ),
    ContainmentClosed: lambda fact, who: (
        sentence(
            "containment {containment} closed · {who}",
            containment=fact.containment_id,
            who=who,
        ),
        GOOD,
    ),
    StationLost: lambda fact, _who: (
        sentence("no connection · {reason}", reason=str(fact.reason)),
        CARE,
    ),
    StationRestored: lambda _fact, _who: (sentence("connected again"), ""),
}
"""One row a fact that belongs to the story."""
