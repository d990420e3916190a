"""What happens to the plant as a whole."""

from redrabbit.domain.records import AgentRecord, ConfigurationRecord, NotWatchedRecord
from tests.domain.folded import FoldedLedger, at


def test_a_configuration_is_kept_with_its_content() -> None:
    """D14."""
    ledger = FoldedLedger()
    files = {"plant.yaml": "plant: Testville\n"}
    ledger.say(
        "configuration_adopted", digest="c0ffee", software="test", plan="CP-1 rev A", files=files
    )
    kept = ledger.the(ConfigurationRecord, "c0ffee")
    assert kept.content == '{"plant.yaml":"plant: Testville\\n"}'


def test_a_life_of_the_agent_has_an_end_only_when_it_ended_well() -> None:
    ledger = FoldedLedger()
    ledger.say("agent_started", 0, agent_id=1, software="test")
    assert ledger.the(AgentRecord, 1).stopped_at is None
    ledger.say("agent_stopped", 60, agent_id=1)
    assert ledger.the(AgentRecord, 1).stopped_at == at(60)


def test_a_hole_in_the_watch_is_kept_from_begin_to_end() -> None:
    """R12."""
    ledger = FoldedLedger()
    entry = ledger.say_on(
        "plant", "not_watched", 20, begins_at=at(10), ends_at=at(20), why="frozen"
    )
    hole = ledger.the(NotWatchedRecord, entry.index)
    assert (hole.begins_at, hole.ends_at, hole.why) == (at(10), at(20), "frozen")


def test_a_clock_step_stands_in_the_ledger_only() -> None:
    """R46."""
    ledger = FoldedLedger()
    ledger.say("clock_stepped", 0, step_s=-420.0)
    assert ledger.records == {}
    assert ledger.entries[0].payload == {"step_s": -420.0}
