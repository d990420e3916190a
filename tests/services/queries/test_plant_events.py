"""What a station's page offers to tell, and what it shows of what was told (R08)."""

from redrabbit.domain.identity import Actor
from redrabbit.domain.schedule import parse_schedule
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.services import plant_events
from redrabbit.services.queries.plant_events import EventsHere, events_here
from tests.plants import LINE, OP20, OP30, Bench, a_check, a_plant

ANNA = Actor.stated("2207")


def a_bench() -> Bench:
    of_op20 = a_check(schedule=parse_schedule("after tool change + after changeover"))
    again = a_check("seal", schedule=parse_schedule("after changeover + after failed check"))
    of_op30 = a_check("other", OP30, parse_schedule("after lot"))
    return Bench(a_plant(of_op20, again, of_op30))


def shown(bench: Bench) -> EventsHere:
    station = bench.plant.station(OP20)
    now = bench.clock.now()
    return bench.database.read_now(lambda reader: events_here(reader, bench.plant, station, now))


def tell(bench: Bench, event: PlantEvent, station: str | None) -> None:
    bench.write(
        lambda uow: plant_events.tell(
            uow, bench.plant, line=LINE, station=station, event=event, note=None, actor=ANNA
        )
    )


def test_a_station_offers_what_its_own_checks_wait_for_and_no_event_of_the_software() -> None:
    assert shown(a_bench()).offered == (PlantEvent.CHANGEOVER, PlantEvent.TOOL_CHANGE)


def test_a_station_shows_what_was_told_of_it_and_of_its_line_the_latest_first() -> None:
    bench = a_bench()
    tell(bench, PlantEvent.LOT, None)
    bench.pass_time(60)
    tell(bench, PlantEvent.TOOL_CHANGE, OP20)
    bench.pass_time(60)
    tell(bench, PlantEvent.TOOL_CHANGE, OP20)
    tell(bench, PlantEvent.LOT, OP30)
    told = shown(bench).told
    assert [(each.event, each.is_told_again) for each in told] == [
        (PlantEvent.TOOL_CHANGE, True),
        (PlantEvent.TOOL_CHANGE, False),
        (PlantEvent.LOT, False),
    ]
    assert all(each.by is not None and each.by.name == "2207" for each in told)
    bench.pass_time(9 * 3600)
    assert shown(bench).told == ()
