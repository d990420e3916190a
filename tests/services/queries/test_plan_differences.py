"""Every difference between two plans has a sentence in both languages, with its values in words (D55)."""

from dataclasses import replace
from datetime import timedelta

import pytest

from redrabbit.base.messages import catalogue
from redrabbit.domain.facts.plan_revision import PlanDifference
from redrabbit.domain.grade import Grade
from redrabbit.domain.identity import CheckId, PartId
from redrabbit.domain.plan_difference import plan_difference
from redrabbit.domain.schedule_words import parse_schedule
from redrabbit.domain.text import Text
from redrabbit.services.queries.plan_differences import difference_words, schedule_words
from tests.plants import a_check, a_plant
from tests.showcase import ZONE

ENGLISH, CHINESE = (catalogue(language, ZONE) for language in ("en", "zh"))


def test_every_difference_is_said_in_both_languages() -> None:
    plan = a_plant(a_check()).plan
    (was,) = plan.checks
    minute = timedelta(minutes=1)
    now = replace(
        was,
        plan_line="77",
        pfmea="5",
        schedule=parse_schedule("daily at 06:00 + after changeover"),
        opens_before=was.opens_before + minute,
        grace=was.grace + minute,
        closes_after=was.closes_after + minute,
        arming_timeout_s=was.arming_timeout_s + 1,
        return_timeout_s=was.return_timeout_s + 1,
        run_timeout_s=was.run_timeout_s + 1,
        least_grade=Grade.C,
        escalate_after_inconclusive=was.escalate_after_inconclusive + 1,
        parts=(*was.parts[1:], PartId("RR-0099")),
        reaction=(Text(en="Tell quality.", zh="通知质量。"),) * (len(was.reaction) + 1),
    )
    other = replace(was, id=CheckId("other"))
    found = plan_difference(
        replace(plan, checks=(was, other)),
        replace(plan, checks=(now, replace(was, id=CheckId("n")))),
    )
    assert len({each.code for each in found}) > 16
    for each in found:
        for words in (ENGLISH, CHINESE):
            told = words.render(difference_words(each))
            assert "plan_difference" not in told
            assert "{" not in told


def test_a_schedule_is_said_as_a_person_says_it() -> None:
    change = PlanDifference(
        code="schedule",
        check_id="torque",
        params={"before": "every shift start", "after": "every shift start + after changeover"},
    )
    assert CHINESE.render(difference_words(change)).count("每次换型后") == 1


@pytest.mark.parametrize("text", ["weekly on mon at 06:00", "no schedule of ours"])
def test_what_has_no_words_of_its_own_is_said_as_it_is_written(text: str) -> None:
    assert ENGLISH.render(schedule_words(text)) == text
