"""The calendar's page: setting a day and taking it back, by whom and why (D44)."""

import pytest

from redrabbit.domain.facts.calendar_change import CalendarDayKind
from tests.web.conftest import Visitor

SHUTDOWN = {"line": "line1", "kind": "shutdown", "first": "2026-12-24", "last": "2026-12-31"}


def test_a_day_is_set_and_taken_back_with_who_and_why(visitor: Visitor) -> None:
    assert visitor.send("/calendar/set", **SHUTDOWN, reason="stocktaking") == 409, "nobody"
    visitor.be("Li Wei")
    assert visitor.send("/calendar/set", **SHUTDOWN, reason="") == 409
    assert visitor.send("/calendar/set", **SHUTDOWN, reason="stocktaking") == 303
    page = visitor.text("/calendar?line=line1&when=2026-12")
    assert "“stocktaking”" in page
    assert "Li Wei" in page
    assert visitor.send("/calendar/set", **SHUTDOWN, reason="again") == 409
    assert (
        visitor.send("/calendar/take-back", line="line1", change_number=1, reason="cancelled")
        == 303
    )
    assert "“cancelled”" in visitor.text("/calendar?line=line1")
    listed = visitor.client.get("/api/v1/lines/line1/calendar-changes").json()["items"]
    assert [(each["kind"], each["taken_back_text"]) for each in listed] == [
        ("shutdown", "cancelled")
    ]


@pytest.mark.parametrize(
    "said",
    [
        {"kind": "holiday"},
        {"kind": "make_up_day", "weekday": "2"},
        {"kind": "overtime", "from": "25:00", "to": "26:00"},
        {"kind": "nothing"},
    ],
)
def test_a_form_that_says_too_little_is_refused_with_its_page(
    visitor: Visitor, said: dict[str, str]
) -> None:
    visitor.be("Li Wei")
    assert visitor.send("/calendar/set", line="line1", reason="as planned", **said) == 409


def test_addresses_of_no_page_are_none(onlooker: Visitor) -> None:
    for path in ("/calendar?when=never", "/calendar?when=2026-13", "/calendar?line=line99"):
        assert onlooker.client.get(path).status_code == 404
    answer = onlooker.client.get("/calendar/set", follow_redirects=False)
    assert answer.headers["location"] == "/calendar"
    assert onlooker.client.get("/calendar/else").status_code == 404


def test_the_form_offers_every_kind_in_both_languages(visitor: Visitor) -> None:
    visitor.be("Li Wei")
    for language in ("en", "zh-CN"):
        page = visitor.text("/calendar", language)
        for kind in CalendarDayKind:
            assert f'<option value="{kind.value}">' in page
