"""One law of all queues: whatever the database answers for one station, the others go on (K3, B4).

Station OP20 has the trouble: its readings, the acts on it and the database's answers come in any order.
OP30, whose answers are always good, has a whole run meanwhile.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.run_words import RunState
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.station_queue import ANSWER_WITHIN_S, MOST_WAITING, RETRY_S
from tests.plants import OP20, OP30
from tests.services.queue_bench import (
    Answer,
    QueueBench,
    away,
    never,
    never_takes,
    never_takes_readings,
    takes_all,
    turns,
)

ANSWERS: dict[str, Answer] = {
    "takes all": takes_all,
    "is away": away,
    "never takes anything": never,
    "never takes readings": never_takes_readings,
    "never takes presentations": never_takes("part_presented"),
    "never takes stops": never_takes("run_stopped", "run_closed"),
    "fails by a bug": lambda event: ValueError("a bug") if event.type[0] in "pv" else None,
}
READINGS: dict[str, dict[str, bool | int | str]] = {
    "nothing new": {},
    "the part comes": {"part_present": True},
    "it is rejected": {"rejected": True, "reject_code": 11},
    "it is rejected for another reason": {"rejected": True, "reject_code": 12},
    "it is accepted": {"accepted": True},
    "another part comes": {"part_code": "RR-0003"},
    "it goes": {"part_present": False, "rejected": False, "accepted": False, "part_code": ""},
}
ACTS = ("scan", "abort", "start", "give back")


@dataclass(frozen=True)
class Happening:
    """One thing that happens at the station with the trouble."""

    what: str
    """A reading, an answer of the database from now on, an act, or that time passes."""
    seconds: float = 0.0


HAPPENINGS = st.one_of(
    st.sampled_from(list(READINGS)).map(Happening),
    st.sampled_from(list(READINGS)).map(Happening),
    st.sampled_from(list(ANSWERS)).map(Happening),
    st.sampled_from(ACTS).map(Happening),
    st.sampled_from(ACTS).map(Happening),
    st.sampled_from([0.5, 2.0, 70.0]).map(lambda seconds: Happening("time passes", seconds)),
)


STORIES = st.tuples(
    st.lists(HAPPENINGS, max_size=6),
    st.sampled_from(list(ANSWERS)).map(Happening),
    st.lists(HAPPENINGS, max_size=8),
).map(lambda parts: [*parts[0], parts[1], Happening("the part comes"), *parts[2]])
"""Most stories have the trouble before the part, so that something waits for it."""


def of(*whats: str) -> list[Happening]:
    """Return a story told in words."""
    return [Happening(what) for what in whats]


@given(STORIES)
@example(of("is away", "the part comes", "abort"))
@example(of("never takes readings", "the part comes", "it is rejected", "abort"))
@example(of("it is rejected", "takes all", "the part comes", "it goes", "it is rejected"))
@example([*of("is away", "the part comes"), Happening("time passes", 70.0), *of("it is rejected")])
@settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_the_database_answers_for_one_station_the_others_go_on(
    happenings: list[Happening],
) -> None:
    asyncio.run(story(happenings))


async def story(happenings: list[Happening]) -> None:
    bench = QueueBench()
    await bench.start()
    shown: list[str] = []
    answers: list[asyncio.Task[object]] = []
    for place, happening in enumerate(happenings):
        if place == len(happenings) // 2:
            bench.reads(OP30)
            await bench.start(OP30)
            await bench.show(OP30, rejected=True, reject_code=11)
            assert bench.verdict(OP30) == "detected", "another station's trouble held it up"
        await happen(bench, happening, shown, answers)
        assert bench.queue.recording.waiting <= MOST_WAITING
    await bench.pass_time(ANSWER_WITHIN_S)
    assert all(answer.done() for answer in answers), "an act was not answered within seconds"
    if bench.database.answer is not away:
        assert bench.queue.not_recording_since is None, "it tries what is never taken again"
    bench.database.answer = takes_all
    await bench.pass_time(RETRY_S)
    assert bench.queue.not_recording_since is None
    assert bench.queue.recording.waiting == 0
    assert_nothing_was_guessed(bench, shown)


async def happen(
    bench: QueueBench, happening: Happening, shown: list[str], answers: list[asyncio.Task[object]]
) -> None:
    if happening.what in READINGS:
        shown.append(happening.what)
        bench.reads(OP20, **READINGS[happening.what])
    elif happening.what in ANSWERS:
        bench.database.answer = ANSWERS[happening.what]
    elif happening.what in ACTS:
        answers.append(asyncio.create_task(answered(bench, happening.what)))
    else:
        await bench.pass_time(max(happening.seconds, RETRY_S))
    await turns()


async def answered(bench: QueueBench, act: str) -> object:
    """Ask for an act; a refusal and trouble are answers."""
    acts: dict[str, Callable[[], object]] = {
        "scan": lambda: bench.scan("RR-0001"),
        "abort": bench.abort,
        "start": bench.start,
        "give back": lambda: bench.give_back("RR-0001"),
    }
    try:
        return await acts[act]()  # type: ignore[misc]  # because each is a coroutine
    except (Refusal, StoreTrouble, ValueError) as error:
        return error


def assert_nothing_was_guessed(bench: QueueBench, shown: list[str]) -> None:
    """L1, L3: a detection rests on a rejection that was shown after the part, and no run hangs."""
    for run in bench.runs(OP20):
        verdict = bench.verdict_of(run)
        if verdict == "detected":
            since_the_part = shown[shown.index("the part comes") + 1 :]
            assert "it is rejected" in since_the_part
        if run.state is not RunState.CLOSED:
            owned = bench.queue.owner.run
            assert owned is not None
            assert (owned.id, owned.state) == (run.run_id, run.state)
