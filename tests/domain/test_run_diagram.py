from typing import get_args

from redrabbit.domain.run import Aborted, Advance, Confirmed, Event, Observed, Scanned
from redrabbit.domain.run_diagram import LABELS, mermaid
from redrabbit.domain.run_transitions import TRANSITIONS, Transition
from redrabbit.domain.run_words import RunState


def nothing(*_: object) -> Advance:
    raise AssertionError("a diagram moves no run")


def test_the_diagram_shows_states_arrows_begin_and_end() -> None:
    waiting, armed, closed = RunState.AWAITING_PART, RunState.ARMED, RunState.CLOSED
    table = {
        (waiting, Scanned): Transition(nothing, (armed,)),
        (armed, Observed): Transition(nothing, (armed, closed)),
        (armed, Confirmed): Transition(nothing, (closed,)),
        (armed, Aborted): Transition(nothing, (closed,)),
    }

    assert mermaid(table).splitlines() == [
        "stateDiagram-v2",
        "    awaiting_part: awaiting part",
        "    armed: armed",
        "    closed: closed",
        "    [*] --> awaiting_part: started",
        "    awaiting_part --> armed: part scanned",
        "    armed --> closed: station read, confirmed, aborted",
        "    closed --> [*]",
    ]


def test_an_empty_table_draws_nothing() -> None:
    assert mermaid({}) == "stateDiagram-v2"


def test_every_event_has_a_word_for_its_arrow() -> None:
    assert set(LABELS) == set(get_args(Event))


def test_the_runs_own_diagram_reaches_every_state_and_ends_only_closed() -> None:
    """L5: the one way to closed from a part that is out leads through its return."""
    lines = mermaid(TRANSITIONS).splitlines()

    assert {line.strip() for line in lines if "[*]" in line} == {
        "[*] --> awaiting_part: started",
        "closed --> [*]",
    }
    assert "    awaiting_return --> awaiting_confirmation: part given back" in lines
    assert {line.split()[0] for line in lines if "--> closed" in line} == {
        "awaiting_part",
        "awaiting_confirmation",
    }
    for state in RunState:
        assert any(f"--> {state.value}" in line for line in lines)
