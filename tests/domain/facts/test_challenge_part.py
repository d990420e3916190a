"""What happens to a challenge part outside of runs."""

from redrabbit.domain.records import ChallengePartRecord
from tests.domain.folded import PART, a_ledger, at


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
        "part_state_changed", 5, part_id="RR-0001", state="quarantined", state_reason="dropped"
    )
    part = ledger.the(ChallengePartRecord, "RR-0001")
    assert (part.state, part.state_reason) == ("quarantined", "dropped")
