"""The page of the control plan: its revisions, and what is decided about one of them (D44, D45)."""

import pytest

from redrabbit.domain.facts.plan_revision import PlanState
from redrabbit.domain.records import PlanRevisionRecord
from tests.showcase_story import DRAFT
from tests.web.conftest import Visitor

REVISION = f"/plan/{DRAFT.digest}"


def kept(visitor: Visitor) -> PlanRevisionRecord:
    (found,) = visitor.plant.ask(lambda reader: reader.find(PlanRevisionRecord))
    return found


@pytest.mark.parametrize(("language", "title"), [("en", "Control plan"), ("zh-CN", "控制计划")])
def test_the_page_says_what_is_in_force_and_which_revisions_there_are(
    onlooker: Visitor, language: str, title: str
) -> None:
    text = onlooker.text("/plan", language)
    assert f"<h1>{title}" in text
    assert f'href="{REVISION}"' in text
    assert "CP-204 rev G" in text
    for check in onlooker.plant.plant.plan.checks:
        assert check.id in text


def test_a_moment_before_the_first_start_had_no_plan(onlooker: Visitor) -> None:
    assert "No plan was in force." in onlooker.text("/plan?at=2020-01-01T06:00")
    assert onlooker.client.get("/plan?at=yesterday").status_code == 422


def test_a_revision_says_what_it_changes_and_who_brought_it(onlooker: Visitor) -> None:
    text = onlooker.text(REVISION)
    assert "overdue 20 min after it is due, until now 30 min" in text
    assert "CP-204 rev G.xlsx" in text
    assert "“sheet 03”" in text
    assert DRAFT.digest in text


def test_a_revision_goes_from_draft_to_scheduled_on_the_page(visitor: Visitor) -> None:
    visitor.be("Wu")
    assert visitor.send(f"{REVISION}/schedule", at="") == 409  # nobody approved it
    assert visitor.send(f"{REVISION}/approve") == 303
    assert kept(visitor).state is PlanState.APPROVED
    assert visitor.send(f"{REVISION}/schedule", at="2020-01-01T06:00") == 409
    assert visitor.send(f"{REVISION}/schedule", at="2026-12-01T06:00") == 303
    plan = kept(visitor)
    assert (plan.state, f"{plan.effective_at:%m-%d %H:%M}") == (PlanState.SCHEDULED, "11-30 22:00")
    assert visitor.send(f"{REVISION}/discard", reason=" ") == 409
    assert visitor.send(f"{REVISION}/discard", reason="a typing error") == 303
    assert "“a typing error”" in visitor.text(REVISION)


def test_a_document_of_another_system_is_named_with_its_day(visitor: Visitor) -> None:
    visitor.be("Wu")
    assert visitor.send(f"{REVISION}/elsewhere", number=" ", on="2026-11-20") == 409
    assert visitor.send(f"{REVISION}/elsewhere", number="DOC-118", on="2026-11-20") == 303
    assert "DOC-118" in visitor.text("/plan")


@pytest.mark.parametrize("path", ["/plan/nothing", f"{REVISION}/burn", f"/plan/{'0' * 64}/approve"])
def test_what_is_not_there_is_said_so(onlooker: Visitor, path: str) -> None:
    assert onlooker.client.get(path).status_code == 404
    assert onlooker.client.get(f"{REVISION}/approve", follow_redirects=False).status_code == 303
