"""Which questions about a plan that comes are still asked."""

import pytest

from redrabbit.services.plan_looking import PlanAnswers, PlanLooked, SaidOfPlace, not_answered

LOOKED = PlanLooked(
    questions=(
        SaidOfPlace(at="Control Plan", words="does it replace that one?"),
        SaidOfPlace(at="Plan!B7", words="what does it mean?", key="symbol \u25c6"),
    )
)


@pytest.mark.parametrize(
    ("said", "is_open"),
    [("yes", False), ("\u662f", False), ("a new line", False)]
    + [(each, True) for each in ("", "no", "No.", " n ", "\u4e0d\u662f", "\u5426\u3002")],
)
def test_who_says_no_has_not_let_the_plan_in(said: str, is_open: bool) -> None:
    """A draft was kept although "does it replace that one?" was answered with no."""
    open_ones = not_answered(LOOKED, PlanAnswers(places={"Control Plan": said}))
    assert ("Control Plan" in open_ones) is is_open
    assert "symbol \u25c6" in open_ones
