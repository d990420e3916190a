"""What stands beside a device's status: each case with what is known of it (D35)."""

from dataclasses import replace

import pytest

from redrabbit.base.messages import Message
from redrabbit.domain.device_marks import device_marks
from redrabbit.domain.device_status import DeviceFacts
from redrabbit.services.queries.beside_status import badges_shown, without_verdict
from redrabbit.services.queries.wording import message
from tests.builders import T0
from tests.domain.test_device_status import CASE


@pytest.mark.parametrize(
    ("quantity", "stopped", "lower_bound", "parts"),
    [
        (None, True, False, message("case.parts_unknown")),
        (96, True, False, message("case.parts", n=96)),
        (96, True, True, message("case.parts_at_least", n=96)),
        (96, False, False, message("case.parts_at_least", n=96)),
    ],
    ids=["not counted", "exact", "a lower bound", "window open"],
)
def test_a_badge_says_what_is_known(
    quantity: int | None, stopped: bool, lower_bound: bool, parts: Message
) -> None:
    case = replace(
        CASE,
        quantity=quantity,
        quantity_is_lower_bound=lower_bound,
        stopped_at=T0 if stopped else None,
    )
    (badge,) = badges_shown(device_marks(DeviceFacts(checks=(), containments=(case,)), T0), T0)
    assert badge.containment == "line1-C-31"
    assert badge.words == message("case.badge.open", parts=parts, age=T0 - CASE.opened_at)


def test_runs_without_a_verdict_are_counted_in_words() -> None:
    """F9."""
    assert [without_verdict(n) for n in (0, 1, 2)] == [
        None,
        message("without_verdict.once"),
        message("without_verdict.again", n=2),
    ]
