"""What the operator's page asks of a part, and what the run's page says of it (D33)."""

from dataclasses import replace

import pytest

from redrabbit.domain.identity import SignalName
from redrabbit.domain.records import PartToldRecord
from redrabbit.domain.station_says import Asked, SaidOf, Source, StationSays
from redrabbit.domain.text import Text
from redrabbit.services.queries.people import names_in
from redrabbit.services.queries.run import run_page
from redrabbit.services.queries.telling import told_shown
from tests.plants import OP20
from tests.services.test_telling_of_parts import NEST, SIDES, Telling, telling

LEFT = Text(en="Left", zh="左")
NAMED = Asked(by=Source.TAP, values=("l", "r"), words={"l": LEFT})
SCANNED = Asked(by=Source.SCAN)


def a_bench() -> Telling:
    says = StationSays(asked={SaidOf.VARIANT: NAMED, SaidOf.SERIAL: SCANNED})
    bench = Telling(telling(says))
    bench.start()
    return bench


def asked(bench: Telling) -> list[tuple[str, bool, object]]:
    """Return what is asked, whether now, and what was told of it."""
    return [(e.title.code, e.is_asked_now, e.told) for e in bench.run_shown().tellings]


def test_one_thing_is_asked_at_a_time_and_the_part_last() -> None:
    bench = a_bench()
    assert asked(bench) == [("tell.scan.serial", True, None), ("tell.tap.variant", False, None)]
    assert bench.run_shown().now_doing.title.code == "tell.scan.serial"
    assert bench.run_shown().expected_scan is None
    bench.tell("serial", "S-17")
    assert asked(bench) == [("tell.scan.serial", False, "S-17"), ("tell.tap.variant", True, None)]
    bench.tell("variant", "l")
    assert asked(bench) == [("tell.scan.serial", False, "S-17"), ("tell.tap.variant", False, LEFT)]
    assert bench.run_shown().now_doing.title.code == "do.awaiting_part"
    assert bench.run_shown().expected_scan == "take"
    (_, variant) = bench.run_shown().tellings
    assert [(tap.value, tap.words, tap.is_chosen) for tap in variant.taps] == [
        ("l", LEFT, True),
        ("r", "r", False),
    ]


def test_nothing_more_is_asked_once_the_part_is_taken() -> None:
    bench = a_bench()
    bench.tell("serial", "S-17")
    bench.tell("variant", "l")
    bench.scan()
    assert bench.run_shown().tellings == ()


THIRD = Text(en="third", zh="第三")


@pytest.mark.parametrize("occupied", [False, True], ids=["free", "a part in another nest"])
@pytest.mark.parametrize(
    ("words", "shown"), [({"3": THIRD}, THIRD), ({}, "3")], ids=["named", "its value"]
)
def test_the_part_is_asked_for_in_the_nest_that_was_told(
    words: dict[str, Text], shown: Text | str, occupied: bool
) -> None:
    """D29: parts in other nests are passed over, so none of them counts as ours, and none is in the way."""
    nests = Asked(by=Source.TAP, values=("1", "3"), words=words)
    bench = Telling(telling(StationSays(nest=NEST, asked={SaidOf.NEST: nests})))
    bench.start()
    bench.tell("nest", "3")
    assert bench.run_shown().now_doing.title.code == "do.awaiting_part"
    bench.scan()
    bench.read(OP20, part_present=occupied, nest=1)
    doing = bench.run_shown().now_doing
    assert (doing.title.code, doing.title.params["place"]) == ("do.armed_nest", shown)
    assert doing.detail.code == "do.armed_nest.detail"
    assert doing.detail.params["left"] is not None


def test_the_record_says_who_told_what_and_how() -> None:
    bench = a_bench()
    bench.tell("serial", "S-17")
    bench.tell("variant", "r")
    bench.judged("RR-0001", rejected=True, reject_code=11)
    now = bench.clock.now()
    run = bench.run_shown().run
    page = bench.ask(lambda reader: run_page(reader, bench.plant, run, now))
    (shown,) = page.presentations
    assert [each.code for each in shown.said] == ["said.serial", "said.variant"]
    assert [each.words.code for each in shown.told] == ["told.scan", "told.tap"]
    told = bench.ask(lambda reader: reader.find(PartToldRecord))
    names = bench.ask(names_in)
    station = bench.plant.stations[0]
    assert [told_shown(each, names, station) for each in told] == list(shown.told)


def test_what_was_tapped_is_said_in_the_words_of_the_button() -> None:
    bench = a_bench()
    bench.tell("serial", "S-17")
    bench.tell("variant", "l")
    bench.judged("RR-0001", rejected=True, reject_code=11)
    now, run = bench.clock.now(), bench.run_shown().run
    (shown,) = bench.ask(lambda reader: run_page(reader, bench.plant, run, now)).presentations
    assert [each.params["value"] for each in shown.said] == ["S-17", LEFT]
    assert [each.words.params["value"] for each in shown.told] == ["S-17", LEFT]
    gone = replace(bench.plant, stations=())
    (shown,) = bench.ask(lambda reader: run_page(reader, gone, run, now)).presentations
    assert [each.params["value"] for each in shown.said] == ["S-17", "l"]


def test_what_should_have_been_told_and_is_not_known_is_said() -> None:
    says = StationSays(asked={SaidOf.VARIANT: SIDES})
    bench = Telling(telling(says, presented=None, part_code=SignalName("part_code")))
    bench.start()
    bench.read(OP20, part_code="RR-0001")
    bench.answer(rejected=True, reject_code=11)
    now, run = bench.clock.now(), bench.run_shown().run
    page = bench.ask(lambda reader: run_page(reader, bench.plant, run, now))
    assert [each.code for each in page.presentations[0].said] == ["said.variant.unknown"]
    assert page.presentations[0].told == ()
