"""What one plan asks for otherwise than another, as codes with values."""

from dataclasses import replace
from datetime import time, timedelta

import pytest

from redrabbit.domain.control_plan import Check, ControlPlan
from redrabbit.domain.identity import PartId
from redrabbit.domain.plan_difference import plan_difference
from redrabbit.domain.rotation import Rotation
from redrabbit.domain.schedule import Daily
from redrabbit.domain.text import Text
from tests.plants import OP30, a_check


def plan(*checks: Check, revision: str = "A") -> ControlPlan:
    return ControlPlan(number="CP-1", revision=revision, effective_from=None, checks=checks)


def told(before: ControlPlan, after: ControlPlan) -> list[tuple[str, dict[str, object]]]:
    return [(each.code, dict(each.params)) for each in plan_difference(before, after)]


def test_another_revision_of_the_same_content_differs_in_nothing() -> None:
    assert plan_difference(plan(a_check()), plan(a_check(), revision="B")) == ()


@pytest.mark.parametrize(
    ("changes", "code", "params"),
    [
        (
            {"schedule": Daily(at=time(6))},
            "schedule",
            {"before": "every shift start", "after": "daily at 06:00"},
        ),
        ({"grace": timedelta(minutes=30)}, "grace", {"before": "20 min", "after": "30 min"}),
        (
            {"special_characteristic": "CC"},
            "special_characteristic",
            {"before": "-", "after": "CC"},
        ),
        ({"plan_line": "11"}, "plan_line", {"before": "10", "after": "11"}),
        (
            {"parts": (PartId("RR-0001"), PartId("GM-0001"), PartId("RR-0002"))},
            "parts_added",
            {"parts": "RR-0002"},
        ),
        (
            {"rotation": Rotation(within_shifts=3, at_least=2)},
            "rotation",
            {"before": "-", "after": "each failure mode within 3 shifts, at least 2 each shift"},
        ),
        ({"parts": (PartId("RR-0001"),)}, "parts_removed", {"parts": "GM-0001"}),
        (
            {"parts": (PartId("GM-0001"), PartId("RR-0001"))},
            "parts_reordered",
            {"parts": "GM-0001, RR-0001"},
        ),
        (
            {
                "reaction": (
                    Text(en="Stop", zh="停"),
                    Text(en="Hold the parts", zh="Hold the parts"),
                )
            },
            "reaction_step",
            {"step": 1, "before": "Stop the station", "after": "Stop"},
        ),
    ],
)
def test_each_change_of_a_check_is_one_difference(
    changes: dict[str, object], code: str, params: dict[str, object]
) -> None:
    changed = replace(a_check(), **changes)  # type: ignore[arg-type]  # because the case names the field
    assert told(plan(a_check()), plan(changed)) == [(code, params)]


def test_every_field_of_a_check_is_compared() -> None:
    """What a plan may change and nobody would be told of would be approved unread."""
    names = set(Check.__dataclass_fields__) - {"id", "line", "station"}  # the device says where
    compared = {
        "plan_line", "pfmea", "device", "parts", "schedule", "opens_before", "grace", "closes_after",
        "reaction", "arming_timeout_s", "return_timeout_s", "run_timeout_s",
        "escalate_after_inconclusive", "least_grade", "rotation",
    }  # fmt: skip
    assert names - compared == {"special_characteristic"}  # no plan file has it


def test_a_check_that_is_new_or_left_out_is_told() -> None:
    other = a_check("op30-torque", OP30)
    assert [code for code, _ in told(plan(a_check()), plan(other))] == [
        "check_new",
        "check_left_out",
    ]
