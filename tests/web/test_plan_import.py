"""A plant's own control plan comes in on a page, in the command's steps: looked at, answered, kept as a draft, approved (D44, D45)."""

import re
from datetime import timedelta
from io import BytesIO
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from redrabbit.cli import main
from redrabbit.config.plant import read_configuration
from redrabbit.domain.facts.plan_revision import PlanState
from redrabbit.domain.records import OccurrenceRecord, PlanFormAnswerRecord, PlanRevisionRecord
from redrabbit.domain.role import Role
from redrabbit.services.ports import equals
from redrabbit.web.access import FORM_COOKIE, form_token
from redrabbit.web.app import create_app
from redrabbit.web.budget import WebBudgets
from redrabbit.web.pages.plan_import import WAITS
from tests.fakes import JumpClock
from tests.people import People, sign_in_at
from tests.plan_desks import PlanDesk
from tests.showcase_story import BEGIN, Showcase
from tests.store.sample_story import FIRST
from tests.web.conftest import NONCE, RULES, Visitor, let

WORKBOOKS = Path(__file__).parent.parent / "plan_import" / "workbooks"
REALISTIC = Path(__file__).parent.parent.parent / "station_configs"


@pytest.fixture
def visitor() -> Visitor:
    """A browser at a plant that was made of files, so that another plan can stand in the place of its own."""
    return visitor_of(FIRST)


def visitor_of(folder: Path) -> Visitor:
    """Return a browser at the plant of a configuration."""
    clock = JumpClock(BEGIN)
    plant, files = read_configuration(folder)
    showcase = Showcase(clock, plant)
    let(showcase.open())

    desk = PlanDesk(plant, files, clock)
    sign_in, budgets = sign_in_at(showcase.agent), WebBudgets()
    app = create_app(
        showcase.service,
        clock=clock,
        sign_in=sign_in,
        access=RULES,
        budgets=budgets,
        look_at_plan=desk.look,
        revised=desk.revised,
    )
    client = TestClient(app, base_url="http://127.0.0.1:8080", client=("127.0.0.1", 50000))
    client.cookies.set(FORM_COOKIE, NONCE)
    found = Visitor(client=client, plant=showcase, clock=clock, budgets=budgets, sign_in=sign_in)
    found.be("Wu")
    return found


@pytest.fixture
def plan(tmp_path: Path) -> str:
    """The plan in force as a table, as a plant would change it: another revision, another frequency, one check less."""
    file = tmp_path / "plan.csv"
    assert main(["plan", "export", str(file), "--config", str(FIRST)]) == 0
    text = file.read_text(encoding="utf-8-sig").replace("Revision,A", "Revision,B")
    kept = [line for line in text.split("\n") if not line.startswith("110.1")]
    return "\n".join(kept).replace("daily at 09:00", "each shift")


def brought(visitor: Visitor, content: bytes, name: str = "plan.csv") -> tuple[int, str]:
    answer = visitor.client.post(
        "/plan/import",
        data={"form_token": form_token(RULES, NONCE)},
        files={"file": (name, BytesIO(content))},
    )
    return answer.status_code, answer.text


