"""Every rule of a schedule has words in both languages (B16)."""

import pytest

from redrabbit.base.messages import catalogue
from redrabbit.domain.schedule import parse_schedule
from redrabbit.domain.schedule_rules import AWAITED
from redrabbit.services.queries.schedule_shown import schedule_shown
from tests.showcase_story import BEGIN, Showcase

TEXTS = [
    "every shift start",
    "daily at 06:00",
    "weekly on mon, thu at 06:00",
    "monthly on 1 at 06:00",
    "every 2 h",
    "on demand",
    *(f"after {event.value.replace('_', ' ')}" for event in AWAITED),
]


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("text", TEXTS)
def test_a_rule_is_said_in_words(showcase: Showcase, text: str, language: str) -> None:
    words = catalogue(language, showcase.plant.zone)
    (rule,) = schedule_shown(parse_schedule(text))
    assert words.knows(rule.words.code)
    said = words.render(rule.words, BEGIN)
    assert said
    assert ("06:00" in text) is ("06:00" in said)
    assert rule.weekdays == ((0, 3) if text.startswith("weekly") else ())


def test_several_rules_are_said_one_after_the_other() -> None:
    found = schedule_shown(parse_schedule("every shift start + after tool change"))
    assert [each.words.code for each in found] == [
        "schedule.shift_start",
        "schedule.after.tool_change",
    ]
