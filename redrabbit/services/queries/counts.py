"""How many there are, by counts that are kept, so that nobody waits for all of history to be counted (D63, B30)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from redrabbit.domain.count_periods import EVER, parts_of
from redrabbit.domain.facts.containment import ContainmentState
from redrabbit.domain.facts.record_count import UNACKNOWLEDGED
from redrabbit.domain.records import AlarmRecord, ContainmentRecord, CountRecord, Record, RunRecord
from redrabbit.services.ports import Reader, Where, equals
from redrabbit.services.queries.wording import UNDER_WAY_WORD
from redrabbit.services.runs_under_way import UNDER_WAY, runs_under_way


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsWanted:
    """Runs of a place, of a time, with an outcome; None: of any."""

    line: str | None = None
    station: str | None = None
    device: str | None = None
    begin: datetime | None = None
    """Started then or later."""
    end: datetime | None = None
    """Started before."""
    outcome: str | None = None
    """A run's outcome, or `under_way`."""


def count_runs(reader: Reader, wanted: RunsWanted) -> int:
    """Return how many runs there are."""
    under_way = closed = 0
    if wanted.outcome in {None, UNDER_WAY_WORD}:
        under_way = sum(_is_wanted(run, wanted) for run in runs_under_way(reader))
    if wanted.outcome != UNDER_WAY_WORD:
        closed = _count_closed(reader, wanted)
    return under_way + closed


def _count_closed(reader: Reader, wanted: RunsWanted) -> int:
    parts, kept = parts_of(wanted.begin, wanted.end), _kept_of(wanted)
    total = _total(reader, RunRecord, *kept, equals("period", EVER)) if parts.has_all else 0
    for first, last in parts.ranges:
        bounds = Where("period", ">=", first), Where("period", "<", last)
        total += _total(reader, RunRecord, *kept, *bounds)
    is_closed = outcome_conditions(wanted.outcome) or [Where("outcome", "!=", None)]
    for begin, end in parts.edges:
        bounds = Where("started_at", ">=", begin), Where("started_at", "<", end)
        total += reader.count(RunRecord, *_place(wanted), *is_closed, *bounds)
    return total


def place_conditions(reader: Reader, wanted: RunsWanted) -> Sequence[Where]:
    """Return the conditions that find the runs of a place, by as few fields as will do.

    A device stands at one station of one line, so mostly the narrowest alone finds them: of several
    conditions SQLite might look up the widest, and walk over all the runs of a line to find those of a device.
    """
    conditions = _place(wanted)
    if len(conditions) < 2:  # noqa: PLR2004  because one finds them
        return conditions
    narrowest = conditions[-1]
    of_runs = (equals("counted", RunRecord.TABLE), equals("period", EVER))
    known = [(c.stream, c.station, c.device) for c in reader.find(CountRecord, *of_runs, narrowest)]
    runs = reader.find(RunRecord, narrowest, UNDER_WAY)
    known += [(run.line, run.station, run.device) for run in runs]
    those = [place for place in known if _is_at(place, wanted)]
    if not those:
        return [Where(narrowest.field, "in", ())]
    return [narrowest] if len(those) == len(known) else conditions


def outcome_conditions(outcome: str | None) -> list[Where]:
    """Return the condition of runs that came to an outcome, or are `under_way`; none: of all."""
    if outcome is None:
        return []
    return [UNDER_WAY if outcome == UNDER_WAY_WORD else equals("outcome", outcome)]


def count_closed_cases(reader: Reader) -> int:
    """Return how many cases a person has closed."""
    closed = equals("outcome", ContainmentState.CLOSED.value)
    return _total(reader, ContainmentRecord, closed, equals("period", EVER))


def count_unacknowledged_alarms(reader: Reader) -> int:
    """Return how many alarms nobody has acknowledged."""
    return _total(reader, AlarmRecord, equals("outcome", UNACKNOWLEDGED), equals("period", EVER))


def _total(reader: Reader, kind: type[Record], *where: Where) -> int:
    return reader.total(CountRecord, "count", equals("counted", kind.TABLE), *where)


def _place(wanted: RunsWanted) -> list[Where]:
    """Return a condition for each field of a place that is asked for, the narrowest last."""
    given = {"line": wanted.line, "station": wanted.station, "device": wanted.device}
    return [equals(field, value) for field, value in given.items() if value is not None]


def _is_wanted(run: RunRecord, wanted: RunsWanted) -> bool:
    """Tell whether a run under way is at the place and of the time."""
    return (
        _is_at((run.line, run.station, run.device), wanted)
        and (wanted.begin is None or wanted.begin <= run.started_at)
        and (wanted.end is None or run.started_at < wanted.end)
    )


def _is_at(place: tuple[str, str, str], wanted: RunsWanted) -> bool:
    asked = (wanted.line, wanted.station, wanted.device)
    return all(value in {None, found} for value, found in zip(asked, place, strict=True))


def _kept_of(wanted: RunsWanted) -> list[Where]:
    """Return the conditions on counts."""
    given = {
        "stream": wanted.line,
        "station": wanted.station,
        "device": wanted.device,
        "outcome": wanted.outcome,
    }
    return [equals(field, value) for field, value in given.items() if value is not None]
