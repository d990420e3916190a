"""What the operator tells of a part, from the tap to the record (D29, D33)."""

from dataclasses import replace
from typing import Any

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.fulfilment import NotCounted
from redrabbit.domain.grade import KnownBy
from redrabbit.domain.identity import PartId, SignalName
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import (
    ContainmentRecord,
    OccurrenceRecord,
    PartToldRecord,
    PresentationRecord,
)
from redrabbit.domain.run_words import Verdict
from redrabbit.domain.signals import Encoding, Table
from redrabbit.domain.station_says import Asked, SaidOf, Source, StationSays
from tests.plants import OP20, a_check, a_plant, a_signal
from tests.services.queries.at_op20 import ANNA, AtOp20

NEST = SignalName("nest")
FOUR = Asked(by=Source.TAP, values=("1", "2", "3", "4"))
SIDES = Asked(by=Source.TAP, values=("left", "right"))
BY_NEST = StationSays(nest=NEST, asked={SaidOf.NEST: FOUR, SaidOf.VARIANT: SIDES})
BY_TAP = StationSays(asked={SaidOf.VARIANT: SIDES})


def telling(says: StationSays, **rule: Any) -> Plant:
    """Return a plant whose OP20 says this, with a run of one part."""
    plant = a_plant(a_check(parts=(PartId("RR-0001"),)))
    station, *others = plant.stations
    nest = a_signal(NEST, Table.HOLDING_REGISTER, 30, Encoding.UINT16)
    (device,) = station.devices
    changed = replace(
        station,
        signals=(*station.signals, nest),
        says=says,
        devices=(replace(device, rule=replace(device.rule, **rule)),),
    )
    return replace(plant, stations=(changed, *others))


class Telling(AtOp20):
    """A bench whose operator tells what is asked."""

    def tell(self, of: str, value: str) -> None:
        self.pass_time(1)
        self.settle(self.owner.tell(of, value, actor=ANNA, now=self.clock.now()))

    def presentation(self) -> PresentationRecord:
        """Return the presentation made last."""
        return self.ask(lambda reader: reader.find(PresentationRecord))[-1]

    def outcome(self) -> str | None:
        """Return what became of the scheduled check."""
        (found,) = self.ask(lambda reader: reader.find(OccurrenceRecord))
        return found.outcome


def by_nest() -> Telling:
    bench = Telling(telling(BY_NEST))
    bench.read(OP20, nest=1)
    bench.start()
    bench.tell("variant", "left")
    bench.tell("nest", "2")
    bench.tell("nest", "3")
    bench.scan()
    return bench


def finish(bench: Telling) -> None:
    bench.give_back()
    bench.pass_time(1)  # until nothing takes the verdict back any more (decision 0024)
    bench.confirm()


def test_ours_is_known_by_its_nest_and_the_record_says_who_told_what() -> None:
    bench = by_nest()
    bench.see_free()
    bench.read(OP20, part_present=True, nest=2)  # another part, rejected
    bench.answer(rejected=True, reject_code=11)
    bench.take_off()
    bench.read(OP20, part_present=True, nest=3)
    bench.answer(rejected=True, reject_code=11)
    finish(bench)

    kept = bench.presentation()
    assert (kept.verdict, kept.identity_kind) == (Verdict.DETECTED, KnownBy.NEST)
    assert (kept.variant, kept.nest, kept.not_counted) == ("left", "3", None)
    assert kept.sources == '{"nest":"signal","variant":"tap"}'
    assert bench.outcome() == "passed"
    told = bench.ask(lambda reader: reader.find(PartToldRecord))
    assert {(t.of, t.value, t.source, t.told_by) for t in told} == {
        (SaidOf.VARIANT, "left", Source.TAP, ANNA.id),
        (SaidOf.NEST, "3", Source.TAP, ANNA.id),
    }


def test_what_was_told_is_known_after_a_restart() -> None:
    bench = Telling(telling(BY_TAP))
    bench.start()
    bench.tell("variant", "right")
    bench.restart()
    bench.read(OP20)
    bench.judged("RR-0001", rejected=True, reject_code=11)
    finish(bench)
    assert bench.presentation().variant == "right"
    assert bench.outcome() == "passed"


def test_nothing_is_taken_before_it_is_told() -> None:
    bench = Telling(telling(BY_TAP))
    bench.start()
    with pytest.raises(Refusal) as refused:
        bench.scan()
    assert refused.value.code == "not_told"
    assert bench.ask(lambda reader: reader.find(PresentationRecord)) == []


@pytest.mark.parametrize("answer", ["rejected", "accepted"])
def test_a_part_that_the_station_read_before_anything_was_told_counts_only_against_the_device(
    answer: str,
) -> None:
    """L3, L4: nobody tests first and says afterwards what it was; a miss is one all the same."""
    plant = telling(BY_TAP, presented=None, part_code=SignalName("part_code"), within_s=2.0)
    bench = Telling(plant)
    bench.start()
    bench.pass_time(1)
    bench.read(OP20, part_code="RR-0001")
    if answer == "rejected":
        bench.answer(rejected=True, reject_code=11)
    else:
        bench.answer(accepted=True)
    bench.read(OP20, part_code="")
    finish(bench)
    kept = bench.presentation()
    assert (kept.variant, kept.sources) == (None, '{"variant":"tap"}')
    assert kept.not_counted is NotCounted.NOT_TOLD
    cases = bench.ask(lambda reader: reader.find(ContainmentRecord))
    if answer == "rejected":
        assert (bench.outcome(), cases) == (None, [])
    else:
        assert bench.outcome() == "failed"
        assert [case.variant for case in cases] == [None]
