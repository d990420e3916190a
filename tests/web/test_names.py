"""Wherever a person is named, a page says that the name was not verified (K3.5)."""

import re
from datetime import timedelta
from functools import partial

import pytest

from redrabbit.domain import acts
from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.identity import Actor, CheckId, LineId, OccurrenceId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.services import record_fact
from tests.showcase_story import (
    CLOSED_CASE,
    CUT_OFF_RUN,
    GIVEN_UP_RUN,
    MISSED_RUN,
    OCCURRENCES,
    OPEN_CASE,
    runs_in_every_state,
)
from tests.web.conftest import LEDGER_KEY, Visitor
from tests.web.declared import document_of

PEOPLE = ("badge 2207", "Li Wei", "Chen Jie")
MARK = {"en": "name not verified", "zh-CN": "姓名未核实"}
PAGES = [
    "/due",
    "/runs",
    f"/runs/{MISSED_RUN}",
    f"/runs/{CUT_OFF_RUN}",
    f"/runs/{GIVEN_UP_RUN}",
    "/containments",
    f"/containments/{OPEN_CASE}",
    f"/containments/{CLOSED_CASE}",
    "/stations",
    "/stations/line1-op20",
    "/stations/line2-op20",
]
NEARBY = 60
"""Characters of text between a name and its mark."""


def text_of(page: str) -> str:
    """Return what a reader sees; fields that a person fills in are no text."""
    body = page[page.index("<body") :]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body))


def assert_every_name_is_marked(page: str, mark: str) -> int:
    text = text_of(page)
    found = 0
    for name in PEOPLE:
        for place in re.finditer(re.escape(name), text):
            assert mark in text[place.end() : place.end() + NEARBY], text[place.start() :][:120]
            found += 1
    return found


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("path", PAGES)
def test_every_name_on_a_page_is_marked(visitor: Visitor, path: str, language: str) -> None:
    visitor.be("badge 2207")
    assert_every_name_is_marked(visitor.text(path, language), MARK[language])


@pytest.mark.parametrize(
    "path", ["/runs", f"/runs/{MISSED_RUN}", f"/containments/{OPEN_CASE}", "/due"]
)
def test_pages_of_records_do_name_people(onlooker: Visitor, path: str) -> None:
    assert assert_every_name_is_marked(onlooker.text(path), MARK["en"]) > 0


def test_the_steps_of_a_run_under_way_mark_their_names(visitor: Visitor) -> None:
    visitor.let(runs_in_every_state(visitor.plant))
    marked = {
        station: assert_every_name_is_marked(visitor.text(f"/stations/{station}"), MARK["en"])
        for station in ("line1-op20", "line1-op30", "line2-op10", "line4-op30")
    }
    nobody_yet = {"line1-op20": 0, "line4-op30": 0}  # nobody has taken a part or held a feed there
    assert marked == {"line1-op30": 1, "line2-op10": 1} | nobody_yet


def test_the_api_says_how_beside_each_name(onlooker: Visitor) -> None:
    def walk(value: object) -> None:
        if isinstance(value, list):
            for each in value:
                walk(each)
        if isinstance(value, dict):
            for name, each in value.items():
                walk(each)
                if name.endswith("_by"):
                    how = value[f"{name.removesuffix('_by')}_how"]
                    assert (how is None) == (each is None), name

    for path in ("runs", "occurrences", "containments", "pauses", "alarms", f"runs/{MISSED_RUN}"):
        walk(onlooker.client.get(f"/api/v1/{path}").json())
    walk(onlooker.client.get("/api/v1/challenge-parts").json())


def test_an_erased_name_is_said_to_be_erased(visitor: Visitor) -> None:
    """D51: the ledger goes on naming a digest, of which nobody has the name any more."""
    erased = Actor.stated("name:" + "0" * 32)
    excuse = acts.Excuse(
        occurrence_id=OccurrenceId(OCCURRENCES["overdue"][0]), reason="no material"
    )
    visitor.let(visitor.plant.service.do(excuse, erased))
    assert "name erased" in visitor.text("/due")
    assert erased.id not in visitor.text("/due")
    told = visitor.client.get(f"/api/v1/occurrences/{OCCURRENCES['overdue'][0]}").json()
    assert (told["decided_by"], told["decided_how"]) == (erased.id, "stated")


