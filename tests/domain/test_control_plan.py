"""The control plan as a value."""

from redrabbit.domain.control_plan import ControlPlan
from tests.plants import a_check


def test_a_plan_is_printed_with_its_revision() -> None:
    plan = ControlPlan(number="CP-204", revision="F", effective_from=None, checks=(a_check(),))
    assert plan.label == "CP-204 rev F"
