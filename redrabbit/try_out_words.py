"""A tried-out control plan in words, for a terminal, and as JSON."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Final, TypeVar

from redrabbit.base.messages import zoned
from redrabbit.base.sentence import Sentence, said, sentence
from redrabbit.domain.identity import CheckId, StationId
from redrabbit.domain.plant import Plant
from redrabbit.domain.schedule import duration_text
from redrabbit.domain.tried_plan import TriedPlan
from redrabbit.domain.try_out_figures import Exposure, LineWork, PartUsed, ShiftWork, Work
from redrabbit.domain.try_out_savings import Merge, Turns
from redrabbit.services.queries.try_out import From, MinutesTaken, RateTaken, Taken, TryOut

NOT_KNOWN: Final = sentence("not known")
_T = TypeVar("_T")
_ANY: Final = StationId("")
_NONE: Final = CheckId("")
"""In the place of a name, where values are compared."""
_UNFIT: Final[Mapping[str, Sentence]] = {
    "part_expired": sentence("its certificate has ended"),
    "part_worn_out": sentence("it is worn out"),
    "part_unreleased": sentence("not released"),
    "part_quarantined": sentence("in quarantine"),
    "part_retired": sentence("retired"),
}
_ALWAYS: Final = (
    sentence("each check is made at the moment at which it is due, takes no time, and passes"),
    sentence("no pause moves a check, and nothing is excused"),
    sentence("the calendar is the one in force now, with its holidays and special days"),
    sentence("what makes a check due by parts is counted from the begin of the time on"),
    sentence("a check or schedule that is new counts from the begin of the time on"),
)


def in_words(found: TryOut, plant: Plant) -> Iterator[str | Sentence]:
    """Yield what one plan comes to, line by line."""
    tried = found.tried
    yield sentence(
        "{plan} from {since} to {until}",
        plan=_label(tried),
        since=zoned(found.basis.since, plant.zone),
        until=zoned(found.basis.until, plant.zone),
    )
    yield sentence("Work:")
    for line in tried.lines:
        yield from _line_words(line, plant)
    yield sentence("Parts between two proofs:")
    yield from (
        sentence("  {exposure}", exposure=_exposure_words(e, plant)) for e in tried.exposures
    )
    unfit = [each for each in tried.parts if each.unfit_code is not None]
    if unfit:
        yield sentence("Challenge parts that do not last:")
        yield from (sentence("  {part}", part=_part_words(each, plant)) for each in unfit)
    if tried.merges or tried.turns:
        yield sentence("Could be spared, where the customer allows it:")
        yield from (sentence("  {merge}", merge=_merge_words(each)) for each in tried.merges)
        yield from (sentence("  {turns}", turns=_turns_words(each)) for each in tried.turns)
    yield sentence("Taken for granted:")
    yield from (sentence("  {each}", each=each) for each in taken_words(found.taken, plant))


def side_by_side(one: TryOut, other: TryOut, plant: Plant, language: str) -> list[list[str]]:
    """Return two plans as rows of a table: what, the one, the other."""

    def row(what: Sentence, *each: str) -> list[str]:
        return [said(what, language), *(said(words, language) for words in each)]

    both = (one, other)
    rows = [
        ["", *(_label(each.tried) for each in both)],
        row(sentence("checks due"), *(str(_all(each).checks) for each in both)),
        row(sentence("minutes of operators"), *(_minutes(_all(each)) for each in both)),
        row(sentence("busiest shift"), *(_most(each) for each in both)),
        row(sentence("most at one moment"), *(_peak(each, plant) for each in both)),
    ]
    worst = [{_place(e): e for e in each.tried.exposures} for each in both]
    rows += [
        row(
            sentence("parts between two proofs: {place}", place=place),
            *(_worst(each.get(place)) for each in worst),
        )
        for place in dict.fromkeys((*worst[0], *worst[1]))
    ]
    return rows


def taken_words(taken: Taken, plant: Plant) -> Iterator[Sentence]:
    """Yield all that a try-out takes for granted, and what is not known."""
    yield from _ALWAYS
    for question in taken.open_questions:
        yield sentence("as proposed, nobody has answered yet: {question}", question=question)
    for rate, stations in _alike(
        {each.station: replace(each, station=_ANY) for each in taken.rates}
    ):
        yield _rate_words(rate, stations, plant)
    for length, checks in _alike(
        {each.check: replace(each, check=_NONE) for each in taken.minutes}
    ):
        yield _length_words(length, checks)
    if taken.events is None:
        yield sentence("which events happen is not known: what they make due is left out")
    else:
        yield sentence("events told in that time: {n}", n=taken.events)
    if not taken.uses_known:
        yield sentence("how often challenge parts were used before is not known: counted from none")
    if taken.to_shipping is None:
        yield sentence("how soon parts can leave the plant is not known")
    else:
        yield sentence(
            "parts can leave the plant {time} after they were made (declared)",
            time=duration_text(taken.to_shipping),
        )


def _alike(found: Mapping[str, _T]) -> Iterator[tuple[_T, str]]:
    """Yield each value once, with the names of all that have it."""
    names: dict[_T, list[str]] = {}
    for name, value in found.items():
        names.setdefault(value, []).append(name)
    for value, each in names.items():
        yield value, ", ".join(each)


def as_json(found: TryOut, plant: Plant, language: str) -> dict[str, object]:
    """Return one plan with every due time, for programs."""
    tried = found.tried
    return {
        "plan": {"number": tried.number, "revision": tried.revision},
        "since": found.basis.since.isoformat(),
        "until": found.basis.until.isoformat(),
        "checks": [
            {
                "check": each.check.id,
                "line": each.check.line,
                "device": each.check.device,
                "due": [due.due_at.isoformat() for due in each.due],
                "served": [due.due_at.isoformat() for due in each.served],
                "not_known": [kind.value for kind in each.not_known],
                "minutes": found.basis.minutes.get(each.check.id),
            }
            for each in tried.played
        ],
        "lines": [
            {
                "line": line.line,
                "shifts": [_shift_json(each) for each in line.shifts],
                "outside": _work_json(line.outside),
            }
            for line in tried.lines
        ],
        "exposures": [_exposure_json(each) for each in tried.exposures],
        "parts": [_part_json(each) for each in tried.parts],
        "merges": [
            {
                "device": each.device,
                "check": each.check,
                "served_by": each.served_by,
                "runs": each.runs,
                "minutes": each.minutes,
            }
            for each in tried.merges
        ],
        "taking_turns": [
            {
                "device": each.device,
                "check": each.check,
                "shown": each.shown,
                "of": each.of,
                "presentations": each.presentations,
                "minutes": each.minutes,
                "worst_now": each.worst_now,
                "worst_then": each.worst_then,
            }
            for each in tried.turns
        ],
        "taken": [said(words, language) for words in taken_words(found.taken, plant)],
    }


def _label(tried: TriedPlan) -> str:
    return f"{tried.number} rev {tried.revision}"


def _all(found: TryOut) -> Work:
    work = Work()
    for line in found.tried.lines:
        work = work.and_more(line.all)
    return work


def _minutes(work: Work) -> Sentence:
    if not work.without_minutes:
        return sentence("{minutes} min", minutes=_number(work.minutes))
    if work.without_minutes == work.checks:
        return NOT_KNOWN
    return sentence(
        "{minutes} min and {n} checks of which it is not known",
        minutes=_number(work.minutes),
        n=work.without_minutes,
    )


def _work_words(work: Work) -> Sentence:
    return sentence("{n} checks, {minutes}", n=work.checks, minutes=_minutes(work))


def _line_words(line: LineWork, plant: Plant) -> Iterator[Sentence]:
    by_name: dict[str, list[ShiftWork]] = {}
    for each in line.shifts:
        by_name.setdefault(each.shift.name, []).append(each)
    for name, shifts in by_name.items():
        most = max(shifts, key=lambda each: each.work.size)
        peak = max(shifts, key=lambda each: each.peak.size)
        checks = sum(each.work.checks for each in shifts) / len(shifts)
        yield sentence(
            "  {line}, {shift}: {n} shifts, {checks} checks each in the mean; most on {day}: {work}; at one moment most {at}: {peak}",
            line=line.line,
            shift=name,
            n=len(shifts),
            checks=_number(checks),
            day=most.shift.plant_date,
            work=_work_words(most.work),
            at="-" if peak.peak_at is None else zoned(peak.peak_at, plant.zone),
            peak=_work_words(peak.peak),
        )
    if line.outside.checks:
        yield sentence(
            "  {line}: due while nobody works: {work}",
            line=line.line,
            work=_work_words(line.outside),
        )
    yield sentence("  {line}: in all {work}", line=line.line, work=_work_words(line.all))


def _exposure_words(each: Exposure, plant: Plant) -> Sentence:
    told = sentence(
        "{place}: {worst}, in the mean {mean}; longest time without a proof {longest}",
        place=_place(each),
        worst=_worst(each),
        mean=NOT_KNOWN if each.mean is None else _number(each.mean),
        longest=_longest(each.longest),
    )
    if each.worst_until is not None:
        told = sentence(
            "{told}; worst until {at}", told=told, at=zoned(each.worst_until, plant.zone)
        )
    if each.ships_first:
        told = sentence("{told}; parts can leave the plant before", told=told)
    if each.may_be_less:
        told = sentence("{told}; due beside by what is not known, so it may be less", told=told)
    return told


def _place(each: Exposure) -> str:
    return f"{each.device} · {each.failure_mode}"


def _worst(each: Exposure | None) -> Sentence:
    if each is None or each.worst is None:
        return NOT_KNOWN
    if each.is_at_least:
        return sentence("at least {n} parts", n=each.worst)
    return sentence("{n} parts", n=each.worst)


def _part_words(each: PartUsed, plant: Plant) -> Sentence:
    at = "-" if each.unfit_from is None else zoned(each.unfit_from, plant.zone)
    return sentence(
        "{part}: {why} from {at} on, and is needed {n} times more; presentations in all: {needed}",
        part=each.part,
        why=_UNFIT.get(each.unfit_code or "", NOT_KNOWN),
        at=at,
        n=each.unfit_for,
        needed=each.needed,
    )


def _merge_words(each: Merge) -> Sentence:
    minutes = NOT_KNOWN if each.minutes is None else _number(each.minutes)
    if each.check == each.served_by:
        return sentence(
            "{check}: {n} runs lie within the window of the next one, minutes: {minutes}",
            check=each.check,
            n=each.runs,
            minutes=minutes,
        )
    return sentence(
        "{check}: {n} runs that {other} could serve, minutes: {minutes}",
        check=each.check,
        n=each.runs,
        other=each.served_by,
        minutes=minutes,
    )


def _turns_words(each: Turns) -> Sentence:
    return sentence(
        "{check}: {shown} of {of} failure modes in turn: {n} presentations, minutes: {minutes}; worst parts between two proofs {now}, then {then}",
        check=each.check,
        shown=each.shown,
        of=each.of,
        n=each.presentations,
        minutes=NOT_KNOWN if each.minutes is None else _number(each.minutes),
        now=NOT_KNOWN if each.worst_now is None else each.worst_now,
        then=NOT_KNOWN if each.worst_then is None else each.worst_then,
    )


def _most(found: TryOut) -> Sentence | str:
    shifts = [(line.line, each) for line in found.tried.lines for each in line.shifts]
    if not shifts:
        return "-"
    line, most = max(shifts, key=lambda each: each[1].work.size)
    return sentence(
        "{line} {shift} {day}: {work}",
        line=line,
        shift=most.shift.name,
        day=most.shift.plant_date,
        work=_work_words(most.work),
    )


def _peak(found: TryOut, plant: Plant) -> Sentence | str:
    shifts = [each for line in found.tried.lines for each in line.shifts]
    peak = max(shifts, key=lambda each: each.peak.size, default=None)
    if peak is None or peak.peak_at is None:
        return "-"
    return sentence("{at}: {work}", at=zoned(peak.peak_at, plant.zone), work=_work_words(peak.peak))


def _rate_words(each: RateTaken, station: str, plant: Plant) -> Sentence:
    since = "-" if each.since is None else zoned(each.since, plant.zone)
    until = "-" if each.until is None else zoned(each.until, plant.zone)
    rate = "-" if each.per_hour is None else _number(each.per_hour)
    match each.source:
        case From.DECLARED:
            return sentence(
                "{station}: {rate} parts in an hour of work (declared)",
                station=station,
                rate=rate,
            )
        case From.RATE:
            told = sentence(
                "{station}: {rate} parts in an hour of work, as its counter told from {since} to {until}",
                station=station,
                rate=rate,
                since=since,
                until=until,
            )
        case From.COUNTER:
            told = sentence(
                "{station}: parts as its counter told from {since} to {until}, between two counts evenly",
                station=station,
                since=since,
                until=until,
            )
        case _:
            return sentence("{station}: how many parts it makes is not known", station=station)
    return told if each.is_exact else sentence("{told}; at least so many", told=told)


def _length_words(each: MinutesTaken, check: str) -> Sentence:
    minutes = "-" if each.minutes is None else _number(each.minutes)
    if each.source is From.DECLARED:
        return sentence("{check}: {minutes} min (declared)", check=check, minutes=minutes)
    if each.source is From.RUNS:
        return sentence(
            "{check}: {minutes} min, the median of its last {n} good runs",
            check=check,
            minutes=minutes,
            n=each.runs,
        )
    return sentence("{check}: how long it takes is not known", check=check)


def _shift_json(each: ShiftWork) -> dict[str, object]:
    peak_at = None if each.peak_at is None else each.peak_at.isoformat()
    day: date = each.shift.plant_date
    return {
        "shift": each.shift.name,
        "plant_date": day.isoformat(),
        "begins_at": each.shift.begins_at.isoformat(),
        **_work_json(each.work),
        "peak_at": peak_at,
        "peak": _work_json(each.peak),
    }


def _work_json(work: Work) -> dict[str, object]:
    return {
        "checks": work.checks,
        "minutes": work.minutes,
        "checks_without_minutes": work.without_minutes,
    }


def _exposure_json(each: Exposure) -> dict[str, object]:
    worst_until = None if each.worst_until is None else each.worst_until.isoformat()
    return {
        "line": each.line,
        "station": each.station,
        "device": each.device,
        "failure_mode": each.failure_mode,
        "proofs": each.proofs,
        "worst": each.worst,
        "worst_until": worst_until,
        "at_least": each.is_at_least,
        "mean": each.mean,
        "longest_s": each.longest.total_seconds(),
        "ships_first": each.ships_first,
        "may_be_less": each.may_be_less,
    }


def _part_json(each: PartUsed) -> dict[str, object]:
    return {
        "part": each.part,
        "needed": each.needed,
        "used_before": each.used_before,
        "valid_until": each.valid_until.isoformat(),
        "wear_limit_uses": each.limit,
        "unfit": each.unfit_code,
        "unfit_from": None if each.unfit_from is None else each.unfit_from.isoformat(),
        "unfit_for": each.unfit_for,
    }


def _number(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0")


def _longest(length: timedelta) -> str:
    return duration_text(timedelta(minutes=round(length / timedelta(minutes=1))))