def test_a_changed_key_has_no_name_where_that_was_erased(visitor: Visitor) -> None:
    """The key says by whom it was changed, as its description promises: null, and no words of ours."""
    keys = ("P+0a+AA", "P+0b+BB", LEDGER_KEY)
    actors = (Actor.stated("Li"), Actor.stated("name:" + "0" * 32))
    for old, new, actor in zip(keys, keys[1:], actors, strict=False):
        fact = KeyChanged(old_key=old, new_key=new, statement="as both have signed it")
        visitor.let(
            visitor.plant.agent.database.write(
                partial(record_fact.record, fact=fact, stream=PLANT_STREAM, actor=actor)
            )
        )
    told = visitor.client.get("/api/v1/ledger/keys").json()["items"]
    assert [(key["changed_by"], key["changed_how"]) for key in told] == [
        (None, None),
        ("Li", "stated"),
        (None, "stated"),
    ]
    one = visitor.client.get("/api/v1/ledger/keys", params={"limit": 2}).json()
    assert (one["items"], one["next"]) == (told[:2], "2")
    rest = visitor.client.get("/api/v1/ledger/keys", params={"cursor": one["next"]}).json()
    assert rest == {"items": told[2:], "next": None}


def test_a_persons_reason_that_is_a_word_of_ours_is_shown_as_they_wrote_it(
    visitor: Visitor,
) -> None:
    """K3.6."""
    for occurrence, words in (("overdue", "check_retired"), ("due", "pause-3")):
        visitor.send("/due/excuse", occurrence=OCCURRENCES[occurrence][0], reason=words, by="Li")
        assert f"<span>“{words}”<br>" in visitor.text("/due")


SAID_BY_US = "the software restarted"


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("words", [SAID_BY_US, "restarted", "软件重启"])
def test_who_gave_a_run_up_stands_beside_their_words(
    visitor: Visitor, words: str, language: str
) -> None:
    """D23: in quotation marks, so that no words are taken for a sentence of the software's."""
    run = visitor.let(visitor.plant.start(CheckId("line1-op20"), "Li Wei")).run_id
    visitor.send("/stations/line1-op20/abort", run=run, reason=words, by="Chen Jie")
    text = text_of(visitor.text(f"/runs/{run}", language))
    assert f"“{words}” Chen Jie {MARK[language]}" in text
    told = visitor.client.get(f"/api/v1/runs/{run}").json()
    assert (told["stopped_by"], told["stopped_how"]) == ("Chen Jie", "stated")
    assert (told["started_by"], told["reason_code"]) == ("Li Wei", "person")


def test_a_stop_of_the_softwares_own_is_quoted_from_nobody(visitor: Visitor) -> None:
    run = visitor.let(visitor.plant.start(CheckId("line1-op20"), "Li Wei")).run_id
    visitor.let(visitor.plant.pass_time(3600))
    told = visitor.client.get(f"/api/v1/runs/{run}").json()
    assert (told["stopped_by"], told["stopped_how"]) == ("agent", "system")
    text = text_of(visitor.text(f"/runs/{run}"))
    assert "no part was taken in time" in text
    assert "“" not in text


@pytest.mark.parametrize("words", [SAID_BY_US, "软件重启"])
def test_remarks_and_pauses_are_quoted_from_whoever_wrote_them(
    visitor: Visitor, words: str
) -> None:
    visitor.send(f"/runs/{MISSED_RUN}/remarks", text=words, by="Chen Jie")
    assert f"“{words}”" in text_of(visitor.text(f"/runs/{MISSED_RUN}"))
    now = visitor.clock.now()
    pause = acts.DeclarePause(
        line=LineId("line3"), begins_at=now, ends_at=now + timedelta(hours=1), reason=words
    )
    actor = visitor.let(visitor.plant.service.stated("Chen Jie"))
    visitor.let(visitor.plant.service.do(pause, actor))
    assert f"“{words}” Chen Jie" in text_of(visitor.text("/due"))


def test_every_answer_that_names_somebody_says_how_they_were_known(onlooker: Visitor) -> None:
    """K3.5: only two kinds of answers of the API did; and none that changed a part said who it was."""
    fields = {
        f"{name}.{field}"
        for name, schema in document_of(onlooker.client)["components"]["schemas"].items()
        for field in schema.get("properties", {})
    }
    named = {field for field in fields if field.endswith("_by")}
    assert named >= {"ChallengePart.state_by", "Run.started_by", "Pause.declared_by"}
    assert {each for each in named if f"{each[:-3]}_how" not in fields} == set()


def test_a_name_that_was_only_stated_is_told_so_by_each_act(visitor: Visitor) -> None:
    """K3.5: each act by curl, as nobody who was ever registered."""
    by = {"operator": "Plant manager"}
    client = visitor.client
    run = client.post("/api/v1/runs", json={**by, "check": "line1-op20"}).json()
    assert (run["started_by"], run["started_how"]) == ("Plant manager", "stated")
    part = client.get("/api/v1/challenge-parts").json()["items"][0]["part_id"]
    put = client.post(
        f"/api/v1/challenge-parts/{part}/quarantine", json={**by, "reason": "dropped"}
    ).json()
    assert (put["state_by"], put["state_how"]) == ("Plant manager", "stated")
