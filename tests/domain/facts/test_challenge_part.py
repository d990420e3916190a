"""What happens to a challenge part outside of runs."""

from redrabbit.domain.identity import CONFIGURATION, Actor, How
from redrabbit.domain.records import ChallengePartRecord
from tests.domain.folded import AT, ISSUED, PART, RUN, a_ledger, at, values


def test_registering_a_part_again_keeps_its_custody_and_uses() -> None:
    ledger = a_ledger()
    ledger.say("part_missing", 5, part_id="RR-0001")
    ledger.say("part_registered", 10, **(PART | {"storage": "drawer B9"}))
    part = ledger.the(ChallengePartRecord, "RR-0001")
    assert (part.storage, part.custody, part.custody_at) == ("drawer B9", "missing", at(5))
    ledger.say("part_found", 20, part_id="RR-0001")
    assert ledger.the(ChallengePartRecord, "RR-0001").custody == "stored"


def test_a_quarantined_part_keeps_the_reason() -> None:
    ledger = a_ledger()
    ledger.say(
        "part_state_changed",
        5,
        part_id="RR-0001",
        state="quarantined",
        state_code="person",
        state_text="dropped",
    )
    part = ledger.the(ChallengePartRecord, "RR-0001")
    assert values(part, "state", "state_code", "state_text", "state_by", "state_entry") == {
        "state": "quarantined",
        "state_code": "person",
        "state_text": "dropped",
        "state_by": "name:anna",
        "state_entry": ledger.entries[-1].index,
    }


def test_who_changed_a_parts_state_outlives_another_registration() -> None:
    """The file says again what it is; only another state is somebody's new decision."""
    ledger = a_ledger()
    ledger.say("part_state_changed", 5, part_id="RR-0001", state="quarantined", state_code="person")
    quarantined = ledger.entries[-1].index
    ledger.actor = CONFIGURATION
    again = PART | {"state": "quarantined", "storage": "drawer B9"}
    ledger.say("part_registered", 10, **again)
    part = ledger.the(ChallengePartRecord, "RR-0001")
    assert (part.state_by, part.state_entry, part.state_at) == ("name:anna", quarantined, at(5))
    ledger.say("part_registered", 20, **(PART | {"state": "unreleased"}))
    part = ledger.the(ChallengePartRecord, "RR-0001")
    assert (part.state_by, part.state_how, part.state_at) == ("configuration", How.SYSTEM, at(20))


def test_everybody_who_quarantined_since_the_last_release_is_kept() -> None:
    """Else who quarantined first releases it as another person, once somebody else has quarantined it again."""
    ledger = a_ledger()

    def told(minute: int, state: str, by: Actor) -> list[str]:
        ledger.actor = by
        code = "person" if by.how is How.STATED else "not_in_configuration"
        ledger.say("part_state_changed", minute, part_id="RR-0001", state=state, state_code=code)
        return ledger.the(ChallengePartRecord, "RR-0001").taken_out_by

    anna, bernd = Actor.stated("name:anna"), Actor.stated("name:bernd")
    assert ledger.the(ChallengePartRecord, "RR-0001").taken_out_by == []
    assert told(5, "quarantined", anna) == ["name:anna"]
    assert told(6, "quarantined", bernd) == ["name:anna", "name:bernd"]
    assert told(7, "quarantined", anna) == ["name:anna", "name:bernd"]
    assert told(8, "retired", CONFIGURATION) == ["name:anna", "name:bernd"]
    ledger.actor = CONFIGURATION
    ledger.say("part_registered", 9, **(PART | {"state": "quarantined", "storage": "B9"}))
    assert ledger.the(ChallengePartRecord, "RR-0001").taken_out_by == ["name:anna", "name:bernd"]
    assert told(10, "released", Actor.stated("name:chen")) == []
    assert told(11, "quarantined", bernd) == ["name:bernd"]
    ledger.actor = CONFIGURATION
    ledger.say("part_registered", 12, **(PART | {"state": "unreleased"}))
    assert ledger.the(ChallengePartRecord, "RR-0001").taken_out_by == []


def test_a_piece_on_another_line_is_moved_by_facts_of_its_home_only() -> None:
    """D50: one record, one stream."""
    ledger = a_ledger()
    run = RUN | {"run_id": "line2-R-1", "line": "line2", "occurrence_id": None}
    ledger.say_on("line2", "run_started", 60, **run)
    before = ledger.the(ChallengePartRecord, "RR-0001")
    issued = ISSUED | {"run_id": "line2-R-1"}
    ledger.say_on("line2", "part_issued", 70, **issued)
    presented = {"run_id": "line2-R-1", "step": 0, "attempt": 1, "presented_how": "edge"}
    ledger.say_on("line2", "part_presented", 75, **AT, **presented)
    assert ledger.the(ChallengePartRecord, "RR-0001") == before
    over = {"part_id": "RR-0001", "run_id": "line2-R-1"}
    ledger.say("part_handed_over", 70, **over, to_line="line2", use_number=1)
    part = ledger.the(ChallengePartRecord, "RR-0001")
    assert values(part, "stream", "custody", "run_id", "uses") == {
        "stream": "line1",
        "custody": "issued",
        "run_id": "line2-R-1",
        "uses": 1,
    }
    back = {"run_id": "line2-R-1", "step": 0, "run_step": 1, "part_id": "RR-0001"}
    ledger.say_on("line2", "part_given_back", 90, **AT, **back, state="awaiting_part")
    assert ledger.the(ChallengePartRecord, "RR-0001").custody == "issued"
    ledger.say("part_handed_back", 90, **over, from_line="line2")
    part = ledger.the(ChallengePartRecord, "RR-0001")
    assert (part.custody, part.run_id, part.uses) == ("stored", None, 1)
