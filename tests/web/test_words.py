"""Which language a reader gets, and how pages say times and numbers."""

from datetime import UTC, datetime, timedelta
from enum import Enum
from zoneinfo import ZoneInfo

import pytest

from redrabbit.base.messages import Message
from redrabbit.web.look import LOOKS, alarm, shape, tone
from redrabbit.web.words import Words, language_wanted, plain

NOW = datetime(2026, 11, 23, 6, 5, 20, tzinfo=UTC)
WORDS = Words("en", ZoneInfo("Asia/Shanghai"), NOW)


@pytest.mark.parametrize(
    ("query", "cookie", "accepted", "language"),
    [
        ("zh", "en", "en", "zh"),
        (None, "zh", "en", "zh"),
        ("xx", None, "zh-CN", "zh"),
        (None, None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, None, "de, zh-TW;q=0.7, en;q=0.3", "zh"),
        (None, None, "zh;q=0, en;q=0.1", "en"),
        (None, None, "zh;q=oops", "en"),
        (None, None, "fr", "en"),
        (None, None, None, "en"),
    ],
)
def test_language_is_asked_for_remembered_or_accepted(
    query: str | None, cookie: str | None, accepted: str | None, language: str
) -> None:
    assert language_wanted(query, cookie, accepted) == language


def test_times_are_said_in_the_plants_zone() -> None:
    assert WORDS.at(NOW) == "14:05"
    assert WORDS.at(NOW - timedelta(days=1)) == "2026-11-22 14:05"
    assert WORDS.exact(NOW) == "2026-11-23 14:05:20"
    assert WORDS.local_input(NOW) == "2026-11-23T14:05"


@pytest.mark.parametrize(
    ("zone", "month", "said"),
    [
        ("Asia/Shanghai", 11, "Asia/Shanghai (UTC+8)"),
        ("Europe/Berlin", 7, "Europe/Berlin (UTC+2)"),
        ("Europe/Berlin", 11, "Europe/Berlin (UTC+1)"),
        ("America/St_Johns", 11, "America/St_Johns (UTC\N{MINUS SIGN}3:30)"),
        ("UTC", 11, "UTC (UTC)"),
    ],
)
def test_a_zone_is_said_with_its_offset_at_that_instant(zone: str, month: int, said: str) -> None:
    """So that two prints of one record, under two zones, do not contradict each other silently."""
    words = Words("en", ZoneInfo(zone), NOW)
    assert words.zone_at(NOW.replace(month=month)) == said
    assert WORDS.clock(NOW) == "14:05:20"


def test_both_languages_are_at_hand() -> None:
    assert (WORDS("nav.board"), WORDS.other("nav.board")) == ("Board", "看板")


def test_a_refusals_parameters_become_plain_json() -> None:
    class Colour(Enum):
        RED = "red"

    given = {"at": NOW, "state": Colour.RED, "uses": 3, "parts": ("a",), "none": None}
    assert plain(given) == {
        "at": "2026-11-23T06:05:20+00:00",
        "state": "red",
        "uses": 3,
        "parts": ["a"],
        "none": None,
    }


def test_why_something_is_refused_goes_to_programs_as_a_code_with_its_values() -> None:
    told = Message("refusal.excuse_too_early", {"due_at": NOW})
    assert plain({"told": told}) == {
        "told": {
            "code": "refusal.excuse_too_early",
            "params": {"due_at": "2026-11-23T06:05:20+00:00"},
        }
    }


def test_an_alarm_has_the_mark_of_the_state_that_it_tells_of() -> None:
    assert [alarm(kind, "serious") for kind in ("missed", "lapsed", "escape")] == [
        "missed",
        "lapsed",
        "serious",
    ]


def test_no_two_states_look_alike_by_shape_and_colour() -> None:
    alarming = [word for word, (_, colour) in LOOKS.items() if colour in {"red", "violet"}]
    looks = {word: LOOKS[word] for word in alarming if word not in {"failed", "false_reject"}}
    assert len(set(looks.values())) == len(looks)
    assert (shape("unheard_of"), tone("unheard_of")) == ("circle", "grey")


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "UTC"])
def test_an_instant_that_no_wall_clock_reaches_is_said_all_the_same(zone: str) -> None:
    """K7: an older version took in a pause until 9999, and its page must still be shown."""
    words = Words("en", ZoneInfo(zone), NOW)
    for instant in (datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)):
        year = f"{instant.year:04}"
        assert words.at(instant).startswith((year, year.lstrip("0")))
        assert words.exact(instant)
        assert words.local_input(instant)
        assert words.clock(instant)


def test_what_a_refusal_needs_is_a_list_for_programs() -> None:
    """It was the text of a Python tuple."""
    params = {"needs": ("shift_leader", "quality_engineer"), "steps": [1, ("a",)]}
    assert plain(params) == {"needs": ["shift_leader", "quality_engineer"], "steps": [1, ["a"]]}
