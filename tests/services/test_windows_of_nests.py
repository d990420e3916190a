"""Suspect windows of one nest, from the count to the page: never too short, and told live (D34)."""

from collections.abc import Mapping
from dataclasses import replace

import pytest

from redrabbit.domain.identity import ContainmentId, PartId, SignalName
from redrabbit.domain.observation import Value
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import ContainmentRecord, PartCountRecord
from redrabbit.domain.signals import Encoding, Table
from redrabbit.domain.station_says import Asked, SaidOf, Source, StationSays
from redrabbit.domain.text import Text
from redrabbit.services.queries.containment import containment_page
from tests.plants import OP20, TORQUE_CHECK, a_check, a_plant, a_signal
from tests.services.queries.at_op20 import AtOp20

NEST = SignalName("nest")


def a_table() -> Plant:
    """Return a plant whose OP20 tells the nest of each part."""
    plant = a_plant(a_check(parts=(PartId("RR-0001"),)))
    station, *others = plant.stations
    nest = a_signal(NEST, Table.HOLDING_REGISTER, 30, Encoding.UINT16)
    says = StationSays(nest=NEST, words={SaidOf.NEST: ("1", "2")})
    telling = replace(station, signals=(*station.signals, nest), says=says)
    return replace(plant, stations=(telling, *others))


class Turning(AtOp20):
    """A bench whose station makes parts in two nests."""

    def __init__(self) -> None:
        super().__init__(a_table())
        self.made = 1000
        self.read(OP20, nest=1)

    def make(self, nest: int, parts: int = 1) -> None:
        """Make parts in one nest, each seen on its own."""
        for _ in range(parts):
            self.pass_time(0.5)
            self.read(OP20, nest=nest)
            self.watch(3)
            self.made += 1
            self.pass_time(0.5)
            self.read(OP20, part_count=self.made)
            self.watch(1)

    def watch(self, polls: int) -> None:
        """Read the station so often; nothing changes."""
        for _ in range(polls):
            self.pass_time(0.5)
            self.read(OP20)

    def check(self, nest: int, answer: Mapping[str, Value], *, case: str | None = None) -> None:
        """Verify the device in one nest."""
        self.start(TORQUE_CHECK, case=case)
        self.read(OP20, nest=nest)
        self.judged("RR-0001", **answer)
        self.give_back()
        self.confirm()

    def cases(self) -> list[ContainmentRecord]:
        """Return all cases."""
        return self.ask(lambda reader: reader.find(ContainmentRecord))


DETECTED: Mapping[str, Value] = {"rejected": True, "reject_code": 11}
MISSED: Mapping[str, Value] = {"accepted": True}


def a_miss_in_nest_1() -> Turning:
    bench = Turning()
    bench.check(1, DETECTED)
    bench.check(2, DETECTED)
    bench.make(1, 3)
    bench.make(2, 4)
    bench.check(1, MISSED)
    return bench


def test_a_window_counts_what_was_made_in_its_nest() -> None:
    bench = a_miss_in_nest_1()
    (case,) = bench.cases()
    assert case.nest == "1"
    assert case.window_from_run == "line1-R-1"
    assert (case.quantity, case.quantity_unknown) == (3, 0)


def test_what_was_made_while_nobody_read_is_in_it() -> None:
    bench = Turning()
    bench.check(1, DETECTED)
    bench.make(2, 2)
    bench.fail(OP20)
    bench.made += 5
    bench.pass_time(0.5)
    bench.shown[OP20]["part_count"] = bench.made
    bench.read(OP20, **bench.shown[OP20])  # all is told anew after a failure
    bench.make(2, 2)
    bench.check(1, MISSED)
    (case,) = bench.cases()
    assert (case.quantity, case.quantity_unknown) == (5, 5)


def test_each_nest_has_its_own_case_and_its_own_re_verification() -> None:
    bench = a_miss_in_nest_1()
    bench.check(2, MISSED)
    first, second = bench.cases()
    assert (first.nest, second.nest) == ("1", "2")
    assert second.quantity == 4
    bench.repair(second.containment_id)
    bench.check(1, DETECTED, case=second.containment_id)
    assert [case.state for case in bench.cases()] == ["open", "open"]
    bench.check(2, DETECTED, case=second.containment_id)
    assert [case.state for case in bench.cases()] == ["open", "reverified"]


def test_an_open_window_is_counted_on_live_for_its_nest() -> None:
    bench = a_miss_in_nest_1()
    bench.make(2, 5)
    assert bench.page().cases[0].case.quantity == 3
    bench.make(1, 2)
    (here,) = bench.page().cases
    assert (here.case.quantity, here.case.is_counting, here.case.at_least) == (5, True, True)
    assert here.badge.words.params["parts"].params["n"] == 5  # type: ignore[attr-defined]  # a message in a message
    assert bench.cases()[0].quantity == 3, "recorded once something is"
    views = {OP20: bench.owner.view(bench.clock.now())}
    name = ContainmentId("line1-C-1")
    shown = bench.ask(
        lambda reader: containment_page(reader, bench.plant, name, bench.clock.now(), views)
    )
    assert (shown.case.quantity, shown.case.nest) == (5, "1")


LEFT = Text(en="left", zh="左")


@pytest.mark.parametrize(
    ("words", "shown"),
    [({"1": LEFT}, LEFT), ({"2": LEFT}, "1"), ({}, "1")],
    ids=["named", "another is named", "none is named"],
)
def test_a_page_says_a_nest_as_its_station_s_file_does(
    words: Mapping[str, Text], shown: Text | str
) -> None:
    bench = a_miss_in_nest_1()
    (case,) = bench.cases()
    station, *others = bench.plant.stations
    asked = {SaidOf.NEST: Asked(by=Source.TAP, values=("1", "2"), words=words)}
    telling = replace(station, says=replace(station.says, asked=asked))
    plant = replace(bench.plant, stations=(telling, *others))
    page = bench.ask(
        lambda reader: containment_page(reader, plant, case.containment_id, bench.clock.now())
    )
    assert page.case.nest == shown
    assert page.case.variant is None


def test_the_ledger_tells_of_which_nest_the_count_is() -> None:
    bench = a_miss_in_nest_1()
    told = bench.ask(lambda reader: reader.find(PartCountRecord, order_by="entry"))[-1]
    assert [(each.nest, each.made) for each in told.count.known] == [("1", 3), ("2", 4)]


@pytest.mark.parametrize("nest", [1, 2])
def test_a_nest_that_changed_while_the_part_was_there_is_not_known(nest: int) -> None:
    """D34: then the window holds what was made in all of them."""
    bench = Turning()
    bench.check(1, DETECTED)
    bench.check(2, DETECTED)
    bench.make(1, 3)
    bench.make(2, 4)
    bench.start(TORQUE_CHECK)
    bench.read(OP20, nest=nest)
    bench.scan("RR-0001")
    bench.put_on()
    bench.pass_time(0.2)
    bench.read(OP20, nest=3 - nest)
    bench.answer(accepted=True)
    (case,) = bench.cases()
    assert (case.nest, case.window_from_run, case.quantity) == (None, "line1-R-1", 7)
