"""`redrabbit plan import --commit`, `list`, `show`, `approve`, `discard`: a plant's own plan becomes a revision (D44, D45, D55)."""

from collections.abc import Callable
from pathlib import Path

import pytest

from redrabbit.base.clock import SteadyClock
from redrabbit.cli import main
from redrabbit.config.plant import load_plant, read_configuration
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.facts.plan_revision import PlanState
from redrabbit.domain.records import PlanRevisionRecord
from redrabbit.services.taking_up import open_life
from redrabbit.store.opening import open_database
from redrabbit.store.reading_database import open_for_reading
from redrabbit.store.unit_of_work import Recording
from tests.store.sample_story import FIRST

Told = Callable[..., tuple[int, str]]


@pytest.fixture
def url(tmp_path: Path) -> str:
    url, plant = f"sqlite:///{tmp_path / 'plant.db'}", load_plant(FIRST)
    recording = Recording(fold=fold, software="test")
    with open_database(url, plant=plant.name, clock=SteadyClock(), recording=recording) as database:
        files = read_configuration(FIRST)[1]
        database.write_now(lambda uow: open_life(uow, plant, files, "test"))
    return url


@pytest.fixture
def told(url: str, capsys: pytest.CaptureFixture[str]) -> Told:
    def ask(*words: str) -> tuple[int, str]:
        code = main(["plan", *words, "--database", url])
        both = capsys.readouterr()
        return code, both.out + both.err

    return ask


@pytest.fixture
def plan(told: Told, tmp_path: Path) -> str:
    """The plan in force as a table, as a plant would change it."""
    file = tmp_path / "a.csv"
    assert told("export", str(file))[0] == 0
    return file.read_text(encoding="utf-8-sig")


def kept(url: str) -> list[PlanRevisionRecord]:
    with open_for_reading(url) as database:
        return database.read_now(lambda reader: reader.find(PlanRevisionRecord))


def written(tmp_path: Path, text: str) -> str:
    (tmp_path / "b.csv").write_text(text, encoding="utf-8-sig")
    return str(tmp_path / "b.csv")


def test_a_plan_is_stored_approved_and_scheduled(
    told: Told, plan: str, url: str, tmp_path: Path
) -> None:
    changed = plan.replace("Revision,A", "Revision,B").replace("daily at 09:00", "each shift")
    code, words = told("import", written(tmp_path, changed), "--commit")
    assert (code, "CP-7 rev B is stored as a draft" in words) == (0, True)
    (draft,) = kept(url)
    assert (draft.state, draft.stored_by) == (PlanState.DRAFT, "server")
    assert [line for line in draft.content.split("\n") if "schedule:" in line] == [
        '    schedule: "every shift start"',
        '    schedule: "every 2 h"',
        '    schedule: "every shift start"',
    ]
    assert '"code":"schedule"' in draft.difference
    assert told("show")[1].startswith("control_plan: CP-7\nrevision: A")
    approved = told("approve", "B", "--document", "DOC-7", "--on", "2026-11-20")
    assert (approved[0], "takes effect at" in approved[1]) == (0, True)
    (scheduled,) = kept(url)
    assert (scheduled.state, scheduled.elsewhere_number) == (PlanState.SCHEDULED, "DOC-7")
    assert "CP-7 rev B" in told("list")[1]
    assert told("discard", "B", "--reason", "wrong sheet")[0] == 0
    assert kept(url)[0].state is PlanState.DISCARDED


def test_another_content_under_the_same_revision_is_refused(
    told: Told, plan: str, url: str, tmp_path: Path
) -> None:
    """A5."""
    code, words = told(
        "import", written(tmp_path, plan.replace("daily at 09:00", "each shift")), "--commit"
    )
    assert (code, "in force with another content" in words) == (1, True)
    assert kept(url) == []
    code, words = told("import", written(tmp_path, plan), "--commit")
    assert (code, "stored or in force already" in words) == (1, True)


def test_a_check_that_is_left_out_is_stored_only_with_a_reason(
    told: Told, plan: str, url: str, tmp_path: Path
) -> None:
    lines = [line for line in plan.split("\n") if not line.startswith("110.1")]
    file = written(tmp_path, "\n".join(lines).replace("Revision,A", "Revision,B"))
    code, words = told("import", file, "--commit")
    assert (code, kept(url)) == (1, [])
    assert "--retire line2-op10-nut-verification=REASON" in words
    retired = "line2-op10-nut-verification=the weld nut is gone"
    assert told("import", file, "--commit", "--retire", retired)[0] == 0
    assert "the weld nut is gone" in kept(url)[0].answers


def test_what_can_not_be_scheduled_yet_is_an_error_that_says_so(
    told: Told, plan: str, url: str, tmp_path: Path
) -> None:
    changed = plan.replace("Revision,A", "Revision,B").replace(
        "daily at 09:00", "every 8 running hours"
    )
    code, words = told("import", written(tmp_path, changed), "--commit")
    assert (code, kept(url)) == (1, [])
    assert "this can't be scheduled yet" in words


def test_a_mapping_answers_and_is_remembered(
    told: Told, plan: str, url: str, tmp_path: Path
) -> None:
    """What a file of answers says has effect, is told in the record, and holds for the next file of the form."""
    own = plan.replace("daily at 09:00", "s/ plan").replace("Revision,A", "Revision,B")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "version: 1\nwordings:\n  s/ plan: each shift\n  seldom: weekly on mon at 06:00\n",
        encoding="utf-8",
    )
    code, words = told("import", written(tmp_path, own), "--commit")
    assert (code, kept(url)) == (1, [])
    assert "answered by its name: wording s/ plan" in words
    code, words = told("import", written(tmp_path, own), "--mapping", str(mapping))
    assert (code, "wording s/ plan = each shift" in words) == (0, True)
    assert f"{mapping}:4:3: nothing asks for wording seldom" in words
    assert told("import", written(tmp_path, own), "--commit", "--mapping", str(mapping))[0] == 0
    following = written(tmp_path, own.replace("Revision,B", "Revision,C"))
    code, words = told("import", following, "--commit")
    assert (code, "wording s/ plan = each shift, answered for this form on" in words) == (0, True)
    first, second = kept(url)
    assert 'schedule: "every shift start"' in second.content
    assert first.content.split("checks:")[1] == second.content.split("checks:")[1]
    changed = written(tmp_path, own.replace("Revision,B", "Revision,D"))
    code, words = told("import", changed, "--commit", "--answer", "wording s/ plan=every 4 h")
    assert (code, "every 4 h" in words) == (0, True)


def test_a_mapping_for_another_form_stores_nothing(
    told: Told, plan: str, url: str, tmp_path: Path
) -> None:
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(f"version: 1\nform: {'0' * 12}\n", encoding="utf-8")
    file = written(tmp_path, plan.replace("Revision,A", "Revision,B"))
    code, words = told("import", file, "--commit", "--mapping", str(mapping))
    assert (code, kept(url)) == (1, [])
    assert f"{mapping}:2:7: these answers are for the form {'0' * 12}" in words
