"""A remark stands with its run and changes nothing of it."""

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import Actor, RunId
from redrabbit.domain.records import RemarkRecord, RunRecord
from redrabbit.services.remarking import remark
from tests.plants import OP20, TORQUE_CHECK, Bench

LI = Actor.stated("Li")


def test_remarks_are_kept_in_their_order_and_the_run_stays_as_it_was() -> None:
    bench = Bench()
    run = bench.settle(
        bench.owners[OP20].start(
            check_id=TORQUE_CHECK,
            occurrence_id=None,
            containment_id=None,
            actor=LI,
            now=bench.clock.now(),
        )
    )
    assert run is not None
    before = bench.database.read_now(lambda reader: reader.get(RunRecord, run.run_id))
    bench.write(lambda uow: remark(uow, run.run_id, text="the lamp was dim", actor=LI))
    bench.write(lambda uow: remark(uow, run.run_id, text=" cleaned it ", actor=LI))
    kept = bench.database.read_now(lambda reader: reader.find(RemarkRecord))
    assert [(one.place, one.text, one.remarked_by) for one in kept] == [
        (1, "the lamp was dim", "Li"),
        (2, "cleaned it", "Li"),
    ]
    assert bench.database.read_now(lambda reader: reader.get(RunRecord, run.run_id)) == before


@pytest.mark.parametrize(("run", "text", "code"), [("line1-R-9", "x", "no_such_run")])
def test_a_remark_needs_a_run(run: str, text: str, code: str) -> None:
    with pytest.raises(Refusal) as refused:
        Bench().write(lambda uow: remark(uow, RunId(run), text=text, actor=LI))
    assert refused.value.code == code


@pytest.mark.parametrize("text", ["", "\u200b", "x" * 501])
def test_a_remark_is_a_text(text: str) -> None:
    """D24."""
    with pytest.raises(Refusal) as refused:
        Bench().write(lambda uow: remark(uow, RunId("line1-R-1"), text=text, actor=LI))
    assert refused.value.code.startswith("text_")
