"""The run's state diagram as Mermaid text, drawn from the table of transitions.

`docs/house.md` shows it; a test compares the two, so the picture can't grow old. Only the table is read:
what is not in it can't happen. Source: the Mermaid state diagram syntax.
"""

from collections.abc import Mapping

from redrabbit.domain.run import (
    Aborted,
    Confirmed,
    DeadlineExpired,
    Disowned,
    GivenBack,
    NotRecorded,
    Observed,
    Restarted,
    SaidHeld,
    Scanned,
    Tapped,
    Told,
)
from redrabbit.domain.run_transitions import Transition
from redrabbit.domain.run_words import RunState

Transitions = Mapping[tuple[RunState, type], Transition]


def mermaid(transitions: Transitions) -> str:
    """Return the diagram, without the fence around it; an arrow carries all that leads its way.

    Events after which a run stays where it is are left out: they are readings and expiries.
    """
    labels: dict[tuple[RunState, RunState], list[str]] = {}
    for (state, event), transition in transitions.items():
        for to in transition.to:
            if to is not state:
                labels.setdefault((state, to), []).append(LABELS[event])
    states = [state for state in RunState if any(state in arrow for arrow in labels)]
    return "\n".join(
        [
            "stateDiagram-v2",
            *(f"    {state.value}: {state.value.replace('_', ' ')}" for state in states),
            *(f"    [*] --> {state.value}: started" for state in states[:1]),
            *(
                f"    {state.value} --> {to.value}: {', '.join(words)}"
                for (state, to), words in labels.items()
            ),
            *(f"    {state.value} --> [*]" for state in states if _is_end(state, transitions)),
        ]
    )


def _is_end(state: RunState, transitions: Transitions) -> bool:
    return all(at is not state for at, _ in transitions)


LABELS: Mapping[type, str] = {
    Scanned: "part scanned",
    Told: "operator tells",
    Tapped: "operator's tap",
    SaidHeld: "feed said to be held",
    Disowned: "not the part",
    Observed: "station read",
    DeadlineExpired: "time over",
    GivenBack: "part given back",
    Confirmed: "confirmed",
    Aborted: "aborted",
    Restarted: "restarted",
    NotRecorded: "not recorded",
}
"""What each event is called on its arrow."""
