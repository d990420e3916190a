"""Each act that may be asked for names its record, and is made again of its request (D45)."""

from typing import Any

import pytest

from redrabbit.domain import acts, plan_acts
from redrabbit.domain.approval import Approvable
from redrabbit.domain.asked_acts import ASKED, act_asked
from redrabbit.domain.identity import ContainmentId, OccurrenceId, PartId
from redrabbit.domain.records import ApprovalRecord
from tests.stored import bare

EXAMPLES: tuple[acts.Act[Any], ...] = (
    acts.ReleasePart(part_id=PartId("RR-0001")),
    acts.CloseContainment(containment_id=ContainmentId("line1-C-1")),
    acts.Excuse(occurrence_id=OccurrenceId("line1-O-1"), reason="no parts"),
    plan_acts.approval_here("ab" * 32),
)


def test_every_decision_has_its_act() -> None:
    assert {what for what, _, _ in ASKED.values()} == set(Approvable)
    assert [type(act) for act in EXAMPLES] == list(ASKED)


@pytest.mark.parametrize("act", EXAMPLES, ids=lambda act: act.KIND)
def test_an_act_is_made_again_of_its_request_with_all_that_it_said(act: acts.Act[Any]) -> None:
    what, subject, name = ASKED[type(act)]
    request = bare(
        ApprovalRecord,
        act=what,
        subject=subject,
        subject_id=getattr(act, name),
        reason_text=getattr(act, "reason", None),
    )
    assert act_asked(request) == act
