"""Which counts are told to the ledger, and when (D34)."""

from datetime import timedelta

from redrabbit.domain.facts.containment import WindowEnd
from redrabbit.domain.facts.part_count import CountedWhy
from redrabbit.domain.identity import LineId, StationId
from redrabbit.domain.part_count import PartCount
from redrabbit.domain.records import PartCountRecord
from redrabbit.services import planning
from redrabbit.services.containing import EndTold
from redrabbit.services.telling_counts import (
    ToTell,
    counts_to_tell,
    last_told,
    paused_lines,
    tell,
    tell_all,
    tell_news,
    told_by,
)
from tests.plants import LINE, OP20, OP30
from tests.services.test_suspect_windows import LI, Line


def to_tell(
    line: Line,
    *,
    busy: frozenset[StationId] = frozenset(),
    paused_before: frozenset[LineId] = frozenset(),
) -> list[tuple[StationId, CountedWhy]]:
    now = line.clock.now()
    counts = {
        name: count
        for name, owner in line.owners.items()
        if (count := owner.production.counting.at(now)) is not None
    }
    found = line.ask(
        lambda reader: counts_to_tell(
            reader, line.plant, counts, busy, paused_before=paused_before, now=now
        )
    )
    return [(each.station.id, each.why) for each in found]


def missed(line: Line) -> None:
    line.is_blind = True
    line.check()
    line.read(OP20)
    line.read(OP30)


def test_without_a_stop_or_a_pause_nothing_is_told() -> None:
    line = Line()
    missed(line)
    assert to_tell(line) == []


def test_a_count_beyond_a_stop_is_told_unless_a_run_may_be_what_is_counted() -> None:
    line = Line()
    missed(line)
    line.say_stopped()
    assert to_tell(line) == []
    line.make(1)
    assert to_tell(line, busy=frozenset({OP20})) == []
    assert to_tell(line) == [(OP20, CountedWhy.COUNTED_ON)]
    line.lose(900, 0, with_reset=False)
    line.fail(OP20)
    assert to_tell(line) == [], "nobody can tell"


def test_one_count_is_told_for_all_cases_of_a_station() -> None:
    line = Line()
    missed(line)
    line.reverify()
    missed(line)
    line.say_stopped()
    line.make(1)
    assert to_tell(line) == [(OP20, CountedWhy.COUNTED_ON)]
    line.look()
    assert to_tell(line) == [], "the window is open again"


def test_under_an_alternate_control_it_may_count_on() -> None:
    line = Line()
    missed(line)
    case = line.open_case()
    assert case is not None
    line.end(case, EndTold(end=WindowEnd.ALTERNATE, text="100 % gauge, Q. Li", box_label="KLT-7"))
    line.make(3)
    assert to_tell(line) == []


def test_begin_and_end_of_a_pause_are_told_for_each_station_of_the_line() -> None:
    line = Line()
    line.read(OP30)
    now = line.clock.now()
    line.write(
        lambda uow: planning.declare_pause(
            uow,
            line.plant,
            line=LINE,
            begins_at=now,
            ends_at=now + timedelta(minutes=5),
            reason="no material",
            actor=LI,
        )
    )
    both = [(OP20, CountedWhy.PAUSE), (OP30, CountedWhy.PAUSE)]
    assert to_tell(line) == both
    assert line.ask(lambda reader: paused_lines(reader, now)) == {LINE}
    assert to_tell(line, paused_before=frozenset({LINE})) == []
    line.pass_time(301)
    line.read(OP20)
    line.read(OP30)
    assert to_tell(line, paused_before=frozenset({LINE})) == both


def test_what_was_told_is_found_by_place_and_time() -> None:
    line = Line()
    station = line.plant.station(OP20)
    first, second = (PartCount(value=n, made=n, epoch=1, fell_from=None) for n in (7, 9))
    began = line.clock.now()
    told = [ToTell(station=station, count=first, why=CountedWhy.PAUSE)]
    line.write(lambda uow: tell_all(uow, told))
    line.pass_time(60)
    now = line.clock.now()
    line.write(lambda uow: tell(uow, LINE, OP20, second, CountedWhy.STOP, at=now))
    last = line.ask(lambda reader: last_told(reader, LINE, OP20))
    assert last is not None
    assert (last.count, last.why, last.counted_at) == (second, CountedWhy.STOP, now)
    before = line.ask(lambda reader: told_by(reader, LINE, OP20, began + timedelta(seconds=59)))
    assert before is not None
    assert before.count == first
    assert line.ask(lambda reader: told_by(reader, LINE, OP20, began - timedelta(days=1))) is None
    assert line.ask(lambda reader: last_told(reader, LINE, OP30)) is None


def test_a_count_that_was_told_is_no_news() -> None:
    line = Line()
    station, now = line.plant.station(OP20), line.clock.now()
    count = PartCount(value=7, made=7, epoch=1, fell_from=None)
    for known in (None, count, count):
        line.write(
            lambda uow, known=known: tell_news(  # type: ignore[misc]  # because mypy has no type for a default of a lambda
                uow, station, known, CountedWhy.SERVICE_ENDED, now
            )
        )
    told = line.ask(lambda reader: reader.find(PartCountRecord))
    assert [(each.made, each.why) for each in told] == [(7, CountedWhy.SERVICE_ENDED)]