def said(visitor: Visitor, step: str, **fields: str) -> tuple[int, str]:
    data = {"form_token": form_token(RULES, NONCE), **fields}
    answer = visitor.client.post(f"/plan/import/{step}", data=data, follow_redirects=False)
    return answer.status_code, answer.text or answer.headers.get("location", "")


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{re.escape(name)}" value="([^"]*)"', page)
    assert found is not None, name
    return found[1]


def kept(visitor: Visitor) -> list[PlanRevisionRecord]:
    return visitor.plant.ask(lambda reader: reader.find(PlanRevisionRecord))


def test_a_plan_is_looked_at_answered_kept_and_approved(visitor: Visitor, plan: str) -> None:
    status, page = brought(visitor, plan.encode())
    assert (status, kept(visitor)) == (200, [])
    assert "Keep this draft" not in page
    check = hidden(page, "check.1")
    fields = {"digest": hidden(page, "digest"), "sheet": hidden(page, "sheet"), "check.1": check}
    status, page = said(visitor, "answers", **fields, **{"why.1": "the weld nut is gone"})
    assert (status, kept(visitor)) == (200, [])
    keep = {**fields, "why.1": "the weld nut is gone", "content": hidden(page, "content")}
    assert said(visitor, "keep", **{**keep, "content": "0" * 64})[0] == 409  # not what was shown
    assert said(visitor, "keep", **{**keep, "why.1": " "})[0] == 409  # not answered
    assert kept(visitor) == []
    assert said(visitor, "keep", **keep)[0] == 303
    (draft,) = kept(visitor)
    assert (draft.state, draft.label, draft.digest) == (
        PlanState.DRAFT,
        "CP-7 rev B",
        keep["content"],
    )
    assert "the weld nut is gone" in draft.answers
    assert draft.source_file == "plan.csv"
    assert said(visitor, "keep", **keep)[0] == 409  # the file waits no more
    shown = visitor.text(f"/plan/{draft.digest}")
    assert "the weld nut is gone" in shown
    assert "Lines that verify a device" in shown
    assert visitor.send(f"/plan/{draft.digest}/approve") == 303
    assert visitor.send(f"/plan/{draft.digest}/schedule", at="") == 303
    assert kept(visitor)[0].state is PlanState.SCHEDULED


def answered(page: str, **said_of: str) -> dict[str, str]:
    """Return the fields of a page's questions, with these answers to those that are named, by the beginnings of their names."""
    asked = dict(re.findall(r'name="((?:place|check)[.][0-9]+)" value="([^"]*)"', page))
    fields = {"digest": hidden(page, "digest"), "sheet": hidden(page, "sheet"), **asked}
    for name, of in asked.items():
        words = name.replace("place", "words").replace("check", "why")
        told = [text for begin, text in said_of.items() if of.startswith(begin)]
        fields[words] = told[0] if told else "the weld nut is gone"
    return fields


def keep(visitor: Visitor, page: str, **said_of: str) -> None:
    """Answer what a page asks, and keep the draft."""
    fields = answered(page, **said_of)
    _, page = said(visitor, "answers", **fields)
    assert said(visitor, "keep", **fields, content=hidden(page, "content"))[0] == 303


def test_what_was_answered_about_a_form_is_remembered_for_it_alone(
    visitor: Visitor, plan: str
) -> None:
    own = plan.replace("each shift", "s/ plan")
    _, page = brought(visitor, own.encode())
    assert "no frequency I know" in page
    _, wrong = said(visitor, "answers", **answered(page, wording="now and then"))
    assert "Keep this draft" not in wrong
    keep(visitor, page, wording="each shift")
    first = kept(visitor)[-1]
    assert 'schedule: "every shift start"' in first.content
    assert "s/ plan" not in first.content

    _, page = brought(visitor, own.replace("Revision,B", "Revision,C").encode())
    assert "no frequency I know" not in page
    assert "answered for this form on" in page
    assert re.search("answered for this form on.{0,100}>Wu ", page, re.DOTALL)
    keep(visitor, page, wording="each shift")
    second = next(one for one in kept(visitor) if one.plan_revision == "C")
    assert second.content == first.content.replace('revision: "B"', 'revision: "C"')
    assert '"of_entry":' in second.answers
    assert "of_entry" not in first.answers
    assert "answered for this form on" in visitor.text(f"/plan/{second.digest}")

    of_another = own.replace("Revision,B", "Revision,D").replace("Owner", "Responsible")
    assert of_another != own.replace("Revision,B", "Revision,D")
    _, page = brought(visitor, of_another.encode())
    assert "no frequency I know" in page

    _, page = brought(visitor, own.replace("Revision,B", "Revision,E").encode())
    keep(visitor, page, wording="start and end of shift")  # changed, and from now on that
    third = next(one for one in kept(visitor) if one.plan_revision == "E")
    assert "every shift start + every shift end" in third.content
    assert "of_entry" not in third.answers
    told = visitor.plant.ask(lambda reader: reader.find(PlanFormAnswerRecord))
    assert [each.words for each in told] == ["each shift", "start and end of shift"]


def test_what_is_wrong_is_said_by_cell_and_nothing_is_kept(visitor: Visitor) -> None:
    status, page = brought(visitor, (WORKBOOKS / "04_gb18030.csv").read_bytes(), "04.csv")
    assert (status, "row 9, column 8" in page, "Nothing was stored." in page) == (200, True, True)
    assert brought(visitor, b"PK no workbook", "plan.xlsx")[0] == 200
    assert brought(visitor, b"", "")[0] in {409, 422}
    assert kept(visitor) == []


def test_another_sheet_is_chosen(visitor: Visitor) -> None:
    file = WORKBOOKS / "07_two_revisions_misspelt.xlsx"
    _, page = brought(visitor, file.read_bytes(), file.name)
    sheets = re.findall(r'<option value="([^"]+)"', page)
    other = next(each for each in sheets if each != hidden(page, "sheet"))
    status, page = said(visitor, "answers", digest=hidden(page, "digest"), sheet=other)
    assert (status, hidden(page, "sheet")) == (200, other)


def test_a_file_waits_for_a_while_and_for_who_brought_it(visitor: Visitor, plan: str) -> None:
    _, page = brought(visitor, plan.encode())
    digest = hidden(page, "digest")
    assert said(visitor, "answers", digest=digest)[0] == 200
    visitor.clock.jump(WAITS.total_seconds() + 1)
    assert said(visitor, "answers", digest=digest)[0] == 409


def test_once_people_are_registered_a_stated_name_brings_no_plan(
    visitor: Visitor, plan: str
) -> None:
    People(visitor.plant.agent, visitor.plant._kept.write_now).register("Lin", Role.SHIFT_LEADER)
    _, page = brought(visitor, plan.encode())
    assert "<h1>Sign in</h1>" in page
    assert kept(visitor) == []


def test_a_file_that_is_too_large_is_not_read(visitor: Visitor) -> None:
    status, _ = brought(visitor, b"x" * 20_100_000)
    assert status in {409, 413}
    assert visitor.client.get("/plan/import/keep", follow_redirects=False).status_code == 303
    assert visitor.client.get("/plan/import/burn").status_code == 404


def test_the_aiag_workbook_goes_from_the_file_to_the_first_due_check() -> None:
    """It names no revision: what is answered is the revision, and a draft without an answer is none."""
    visitor = visitor_of(REALISTIC)
    visitor.be("Wu")
    file = WORKBOOKS / "01_aiag_en.xlsx"
    _, page = brought(visitor, file.read_bytes(), file.name)
    asked = dict(re.findall(r'name="((?:place|check)[.][0-9]+)" value="([^"]*)"', page))
    assert "revision" in asked.values()
    fields = {"digest": hidden(page, "digest"), "sheet": hidden(page, "sheet"), **asked}
    for name, of in asked.items():
        kind, _, number = name.partition(".")
        words = "words" if kind == "place" else "why"
        fields[f"{words}.{number}"] = "2026-11-02" if of == "revision" else "moved to another plan"
    of_revision = next(n for n, of in asked.items() if of == "revision").replace("place", "words")
    for yes in ("yes", "是", "OK."):
        _, page = said(visitor, "answers", **{**fields, of_revision: yes})
        assert "Keep this draft" not in page  # that is nobody's revision
    _, page = said(visitor, "answers", **fields)
    assert said(visitor, "keep", **fields, content=hidden(page, "content"))[0] == 303
    (draft,) = kept(visitor)
    assert draft.label == "CP-311-07 rev 2026-11-02"
    revision = f"/plan/{draft.digest}"
    assert visitor.send(f"{revision}/approve") == 303
    assert visitor.send(f"{revision}/schedule", at="") == 303
    effective_at = kept(visitor)[0].effective_at
    assert effective_at is not None
    visitor.clock.jump((effective_at - visitor.clock.now()).total_seconds())
    desk = PlanDesk(*read_configuration(REALISTIC), visitor.clock)
    let(desk.ahead(visitor.plant.agent).step())
    assert kept(visitor)[0].state is PlanState.IN_FORCE
    # what was open before under the plan until then keeps its window; this is the first one that is made under the new plan
    let(visitor.plant.pass_to(effective_at + timedelta(hours=8)))
    of_op20 = equals("station", "line1-op20")
    owed = visitor.plant.ask(lambda reader: reader.find(OccurrenceRecord, of_op20))
    due = next(one for one in owed if one.plan_number == "CP-311-07")
    assert (due.plan_revision, due.due_at) == ("2026-11-02", effective_at + timedelta(hours=8))
    assert due.check_id in visitor.text("/stations/line1-op20")
