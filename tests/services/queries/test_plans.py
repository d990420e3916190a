"""The control plan as records print it."""

from redrabbit.domain.records import RunRecord
from redrabbit.services.queries.plans import plan_label
from tests.stored import bare


def test_a_plan_is_its_number_with_its_revision() -> None:
    assert plan_label(bare(RunRecord, plan_number="CP-204", plan_revision="F")) == "CP-204 rev F"
