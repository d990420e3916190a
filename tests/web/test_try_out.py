"""A revision is tried out on a page, beside the plan in force; its workbook has every due time."""

from io import BytesIO

import pytest
from openpyxl import load_workbook

from redrabbit.config.plant import read_configuration
from redrabbit.domain.identity import SERVER
from redrabbit.plan_at_start import with_plan
from redrabbit.services.plan_revisions import NewPlan, store_draft
from redrabbit.web.pages import try_out
from tests.showcase_story import DRAFT
from tests.web.conftest import Visitor
from tests.web.test_plan_import import REALISTIC, visitor_of

FIGURES = "month=2027-02&per_hour=60&minutes=2.5&to_shipping=8"


@pytest.fixture(scope="module")
def visitor() -> Visitor:
    """A browser at a plant whose plan has a draft with one check more often."""
    found = visitor_of(REALISTIC)
    files = read_configuration(REALISTIC)[1]
    text = files["control_plan.yaml"].replace("revision: F", "revision: G")
    text = text.replace("schedule: daily at 06:30 if working", "schedule: every 2 h of work")
    new = NewPlan(
        plant=read_configuration(with_plan(files, text))[0],
        content=text,
        source_file="plan.yaml",
        source_digest="0" * 64,
        answers={},
    )
    found.let(found.plant.write(lambda uow: store_draft(uow, found.plant.plant, new, actor=SERVER)))
    return found


@pytest.fixture(scope="module")
def address(visitor: Visitor) -> str:
    """Where the draft is tried out."""
    (digest,) = {
        part.split('"')[0]
        for part in visitor.text("/plan").split('href="/plan/')[1:]
        if len(part.split('"')[0]) == 64
    }
    assert f'href="/plan/{digest}/try-out"' in visitor.text(f"/plan/{digest}")
    return f"/plan/{digest}/try-out"


def test_a_draft_stands_beside_the_plan_in_force(visitor: Visitor, address: str) -> None:
    text = visitor.text(f"{address}?{FIGURES}")
    assert "CP-204 rev G" in text
    assert "CP-204 rev F" in text
    assert "<b>240 parts</b>" in text
    assert "<b>1\N{NARROW NO-BREAK SPACE}440 parts</b>" in text
    assert "60 parts in an hour of work (declared)." in text
    assert "Which events happen is not known" in text
    alone = visitor.text(f"{address}?{FIGURES}&against=")
    assert alone.count("<b>240 parts</b>") == 2


def test_what_nobody_knows_is_said_in_both_languages(visitor: Visitor, address: str) -> None:
    assert "<b>not known</b>" in visitor.text(address)
    chinese = visitor.text(address, "zh-CN")
    assert "试运行" in chinese
    assert "产量未知" in chinese


def test_the_workbook_has_every_due_time(visitor: Visitor, address: str) -> None:
    answer = visitor.client.get(f"{address}.xlsx?{FIGURES}")
    assert answer.status_code == 200
    due, taken = load_workbook(BytesIO(answer.content)).worksheets
    plans = [row[0] for row in due.iter_rows(values_only=True)]
    assert plans.count("CP-204 rev G") > plans.count("CP-204 rev F") > 300
    assert taken.max_row > 10


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("minutes=0", 422),
        ("per_hour=many", 422),
        ("month=2027-13", 422),
        ("month=1815-01", 422),
        ("against=none", 404),
    ],
)
def test_what_can_not_be_is_refused(
    visitor: Visitor, address: str, query: str, status: int
) -> None:
    assert visitor.client.get(f"{address}?{query}").status_code == status


def test_far_too_much_is_refused(
    visitor: Visitor, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(try_out, "MOST_DUE_TIMES", 100)
    assert visitor.client.get(address).status_code == 422


def test_a_plan_that_does_not_fit_any_more_is_not_tried(onlooker: Visitor) -> None:
    answer = onlooker.client.get(f"/plan/{DRAFT.digest}/try-out")
    assert (answer.status_code, "does not fit" in answer.text) == (409, True)
