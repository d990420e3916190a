"""Why a run is made, in words."""

from redrabbit.domain.records import RunRecord
from redrabbit.domain.schedule import OnDemand
from redrabbit.services.queries.why_made import why_message
from tests.plants import BEGIN, TORQUE_CHECK, a_check, a_plant
from tests.services.queries.at_op20 import AtOp20


def why(bench: AtOp20, run: RunRecord) -> tuple[str, dict[str, object]]:
    message = bench.ask(lambda reader: why_message(reader, run))
    return message.code, dict(message.params)


def test_a_run_for_a_scheduled_check_names_its_times() -> None:
    bench = AtOp20()
    code, params = why(bench, bench.start(TORQUE_CHECK))
    assert code == "why.due"
    assert (params["due_at"] - BEGIN).total_seconds() == 600  # type: ignore[operator]  # because it is an instant


def test_a_run_that_nothing_asked_for_is_on_demand() -> None:
    bench = AtOp20(a_plant(a_check(schedule=OnDemand())))
    assert why(bench, bench.start()) == ("why.on_demand", {})


def test_a_re_verification_names_its_case() -> None:
    bench = AtOp20()
    bench.miss()
    bench.repair()
    assert why(bench, bench.start(case="line1-C-1")) == (
        "why.reverification",
        {"containment": "line1-C-1"},
    )
