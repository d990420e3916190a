"""The product stands still in mid-shift, and its checkers can fail: a bug is planted, and the law that it breaks is named."""

from typing import Any

import pytest

from redrabbit.domain import unwatched
from redrabbit.domain.facts.plant import NotWatchedWhy
from redrabbit.domain.machine_watch import MachineWatch
from redrabbit.domain.observation import Reason
from redrabbit.domain.rule import OnSilence
from redrabbit.domain.run_words import Verdict, Why
from redrabbit.domain.verdict import Judgement
from redrabbit.services import fenced_database, loop_watch
from redrabbit.services.fenced_database import FencedDatabase
from redrabbit.services.loop_watch import note_holes
from simulators.faults import FaultKind
from tests.simulation.test_checkers import aim, broken, judge_otherwise

pytestmark = pytest.mark.simulation
PATCH = pytest.MonkeyPatch


@pytest.fixture(autouse=True)
def standing_still(monkeypatch: PATCH) -> None:
    aim(monkeypatch, FaultKind.FREEZE)


def test_a_hole_that_nobody_records_breaks_r12(monkeypatch: PATCH) -> None:
    monkeypatch.setattr(fenced_database, "note_holes", lambda *_args: None)

    broken("R12", what="recorded before that nobody watched")


def test_a_hole_that_is_recorded_after_what_was_decided_breaks_r12(monkeypatch: PATCH) -> None:
    def late(self: FencedDatabase, uow: Any, command: Any) -> Any:
        result, holes = command(uow), self._loop_watch.holes()
        note_holes(uow, holes)
        return result, holes, ()

    monkeypatch.setattr(FencedDatabase, "_fenced", late)

    broken("R12", what="recorded before that nobody watched")


def test_a_hole_where_somebody_watched_breaks_r12(monkeypatch: PATCH) -> None:
    monkeypatch.setattr(loop_watch, "STANDS_STILL_AFTER_S", 3.9)

    broken("R12", what="somebody did")


def test_a_lapse_that_accuses_people_of_what_nobody_watched_breaks_r12(monkeypatch: PATCH) -> None:
    monkeypatch.setattr(unwatched, "NOBODY", (NotWatchedWhy.DOWN, NotWatchedWhy.CLOCK))

    broken("R12", what="awaited not_watching")


def test_a_lapse_that_excuses_people_though_somebody_watched_breaks_r12(monkeypatch: PATCH) -> None:
    monkeypatch.setattr(unwatched, "_is_doubted", lambda *_args: True)

    broken("R12", what="awaited")


def test_a_machine_that_is_said_to_stand_while_nobody_looked_breaks_l3(monkeypatch: PATCH) -> None:
    """The answer that was under way is from before; so its heart is as it was."""
    real = MachineWatch.take

    def looked_all_the_while(self: MachineWatch, acquisition: Any) -> Any:
        taken = real(self, acquisition)
        unseen = taken.failure is Reason.NOT_YET_READ and self._beat_at is not None
        return self._withhold(taken, Reason.NOT_RUNNING) if unseen else taken

    monkeypatch.setattr(MachineWatch, "take", looked_all_the_while)

    broken("L3", what="not_running without a cause", seeds=range(30, 60))


def test_a_silence_that_nobody_heard_breaks_l3(monkeypatch: PATCH) -> None:
    """D12, D30: neither missed nor accepted by it."""
    judge_otherwise(
        monkeypatch,
        lambda one: (
            Judgement(verdict=Verdict.MISSED, decided_at=one.decided_at)
            if one.why is Why.LINK_LOST
            else one
        ),
        where=lambda rule: rule.on_silence is OnSilence.MISSED,
    )

    broken("L3", what="silence over a lost link")


def test_a_part_that_is_said_to_have_left_and_did_not_breaks_l3(monkeypatch: PATCH) -> None:
    judge_otherwise(
        monkeypatch, lambda one: _as(one, Why.PART_LEFT) if one.why is Why.LINK_LOST else one
    )

    broken("L3", what="part_left without a cause")


def _as(one: Judgement, why: Why) -> Judgement:
    return Judgement(verdict=one.verdict, decided_at=one.decided_at, why=why)
