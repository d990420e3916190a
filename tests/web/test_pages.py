"""Every page, in both languages: what it says, and what its forms do for whom (style 35)."""

import json
import re
from dataclasses import replace
from datetime import timedelta

import pytest

from redrabbit.base.messages import catalogue
from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.facts.plant import HistoryLost
from redrabbit.domain.facts.pulse import PulseWhy
from redrabbit.domain.findings import Finding
from redrabbit.domain.identity import Actor, How, StationId
from redrabbit.domain.learnt_pulse import SAMPLE, Cycle, to_be_learnt
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.occurrence import status
from redrabbit.domain.records import OccurrenceRecord, PauseRecord, RunRecord
from redrabbit.domain.run_questions import parts_of
from redrabbit.services import record_fact
from redrabbit.services.accepting_loss import accept_loss, losses_to_acknowledge
from redrabbit.services.deliveries import CheckpointsSent
from redrabbit.services.errors import StoreTrouble, TroubleWhy
from redrabbit.services.ports import Where
from redrabbit.services.pulse_learning import PulseNews, keep
from redrabbit.services.queries.scheduled_checks import End
from redrabbit.services.remembered import RememberedState
from redrabbit.services.verifying import VerificationState
from redrabbit.web import look
from redrabbit.web.words import Words
from tests.showcase import showcase_plant
from tests.showcase_story import (
    ANSWERS,
    CLOSED_CASE,
    CUT_OFF,
    CUT_OFF_RUN,
    DRAFT,
    GIVEN_UP,
    GIVEN_UP_RUN,
    MISSED,
    MISSED_RUN,
    OCCURRENCES,
    OPEN_CASE,
    SILENT_RUN,
    STILL_OPEN,
    Showcase,
    cases_in_every_state,
    runs_in_every_state,
)
from tests.web.conftest import LEDGER_KEY, Visitor, serve

PAGES = [
    "/",
    "/today",
    "/schedule",
    "/schedule?line=line2&day=2026-11-26",
    "/schedule/print",
    "/due",
    "/stations",
    "/stations/line1-op20",
    "/stations/line2-op40",
    "/stations/line4-op10",
    "/devices",
    "/devices?kind=human&gaps=1",
    "/devices/line1-op20",
    "/checks/line1-op20",
    "/verifications",
    "/verifications?end=lapsed&from=2026-11-01&to=",
    "/verifications?line=line2&from=2020-01-01&to=2020-01-31",
    "/verifications/print",
    "/runs",
    "/runs?outcome=aborted&line=line4",
    "/runs?from=2026-11-23&to=2026-11-23",
    f"/runs/{SILENT_RUN}",
    f"/runs/{MISSED_RUN}",
    f"/runs/{CUT_OFF_RUN}",
    f"/runs/{GIVEN_UP_RUN}",
    "/containments",
    f"/containments/{CLOSED_CASE}",
    f"/containments/{OPEN_CASE}",
    "/sign/51",  # a part as it was registered
    "/receivers",
    "/coverage",
    "/plan",
    "/plan/import",
    "/plan?at=2026-11-23T06:00",
    f"/plan/{DRAFT.digest}",
    "/plan/in-force/try-out",
    "/plan/in-force/try-out?month=2026-11&minutes=2&per_hour=40&to_shipping=8",
    "/calendar",
    "/calendar?line=line2&when=2027",
    "/alarms",
    "/approvals",
    "/ledger",
    "/enrol",
    "/stations/line1-op20/screens",
    "/docs",
]
FAMILIES = (
    "nav|today|week|waiting|board|status|station|start|who|scan|why|do|confirm|run|runs|step|verdict|outcome|purpose|"
    "expected|observed|given|alarm|due|form|pause|col|filter|pager|part|fact|diagram|print|advice|"
    "calendar|devices|check|history|schedule|verifications|scheduled|ended|weekday|nav|alarms|band|fate|told|watcher|containment|window|receivers|coverage|plan|tryout|plan_state|plan_difference|gap|parked|event|refusal|http|problem|reason|value|stations|live|why_inconclusive|"
    "approval|approvals|enrol|screens|teach|trust|sign|signed|meaning|how|part_state|ledger|grade|graded|known_by|answer|watched|pulse"
)
UNSAID = re.compile(rf">[^<]*\b(?:{FAMILIES})\.[a-z_]+(?:[. (<]|$)")


VERDICTS = {
    "silent": "missed",
    "link_lost": "inconclusive",
    "wrong_reject_code": "inconclusive",
}
"""What the answers come to that are not named by their verdict."""


def test_the_story_gives_the_numbers_that_are_used_here(onlooker: Visitor) -> None:
    runs = onlooker.plant.runs
    numbers = (SILENT_RUN, MISSED_RUN, CUT_OFF_RUN, GIVEN_UP_RUN)
    assert tuple(runs[name] for name in ("silent", MISSED, CUT_OFF, GIVEN_UP)) == numbers
    now = onlooker.clock.now()
    found: dict[str, list[str]] = {}
    for record in onlooker.plant.ask(lambda reader: reader.find(OccurrenceRecord)):
        found.setdefault(status(record, now).value, []).append(record.occurrence_id)
    assert found == OCCURRENCES


def under_way(visitor: Visitor, station: str) -> RunRecord | None:
    found = visitor.plant.ask(
        lambda r: r.find(RunRecord, Where("state", "!=", "closed"), Where("station", "=", station))
    )
    return found[0] if found else None


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("path", PAGES)
def test_page_says_everything_in_its_language(onlooker: Visitor, path: str, language: str) -> None:
    page = onlooker.text(path, language)
    assert f'<html lang="{"zh-CN" if language == "zh-CN" else "en"}"' in page
    assert UNSAID.findall(page) == []


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_station_page_says_everything_in_every_state(visitor: Visitor, language: str) -> None:
    visitor.let(runs_in_every_state(visitor.plant))
    visitor.be("badge 2207")
    for station in [s.id for s in visitor.plant.plant.stations]:
        assert UNSAID.findall(visitor.text(f"/stations/{station}", language)) == []


@pytest.mark.parametrize(
    ("language", "said", "after"),
    [
        (
            "en",
            ["Wait: the verification is not over yet", "take its answer back: wait 1.2 s more"],
            "Take GM-0009",
        ),
        ("zh-CN", ["请稍候", "再等 1.2"], "取出 GM-0009"),
    ],
)
def test_station_page_says_how_long_its_answer_is_open(
    visitor: Visitor, language: str, said: list[str], after: str
) -> None:
    """Decision 0024: the part is back, and nothing is asked for until then."""
    visitor.let(runs_in_every_state(visitor.plant))
    visitor.be("badge 2207")
    station = f"/stations/{STILL_OPEN}"
    page = visitor.text(station, language)
    for words in said:
        assert words in page
    assert f'action="{station}/abort"' not in page
    assert re.search(r'<button class="button primary" disabled>[^<]*6', page)
    run = under_way(visitor, STILL_OPEN)
    assert run is not None
    assert visitor.send(f"{station}/scan", code="GM-0009", run=run.run_id, expected="take") == 409
    assert visitor.send(f"{station}/abort", run=run.run_id, reason="no time") == 409

    visitor.clock.jump(2)
    page = visitor.text(station, language)
    assert after in page
    assert f'action="{station}/abort"' in page


def test_board_shows_each_status_once_at_least(visitor: Visitor) -> None:
    board = visitor.text("/")
    shown = set(re.findall(r'data-status="(\w+)"', board))
    assert shown == {
        "missed",
        "failed",
        "overdue",
        "lapsed",
        "no_data",
        "inconclusive",
        "due",
        "never_verified",
        "verified",
    }
    assert f'href="/containments/{OPEN_CASE}"' in board
    assert "214 suspect · open 13 min" in board
    assert "no connection since 13:31" in board


NUMBERED = re.compile(r"(?<![\w-])(?:[a-z][\w.-]*-)?[ROCPA]-[0-9]+(?![\w-])")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize("path", PAGES)
def test_a_number_is_said_with_its_line_and_in_one_piece(
    onlooker: Visitor, path: str, language: str
) -> None:
    """D50: `R-7` alone is a run of each line, and of schema 1."""
    page = onlooker.client.get(path, headers={"accept-language": language}).text
    body = re.sub(r"<(script|style|title)\b.*?</\1>", "", page, flags=re.DOTALL)
    apart = re.sub(r"<[^>]*>", "", re.sub(r'<span class="id(?: long)?">[^<]*</span>', "", body))
    assert NUMBERED.findall(apart) == []
    said = re.findall(r'<span class="id(?: long)?">([^<]*)</span>', body)
    assert [each for each in said if re.fullmatch("[ROCPA]-[0-9]+", each)] == []


def test_board_says_since_when_nobody_watches(visitor: Visitor) -> None:
    visitor.clock.jump(180)
    assert "Monitoring stopped at 14:05" in visitor.text("/")
    assert "Monitoring stopped at 14:05" in visitor.text("/stations/line1-op20")
    visitor.let(visitor.plant.beat())
    assert "Monitoring stopped" not in visitor.text("/")


@pytest.mark.parametrize("why", list(TroubleWhy))
def test_every_page_says_since_when_nothing_is_recorded_and_why(
    visitor: Visitor, why: TroubleWhy
) -> None:
    """F3: "monitoring · data 0.0 s old" while nothing could be recorded."""
    watch = visitor.plant.agent.recording_watch
    watch.recorded()
    watch.failed(StoreTrouble("x", why))
    visitor.clock.jump(6)
    visitor.let(visitor.plant.beat())
    for language, words, short in (
        ("en", "Nothing is recorded since 14:0", "monitoring · data"),
        ("zh", "起没有任何内容被记录", "监视中"),
    ):
        because = catalogue(language).gettext(f"recording.why.{why.value}")
        for path in ("/", "/stations/line1-op20", "/due", "/runs"):
            page = visitor.text(path, language)
            assert words in page, path
            assert because in page, path
        assert short not in visitor.text("/", language)
    watch.recorded()
    assert "Nothing is recorded" not in visitor.text("/")


def test_an_empty_plant_has_a_page_to_start_from() -> None:
    planned = showcase_plant()
    nothing = replace(planned.plan, checks=())
    empty = replace(planned, lines=(), stations=(), parts=(), calendars={}, plan=nothing)
    visitor = serve(plant=empty)
    assert "No devices yet" in visitor.text("/")
    assert "No stations yet" in visitor.text("/stations")


def test_language_is_remembered_once_asked_for(visitor: Visitor) -> None:
    visitor.client.get("/due?lang=zh")
    assert "待验证与逾期未验" in visitor.text("/due", "en")


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/nowhere", 404),
        ("/stations/op99", 404),
        ("/runs/999999", 404),
        ("/runs/99999999999999999999999", 404),
        ("/containments/77", 404),
        ("/containments/99999999999999999999999", 404),
        ("/runs?from=tomorrow", 400),
    ],
)
def test_what_is_not_there_is_said_on_a_page(onlooker: Visitor, path: str, status: int) -> None:
    page = onlooker.text(path, status=status)
    assert "<h1>" in page
    assert UNSAID.findall(page) == []


def test_a_run_is_made_by_forms_alone(visitor: Visitor) -> None:
    visitor.be("badge 2207")
    station = "/stations/line1-op20"
    assert "Start the verification" in visitor.text(station)
    assert visitor.send(f"{station}/start", check="line1-op20") == 303
    run = under_way(visitor, "line1-op20")
    assert run is not None
    names = visitor.plant.ask(lambda reader: reader.names())
    assert names[run.started_by].name == "badge 2207"
    entry = visitor.plant.ask(lambda reader: reader.entries(run.started_entry, 1))[0]
    assert entry.actor.station == "line1-op20"
    assert "Take RR-0001 from drawer A2" in visitor.text(station)
    assert visitor.send(f"{station}/scan", code="RR-0001", run=run.run_id, expected="take") == 303
    assert "Put RR-0001 into the station" in visitor.text(station)


def test_that_it_was_not_the_part_is_said_with_one_tap_and_named(visitor: Visitor) -> None:
    """D29: while the page waits for the answer; then nobody can."""
    visitor.be("badge 2207")
    station = "/stations/line1-op50"
    visitor.send(f"{station}/start", check="line1-op50")
    run = under_way(visitor, "line1-op50")
    assert run is not None
    visitor.send(f"{station}/scan", code="RR-0004", run=run.run_id, expected="take")
    assert "That was not the part" not in visitor.text(station)
    visitor.send(f"{station}/presented", run=run.run_id)
    assert "That was not the part" in visitor.text(station)
    assert visitor.send(f"{station}/not-the-part", run=run.run_id) == 303
    assert "Wait: you said that it is not the part" in visitor.text(station)
    visitor.clock.jump(1)
    visitor.let(visitor.plant.show("line1-op50"))
    assert "That was not the part" not in visitor.text(station)
    page = visitor.text(f"/runs/{run.run_id}")
    assert "Somebody said before the answer that this was not RR-0004." in page
    assert "in place" in page
    assert "after its scan" in page
    assert visitor.send(f"{station}/not-the-part", run=run.run_id) == 409


def test_a_feed_that_makes_no_difference_is_not_said_to_be_held(visitor: Visitor) -> None:
    """D29: a tap at a device whose rule says nothing of its feed."""
    visitor.be("badge 2207")
    begun = visitor.let(visitor.plant.begin("line1-op20"))
    visitor.send("/stations/line1-op20/scan", run=begun.run_id, expected="take", code="RR-0001")
    assert "Hold the feed" in visitor.text("/stations/line1-op20")
    assert visitor.send("/stations/line1-op20/feed-held", run=begun.run_id) == 409


def test_a_wrong_part_is_named_and_changes_nothing(visitor: Visitor) -> None:
    visitor.be("badge 2207")
    begun = visitor.let(visitor.plant.begin("line1-op20"))
    sent = visitor.send(
        "/stations/line1-op20/scan", run=begun.run_id, expected="take", code="GM-0001"
    )
    assert sent == 409
    run = under_way(visitor, "line1-op20")
    assert run is not None
    assert run.state == "awaiting_part"


def test_confirming_too_early_is_refused_and_the_button_says_what_is_missing(
    visitor: Visitor,
) -> None:
    visitor.be("badge 2207")
    run = visitor.let(visitor.plant.run_up_to_return("line1-op20", "detected"))
    page = visitor.text("/stations/line1-op20")
    assert re.search(r"<button[^>]* disabled>2 steps left", page)
    assert visitor.send("/stations/line1-op20/confirm", run=run.run_id) == 409


def test_nobody_in_particular_can_do_nothing(visitor: Visitor) -> None:
    assert "Scan your badge first" in visitor.text("/stations/line1-op20")
    assert visitor.send("/stations/line1-op20/start", check="line1-op20") == 409
    assert under_way(visitor, "line1-op20") is None
    (overdue,) = OCCURRENCES["overdue"]
    assert visitor.send("/due/excuse", occurrence=overdue, reason="no material") == 409
    assert visitor.send(f"/containments/{OPEN_CASE}/tick", step=1) == 409


def test_who_was_stated_is_kept_until_it_is_changed(visitor: Visitor) -> None:
    assert visitor.send("/stations/line1-op20/who", name="  李 伟 ") == 303
    assert "李 伟" in visitor.text("/stations/line1-op20")
    assert visitor.send("/stations/line1-op20/who", name="") == 303
    assert "Scan your badge" in visitor.text("/stations/line1-op20")


@pytest.mark.parametrize("language", ["en", "zh-CN"])
@pytest.mark.parametrize(
    ("path", "grades"),
    [
        (f"/runs/{MISSED_RUN}", "AC"),
        ("/runs", "CD"),
        ("/stations/line1-op20", "C"),
        ("/", "C"),
        ("/stations", "C"),
        (f"/containments/{OPEN_CASE}", "C"),
    ],
)
def test_a_verdict_stands_with_the_grade_of_its_evidence(
    onlooker: Visitor, path: str, grades: str, language: str
) -> None:
    """D28: a letter and a word."""
    begin = {"en": "evidence ", "zh-CN": "证据等级 "}[language]
    page = onlooker.text(path, language)
    for grade in grades:
        assert begin + grade in page


def test_a_run_says_what_its_grade_rests_on(onlooker: Visitor) -> None:
    page = onlooker.text(f"/runs/{MISSED_RUN}", "en")
    assert "by the code on the part" in page
    assert "a signal, without a reason" in page
    assert "at most 0.2 s between readings" in page


def test_an_inconclusive_verdict_shows_no_grade(onlooker: Visitor) -> None:
    assert "data-grade" not in onlooker.text(f"/runs/{CUT_OFF_RUN}", "en")


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ("detected", "The station rejected RR-0001 in 1.8 s, for the right reason."),
        ("missed", "The station accepted RR-0001 after 1.8 s."),
        ("silent", "The station did not reject RR-0001 in time: it gave no answer."),
        ("silent", "Not detected: no answer"),
        ("missed", "Stop the line and call the shift leader."),
        ("link_lost", "The connection to the station was lost"),
        ("wrong_reject_code", "code 31 instead of 12"),
    ],
)
def test_verdict_is_said_in_words(visitor: Visitor, answer: str, said: str) -> None:
    visitor.let(visitor.plant.run_up_to_return("line1-op20", answer))
    page = visitor.text("/stations/line1-op20")
    assert f'data-verdict="{VERDICTS.get(answer, answer)}"' in page
    assert said in page


async def taken_out_unjudged(plant: Showcase) -> RunRecord:
    """The rabbit is taken out before its answer, and a part without a label is rejected."""
    run = await plant.begin(MISSED)
    await plant.take(run, parts_of(run)[0])
    await plant.put_on(run, parts_of(run)[0])
    await plant.answer(run, 0.4, part_code="", part_present=False)
    await plant.answer(run, 0.6, part_present=True)
    await plant.answer(run, 0.8, **ANSWERS["detected"])
    return run


@pytest.mark.parametrize(
    ("language", "said", "short"),
    [
        (
            "en",
            "The station did not see {part} any more before the result came: it may be another part",
            "left before the result",
        ),
        ("zh", "工位已读不到 {part}", "结果给出前样件已离开"),
    ],
)
def test_a_result_after_the_part_left_is_said_to_be_perhaps_another_parts(
    visitor: Visitor, language: str, said: str, short: str
) -> None:
    """D29."""
    run = visitor.let(taken_out_unjudged(visitor.plant))
    words = said.format(part=parts_of(run)[0])
    assert words in visitor.text(f"/stations/{MISSED}", language)
    page = visitor.text(f"/runs/{run.run_id}", language)
    assert words in page
    assert short in page


def test_a_rejected_good_master_is_said_with_what_to_do(visitor: Visitor) -> None:
    visitor.let(runs_in_every_state(visitor.plant))
    page = visitor.text("/stations/line4-op50")
    assert 'data-verdict="false_reject"' in page
    assert "Call maintenance." in page


def test_a_silent_miss_is_recorded_as_silence_not_as_an_acceptance(onlooker: Visitor) -> None:
    page = onlooker.text(f"/runs/{SILENT_RUN}")
    assert "no rejection in time" in page


def test_after_a_miss_no_further_part_is_asked_for(visitor: Visitor) -> None:
    visitor.let(visitor.plant.run_up_to_return("line1-op20", "missed"))
    assert "GM-0001" not in visitor.text("/stations/line1-op20")


def test_an_unfit_part_stops_the_start(visitor: Visitor) -> None:
    visitor.be("badge 2207")
    page = visitor.text("/stations/line1-op60")
    assert "RR-0005 expired on 2026-10-31" in page
    assert "Part can&#39;t be used" in page or "Part can't be used" in page


def test_an_occurrence_is_excused_with_who_and_why(visitor: Visitor) -> None:
    assert (
        visitor.send(
            "/due/excuse", occurrence=OCCURRENCES["overdue"][0], reason="no material", by="Chen Jie"
        )
        == 303
    )
    found = visitor.plant.ask(lambda r: r.get(OccurrenceRecord, OCCURRENCES["overdue"][0]))
    assert found is not None
    assert (found.outcome, found.reason_text) == ("excused", "no material")
    names = visitor.plant.ask(lambda reader: reader.names())
    assert names[found.decided_by or ""].name == "Chen Jie"
    assert (
        visitor.send("/due/excuse", occurrence=OCCURRENCES["due"][0], reason=" ", by="Chen Jie")
        == 409
    )


def test_a_pause_is_declared_in_plant_time_and_ended(visitor: Visitor) -> None:
    span = {"begins_at": "2026-11-23T15:00", "ends_at": "2026-11-23T16:30"}
    declared = {"line": "line2", "reason": "no material", "by": "Chen Jie"}
    assert visitor.send("/due/pause", **span, **declared) == 303
    pause = visitor.plant.ask(lambda r: r.get(PauseRecord, "line2-P-1"))
    assert pause is not None
    assert pause.begins_at.isoformat() == "2026-11-23T07:00:00+00:00"
    assert visitor.send("/due/end-pause", pause="line2-P-1", by="Chen Jie") == 303
    assert visitor.send("/due/pause", **(span | {"ends_at": "noon"}), **declared) == 409


def test_a_containment_is_worked_off_step_by_step(visitor: Visitor) -> None:
    page = visitor.text(f"/containments/{OPEN_CASE}")
    assert "Hold every part made since the last good check." in page
    assert "214" in page
    assert visitor.send(f"/containments/{OPEN_CASE}/tick", step=1, by="Li Wei") == 303
    assert "2 / 4" in visitor.text(f"/containments/{OPEN_CASE}")
    assert (
        visitor.send(f"/containments/{OPEN_CASE}/stop", by="Li Wei") == 409
    )  # it is recorded already


def test_a_check_given_up_again_and_again_is_seen_on_every_page(visitor: Visitor) -> None:
    """F9."""

    async def given_up(times: int) -> None:
        for _ in range(times):
            await visitor.plant.abort(await visitor.plant.begin("line1-op20"), "no time")

    visitor.let(given_up(1))
    assert "1 verification without a result" in visitor.text("/")
    assert "1 verification without a result" in visitor.text("/stations")
    visitor.let(given_up(2))
    for page in ("/", "/due", "/stations/line1-op20"):
        assert "3 verifications in a row without a result" in visitor.text(page), page
    assert "tell the quality engineer" in visitor.text("/stations/line1-op20")
    assert "Again and again without a result" in visitor.text("/due")
    assert "连续 3 次验证无结果" in visitor.text("/due", "zh-CN")


def test_a_remark_is_kept_with_its_run(visitor: Visitor) -> None:
    address = f"/runs/{MISSED_RUN}"
    assert "The lamp was dim." not in visitor.text(address)
    sent = {"text": "The lamp was dim.", "by": "Li Wei"}
    assert visitor.send(f"{address}/remarks", **sent) == 303
    page = visitor.text(address)
    assert "The lamp was dim." in page
    assert page.index("The lamp was dim.") < page.index("name not verified", page.index("dim"))
    assert visitor.send(f"{address}/remarks", text=" ", by="Li Wei") == 409
    assert visitor.send("/runs/line1-R-999/remarks", **sent) == 404


def test_after_a_miss_the_station_shows_its_reaction_and_asks_what_was_repaired(
    visitor: Visitor,
) -> None:
    """D35, R24: stop, steps and repair, one tap each; only then the re-verification."""
    visitor.be("Li Wei")
    visitor.let(cases_in_every_state(visitor.plant))
    station = "/stations/line2-op20"
    page = visitor.text(station)
    assert f'href="/containments/{OPEN_CASE}"' in page
    assert "Hold every part made since the last good check." in page
    assert "Lens or sensor cleaned" in page
    assert "First: what was repaired?" in page
    assert visitor.send(f"{station}/tick", containment=OPEN_CASE, step=1) == 303
    assert visitor.send(f"{station}/stop", containment=OPEN_CASE) == 409  # recorded already
    assert visitor.send(f"{station}/repair", containment=OPEN_CASE, repair="prayed") == 409
    assert visitor.send(f"{station}/repair", containment=OPEN_CASE, repair="other") == 409
    assert visitor.send(f"{station}/repair", containment=OPEN_CASE, repair="part_worn") == 303
    page = visitor.text(station)
    assert "First: what was repaired?" not in page
    assert "Challenge part is worn" in page
    start = {"check": "line2-op20", "containment": OPEN_CASE}
    assert visitor.send(f"{station}/start", **start) == 303
    page = visitor.text(station)
    assert "Hold every part made since the last good check." in page
    assert 'name="repair"' not in page


def test_a_case_is_worked_off_before_its_own_station_only(visitor: Visitor) -> None:
    """D23: the station is signed into the ledger with the actor."""
    visitor.be("Li Wei")
    elsewhere = "/stations/line1-op20"
    assert visitor.send(f"{elsewhere}/tick", containment=OPEN_CASE, step=1) == 409
    assert visitor.send(f"{elsewhere}/tick", containment="line2-C-9", step=1) == 409
    assert visitor.send(f"{elsewhere}/repair", containment=OPEN_CASE, repair="part_worn") == 409


def test_a_station_shows_a_case_that_waits_for_its_end_behind_what_is_to_be_done(
    visitor: Visitor,
) -> None:
    """D35."""
    visitor.let(cases_in_every_state(visitor.plant))
    page = visitor.text("/stations/line1-op50")
    assert "Re-verified · torque low" in page
    assert page.index("start-list") < page.index('id="case-line1-C-3"')
    assert "Light replaced" in visitor.text("/containments/line1-C-3")


def test_a_case_is_closed_by_a_person(visitor: Visitor) -> None:
    """D35."""
    visitor.let(cases_in_every_state(visitor.plant))
    address = "/containments/line1-C-3"
    assert "the remaining steps of the reaction" in visitor.text(address)
    assert visitor.send(f"{address}/close", by="Chen Jie") == 409
    assert visitor.send(f"{address}/tick", step=3, by="Li Wei") == 303
    assert visitor.text(address).count("Left to do:") == 0
    assert visitor.send(f"{address}/close", by="Chen Jie") == 303
    page = visitor.text(address)
    assert re.search(r"closed by</dt><dd>.*Chen Jie", page)
    assert "line1-C-3" not in visitor.text("/")


def test_re_verification_leads_to_the_station(visitor: Visitor) -> None:
    assert visitor.send(f"/containments/{OPEN_CASE}/reverify", by="Li Wei") == 409
    repair = {"repair": "sensor_moved", "by": "Li Wei"}
    assert visitor.send(f"/containments/{OPEN_CASE}/repair", **repair) == 303
    assert "Sensor had moved, set back" in visitor.text(f"/containments/{OPEN_CASE}")
    assert visitor.send(f"/containments/{OPEN_CASE}/reverify", by="Li Wei") == 303
    run = under_way(visitor, "line2-op20")
    assert run is not None
    assert (run.purpose, run.containment_id) == ("reverification", OPEN_CASE)
    assert "is under way" in visitor.text(f"/containments/{OPEN_CASE}")


def test_runs_are_filtered_and_paged(visitor: Visitor) -> None:
    async def given_up(times: int) -> None:
        for _ in range(times):
            await visitor.plant.abort(await visitor.plant.begin("line1-op20"), "no time")

    visitor.let(given_up(60))
    first = visitor.text("/runs?device=line1-op20")
    assert len(re.findall(r'class="row" href="/runs/', first)) == 40
    older = re.search(r'href="/runs\?([^"]+)" *>|rel="next" href="/runs\?([^"]+)"', first)
    assert older is not None
    query = (older.group(1) or older.group(2)).replace("&amp;", "&")
    second = visitor.text(f"/runs?{query}")
    assert len(re.findall(r'class="row" href="/runs/', second)) == 21
    assert "line1-op20" in query


def test_a_record_shows_its_trace_and_where_it_is_kept(visitor: Visitor) -> None:
    page = visitor.text(f"/runs/{MISSED_RUN}")
    assert page.count('<svg class="diagram') == 2
    assert "name not verified" in page
    assert "(for info)" in page
    assert "root" in page


@pytest.mark.parametrize(
    "path", ["/stations/line1-op20/scan", "/due/excuse", f"/containments/{OPEN_CASE}/tick"]
)
def test_reloading_after_a_form_leads_back_to_its_page(onlooker: Visitor, path: str) -> None:
    answer = onlooker.client.get(path, follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == path.rpartition("/")[0]


def test_scheduled_checks_are_filtered_counted_and_drawn_by_day(onlooker: Visitor) -> None:
    """B34: the counts are those of the records, whatever is asked for; and each day leads to its own."""
    every = onlooker.plant.ask(lambda reader: reader.find(OccurrenceRecord))
    now = onlooker.clock.now()
    for end in ("passed", "lapsed", "excused"):
        found = [each.occurrence_id for each in every if status(each, now).value == end]
        text = onlooker.text(f"/verifications?from=&to=&end={end}")
        assert f"Scheduled checks: {len(found)}<" in text
        assert sorted(re.findall(r'class="row" href="/verifications/([^"]+)"', text)) == found
        assert f"{end}: {len(found)}<" in text
    month = onlooker.text("/verifications")
    assert f"Scheduled checks: {len(every)}<" in month
    assert re.search(
        r'class="day is-red" href="[^"]*line=line3[^"]*"><span class="only-read">2026-11-23: lapsed 1',
        month,
    )
    assert "Scheduled checks: 0<" in onlooker.text("/verifications?from=2026-11-24&to=2026-11-30")
    assert "Scheduled checks: 0<" in onlooker.text("/verifications?line=nowhere")
    assert onlooker.client.get("/verifications?from=never").status_code == 400
    assert onlooker.client.get("/verifications?before=line1-O-99").status_code == 400


@pytest.mark.parametrize("language", ["en", "zh"])
def test_an_end_is_drawn_by_a_letter_of_its_own_and_never_by_colour_alone(
    onlooker: Visitor, language: str
) -> None:
    """Who sees no colours reads days of the month and beads all the same, and the legend says what the letters mean."""
    words = Words(language, onlooker.plant.plant.zone, onlooker.clock.now())
    letters = {end: words(f"letter.{end.value}") for end in End}
    assert len(set(letters.values())) == len(End)
    head = {"Accept-Language": language}
    lapsed = next(
        each
        for each in onlooker.plant.ask(lambda reader: reader.find(OccurrenceRecord))
        if each.occurrence_id in OCCURRENCES["lapsed"]
    )
    month = onlooker.client.get("/verifications?from=2026-11-01&to=2026-11-30", headers=head).text
    history = onlooker.client.get(f"/checks/{lapsed.check_id}", headers=head).text
    cells = re.findall(r'<a class="day .*?</a>', month, re.DOTALL)
    beads = re.findall(r'<a class="bead .*?</a>', history, re.DOTALL)
    assert cells
    assert beads
    for drawn in (*cells, *beads):
        (letter,) = re.findall(r'<b class="letter">(.+?)</b>', drawn)
        (end,) = [end for end in End if letters[end] == letter]
        assert words(f"ended.{end.value}") in drawn
        assert f"is-{look.tone(end.value)}" in drawn
    for text in (month, history):
        for end in End:
            said = f'<b class="letter">{letters[end]}</b> {words(f"ended.{end.value}")}'
            assert said in text


def test_what_is_printed_is_all_that_is_asked_for_or_nothing(
    onlooker: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = onlooker.plant.ask(lambda reader: reader.find(OccurrenceRecord))
    text = onlooker.text("/verifications/print")
    assert len(re.findall(r'class="row" href="/verifications/', text)) == len(every)
    assert re.search("2026-11-01 . 2026-11-30", text)
    assert onlooker.client.get("/verifications/print?to=never").status_code == 422
    monkeypatch.setattr("redrabbit.web.pages.verifications.MOST_PRINTED", len(every) - 1)
    assert onlooker.client.get("/verifications/print").status_code == 422
    assert len(onlooker.text("/verifications/print?end=passed")) > 0


def test_why_a_check_lapsed_is_said_afterwards_and_it_stays_lapsed(visitor: Visitor) -> None:
    """A new entry (R14); and only for one that lapsed."""
    (lapsed,) = OCCURRENCES["lapsed"]
    passed = OCCURRENCES["passed"][0]
    reasons = f"/verifications/{lapsed}/reasons"
    assert visitor.send(reasons, text="the part was at calibration") == 409, "nobody"
    visitor.be("Li Wei")
    assert visitor.send(reasons, text="the part was at calibration") == 303
    assert visitor.send(f"/verifications/{passed}/reasons", text="why not") == 409
    for page in (f"/verifications/{lapsed}", "/verifications"):
        text = visitor.text(page)
        assert "“the part was at calibration”" in text
        assert "lapsed" in text
    told = visitor.client.get(f"/api/v1/occurrences/{lapsed}").json()
    assert told["status"] == "lapsed"
    assert [each["text"] for each in told["lapse_reasons"]] == ["the part was at calibration"]
    body = {"text": "no spare", "operator": "Li Wei"}
    again = visitor.client.post(f"/api/v1/occurrences/{lapsed}/reasons", json=body)
    assert (again.status_code, again.json()["place"]) == (201, 2)
    assert visitor.client.get(reasons, follow_redirects=False).status_code == 303
    assert visitor.client.get("/verifications/line9-O-9").status_code == 404
    assert visitor.client.get("/verifications/R-1").status_code == 404


def test_programs_count_what_came_to_which_end(onlooker: Visitor) -> None:
    every = onlooker.plant.ask(lambda reader: reader.find(OccurrenceRecord))
    counts = onlooker.client.get("/api/v1/occurrence-counts").json()
    ends = ("passed", "failed", "lapsed", "excused", "open")
    assert counts["total"] == len(every) == sum(counts[end] for end in ends)
    one = every[0]
    of_one = onlooker.client.get("/api/v1/occurrences", params={"check": one.check_id}).json()
    assert {each["check_id"] for each in of_one["items"]} == {one.check_id}
    counted = onlooker.client.get("/api/v1/occurrence-counts", params={"check": one.check_id})
    assert counted.json()["total"] == len(of_one["items"])


@pytest.mark.parametrize("path", ["/stations/line1-op20/explode", "/due/explode"])
def test_an_unknown_act_is_not_found(onlooker: Visitor, path: str) -> None:
    assert onlooker.send(path) == 404
    assert onlooker.client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (
            "en",
            [
                "Not delivered",
                "The receiver refuses this message",
                "answered 422 Unprocessable Content",
                "2 messages wait",
                "not reached: alarm since 14:05",
            ],
        ),
        (
            "zh-CN",
            [
                "未送达的消息",
                "接收方拒收此消息",
                "接收方返回 422 Unprocessable Content",
                "2 条待发",
                "14:05 起报警",
            ],
        ),
    ],
)
def test_what_did_not_reach_a_receiver_is_shown_with_its_answer(
    language: str, said: list[str], onlooker: Visitor
) -> None:
    """D48; a webhook's path is shown nowhere, because with some services it is the secret."""
    text = onlooker.text("/receivers", language)
    for words in (*said, "quality-office", SILENT_RUN):
        assert words in text
    assert "secret" not in text


def test_the_board_and_the_navigation_count_what_was_not_delivered(onlooker: Visitor) -> None:
    board = onlooker.text("/")
    assert 'href="/receivers"><i>alarms do not reach andon</i>' in board
    assert 'href="/receivers"><b>2</b> <i>alarm messages not delivered</i>' in board
    assert re.search(
        r'href="/receivers"><span>Receivers</span><span class="count"[^>]*>2<',
        onlooker.text("/due"),
    )


def test_a_plant_without_receivers_says_so() -> None:
    plant = replace(showcase_plant(), targets=())
    visitor = serve(plant=plant)
    assert "plant.yaml names none under notifications" in visitor.text("/receivers")
    assert 'href="/receivers"' not in visitor.text("/")


@pytest.mark.parametrize(
    ("path", "language", "words"),
    [
        ("/", "en", "not recorded since"),
        ("/", "zh", "起未能记录"),
        ("/stations", "en", "not recorded since"),
        ("/stations", "zh", "起未能记录"),
        ("/stations/line2-op20", "en", "could not be recorded since"),
        ("/stations/line2-op20", "zh", "该工位的数据未能写入记录"),
    ],
)
def test_a_station_that_is_not_recorded_has_a_mark_on_every_page(
    visitor: Visitor, path: str, language: str, words: str
) -> None:
    """K3: whoever stands before it must not take the silence for a machine's."""
    assert words not in visitor.text(path, language)
    queue = visitor.plant.agent.queues[StationId("line2-op20")]
    queue.not_recording_since = visitor.clock.now()
    assert words in visitor.text(path, language)


@pytest.mark.parametrize("path", ["/", "/due", "/stations/line2-op20", "/runs", "/containments"])
@pytest.mark.parametrize(("language", "words"), [("en", "Catching up"), ("zh", "正在补记")])
def test_every_page_says_that_what_came_due_is_not_all_recorded_yet(
    visitor: Visitor, path: str, language: str, words: str
) -> None:
    """Nobody takes it for *nothing is due* (decision 0035)."""
    assert words not in visitor.text(path, language)
    visitor.plant.agent.catch_up.note(visitor.clock.now() - timedelta(days=30))
    assert words in visitor.text(path, language)
    visitor.plant.agent.catch_up.note(None)
    assert words not in visitor.text(path, language)


def parked_alarms(visitor: Visitor) -> list[str]:
    parked = visitor.plant.ask(lambda reader: reader.parked_messages(9))
    return [json.loads(each.payload)["alarm_id"] for each in parked]


def test_a_message_is_sent_again_or_dropped_in_a_persons_name(visitor: Visitor) -> None:
    """D48, through the one door: the ledger says who decided it."""
    first, second = parked_alarms(visitor)
    visitor.be("Li Wei")
    asked = {"receiver": "quality-office"}
    assert visitor.send("/receivers/send-again", alarm=first, **asked) == 303
    assert visitor.send("/receivers/drop", alarm=second, **asked) == 303
    assert parked_alarms(visitor) == []
    waiting = visitor.let(visitor.plant.outbox.waiting("quality-office", 9))
    assert [json.loads(each.payload)["alarm_id"] for each in waiting] == [first]
    entries = visitor.plant.ask(lambda reader: reader.entries())[-2:]
    assert [(each.type, each.actor.how) for each in entries] == [
        ("message_decided", How.STATED),
        ("message_decided", How.STATED),
    ]
    assert "Not delivered" not in visitor.text("/receivers")


@pytest.mark.parametrize("act", ["send-again", "drop"])
def test_nothing_is_decided_by_nobody_nor_twice(act: str, visitor: Visitor) -> None:
    first, _ = parked_alarms(visitor)
    asked = {"alarm": first, "receiver": "quality-office"}
    assert visitor.send(f"/receivers/{act}", **asked) == 409, "nobody said who they are"
    assert len(parked_alarms(visitor)) == 2
    visitor.be("Li Wei")
    assert visitor.send(f"/receivers/{act}", **asked) == 303
    assert visitor.send(f"/receivers/{act}", **asked) == 409
    assert visitor.send(f"/receivers/{act}", alarm="R-1", receiver="quality-office") == 409
    assert visitor.send(f"/receivers/{act}", alarm=first, receiver="nobody") == 409
    assert visitor.send("/receivers/burn", **asked) == 404
    assert visitor.client.get(f"/receivers/{act}", follow_redirects=False).status_code == 303
    assert visitor.client.get("/receivers/burn").status_code == 404


def test_what_is_parked_for_a_receiver_that_was_removed_can_only_be_dropped(
    visitor: Visitor,
) -> None:
    visitor.plant.agent.plant = replace(visitor.plant.plant, targets=())
    first, _ = parked_alarms(visitor)
    text = visitor.text("/receivers")
    assert "/receivers/send-again" not in text
    assert text.count('formaction="/receivers/drop"') == 2
    visitor.be("Li Wei")
    asked = {"alarm": first, "receiver": "quality-office"}
    assert visitor.send("/receivers/send-again", **asked) == 409
    assert visitor.send("/receivers/drop", **asked) == 303


def a_pulse_is_proposed(visitor: Visitor) -> int:
    """20 answers of a station were read; return the entry that proposes their pulse."""
    station = showcase_plant().station(StationId("line1-op30"))
    signal = next(iter(to_be_learnt(station)))
    cycles = (Cycle(at_least_s=0.24, at_most_s=0.44),) * SAMPLE
    news = PulseNews(station=station, signal=signal, cycles=cycles, why=PulseWhy.LEARNT)
    agent = visitor.plant.agent
    pulse = visitor.let(visitor.plant.write(lambda uow: keep(uow, agent.plant, news)))
    assert pulse is not None
    agent.note_pulse(pulse)
    return pulse.proposed_entry


@pytest.mark.parametrize("decision", ["confirm", "refuse"])
def test_a_station_proposes_what_it_learnt_and_a_person_decides(
    visitor: Visitor, decision: str
) -> None:
    """D30."""
    page = "/stations/line1-op30"
    entry = a_pulse_is_proposed(visitor)
    assert "at least 240 ms and at most 440 ms" in visitor.text(page)
    assert "至少 240 ms" in visitor.text(page, "zh")
    signal = next(iter(to_be_learnt(showcase_plant().station(StationId("line1-op30")))))
    said = {"station": "line1-op30", "signal": signal, "decision": decision}
    assert visitor.send(f"{page}/pulse", proposed_entry=entry, **said) != 303, "nobody"
    visitor.be("Li")
    assert visitor.send(f"{page}/pulse", proposed_entry=entry + 1, **said) == 409
    assert visitor.send(f"{page}/pulse", proposed_entry=entry, **said) == 303
    text = visitor.text(page)
    assert ("confirmed by Li" in text) is (decision == "confirm")
    assert ("refused by Li" in text) is (decision == "refuse")
    assert visitor.send(f"{page}/pulse", proposed_entry=entry, **said) == 409


def test_programs_read_and_decide_what_was_learnt(visitor: Visitor) -> None:
    """D30."""
    address = "/api/v1/stations/line1-op30/pulses"
    entry = a_pulse_is_proposed(visitor)
    pulses = visitor.client.get(address).json()["items"]
    proposed = next(each for each in pulses if each["state"] == "proposed")
    assert {each["state"] for each in pulses if each is not proposed} <= {"learning"}
    assert (proposed["at_least_s"], proposed["proposed_entry"], proposed["in_use_s"]) == (
        0.24,
        entry,
        None,
    )
    assert len(proposed["answers"]) == SAMPLE
    body = {"operator": "Li", "proposed_entry": entry}
    decide = f"{address}/{proposed['signal']}"
    confirmed = visitor.client.post(f"{decide}/confirm", json=body)
    assert confirmed.status_code == 200, confirmed.text
    assert (confirmed.json()["state"], confirmed.json()["decided_by"]) == ("confirmed", "Li")
    assert confirmed.json()["in_use_s"] == 0.24
    refused = visitor.client.post(f"{decide}/refuse", json=body)
    assert (refused.status_code, refused.json()["code"]) == (409, "pulse_decided")
    unknown = visitor.client.get("/api/v1/stations/op99/pulses")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "no_such_station")


def test_a_loss_of_history_stands_on_board_and_ledger_until_a_person_has_read_it(
    visitor: Visitor,
) -> None:
    """D62: the loss itself stays on the page of the ledger, with who went on without it."""
    lost = HistoryLost(size=900, root="00" * 32, found_size=850, found_root="11" * 32)
    visitor.let(
        visitor.plant.agent.database.write(
            lambda uow: accept_loss(uow, lost, Actor.stated("IT Li"))
        )
    )
    assert 'href="/ledger"><i>recorded history was lost</i>' in visitor.text("/")
    text = visitor.text("/ledger")
    assert "At least 50 entries are lost: the ledger had 900, and went on with 850." in text
    (alarm,) = visitor.plant.ask(losses_to_acknowledge)
    asked = {"alarm": alarm.alarm_id}
    assert visitor.send("/ledger/acknowledge", **asked) == 409, "nobody said who they are"
    visitor.be("Li Wei")
    assert visitor.send("/ledger/acknowledge", **asked) == 303
    assert visitor.send("/ledger/acknowledge", **asked) == 409
    assert visitor.send("/ledger/acknowledge", alarm="R-1") == 409
    assert "recorded history was lost" not in visitor.text("/")
    text = visitor.text("/ledger")
    assert "At least 50 entries are lost" in text
    assert "/ledger/acknowledge" not in text
    again = visitor.client.get("/ledger/acknowledge", follow_redirects=False)
    assert again.status_code == 303


def test_the_ledger_says_where_its_checkpoints_are_kept_and_who_has_had_none_for_too_long() -> None:
    """D62: beside the key, and at each receiver that is sent them."""
    beside = [RememberedState()]
    found = [VerificationState()]
    visitor = serve(verification=lambda: found[0], remembered=lambda: beside[0])
    now = visitor.clock.now()

    def shown(sent: CheckpointsSent) -> tuple[str, str, str]:
        visitor.let(visitor.plant.write(lambda uow: uow.keep_checkpoints_sent(sent)))
        return visitor.text("/ledger"), visitor.text("/receivers"), visitor.text("/metrics")

    with visitor.client:
        text = visitor.text("/ledger")
        assert "Beside the key on the server: nothing yet" in text
        assert "quality-office: none yet" in text
        assert "No checkpoint yet" in visitor.text("/receivers")
        assert 'checkpoint_age_seconds{target="quality-office"}' not in visitor.text("/metrics")

        since = CheckpointsSent(receiver="quality-office", since=now - timedelta(days=3))
        ledger, receivers, metrics = shown(replace(since, said="connection refused"))
        assert "none for more than two days" in ledger
        assert "connection refused" in ledger
        assert "No checkpoint for more than two days" in receivers
        assert 'redrabbit_checkpoint_age_seconds{target="quality-office"} 259200.0' in metrics
        assert 'checkpoint_age_seconds{target="andon"}' not in metrics

        beside[0] = RememberedState(size=4711, written_at=now)
        last = replace(since, size=815, delivered_at=now - timedelta(hours=1), moment=now)
        ledger, receivers, metrics = shown(last)
        assert "Beside the key on the server: 4711 entries" in ledger
        assert "quality-office: 815 entries" in ledger
        assert "Last checkpoint: 815 entries" in receivers
        assert 'redrabbit_checkpoint_age_seconds{target="quality-office"} 3600.0' in metrics
        assert "two days" not in ledger + receivers

        found[0] = VerificationState(findings=(Finding(code="root_differs", place="ledger"),))
        beside[0] = RememberedState(is_failing=True, was_absent=True)
        text = visitor.text("/ledger")
        assert "Nothing is sent while damage is known." in text
        assert "be written beside the key" in text
        assert "When the service started, nothing was remembered outside." in text

        visitor.plant.agent.plant = replace(visitor.plant.plant, targets=())
        assert "No receiver keeps checkpoints" in visitor.text("/ledger")


def test_the_ledger_tells_which_key_signs_since_when_and_gives_it_as_a_file(
    visitor: Visitor,
) -> None:
    """U5: a person compares the key with the one they were given."""
    text = visitor.text("/ledger")
    assert LEDGER_KEY in text
    assert "since the first entry" in text
    file = visitor.client.get("/ledger/public-key")
    assert file.text == f"{LEDGER_KEY}\n"
    assert "ledger-3f91c0aa.pub" in file.headers["content-disposition"]
    old = "changchun2+0a0b0c0d+AQ=="
    fact = KeyChanged(old_key=old, new_key=LEDGER_KEY, statement="as both have signed it")
    visitor.let(
        visitor.plant.agent.database.write(
            lambda uow: record_fact.record(
                uow, fact, stream=PLANT_STREAM, actor=Actor.stated("IT Li")
            )
        )
    )
    text = visitor.text("/ledger")
    assert text.index(LEDGER_KEY) < text.index(old)
    assert "IT Li" in text
    first, second = visitor.client.get("/api/v1/ledger/keys").json()["items"]
    assert (first["key"], first["since_entry"], first["signs_now"]) == (old, None, False)
    assert (second["key"], second["changed_by"], second["signs_now"]) == (
        LEDGER_KEY,
        "IT Li",
        True,
    )
    assert f"since entry {second['since_entry']}" in text
    assert 'href="/ledger/public-key/0a0b0c0d"' in text
    for key, key_id in ((old, "0a0b0c0d"), (LEDGER_KEY, "3f91c0aa")):
        file = visitor.client.get(f"/ledger/public-key/{key_id}")
        assert file.text == f"{key}\n"
        assert f"ledger-{key_id}.pub" in file.headers["content-disposition"]
    assert visitor.client.get("/ledger/public-key/ffffffff").status_code == 404


def test_nothing_is_said_to_be_due_while_obligations_are_behind(visitor: Visitor) -> None:
    """What came due meanwhile is not recorded yet: nobody knows (decision 0035)."""
    visitor.be("Li Wei")
    for due in re.findall('name="occurrence" value="([^"]+)"', visitor.text("/due")):
        assert visitor.send("/due/excuse", occurrence=due, reason="no parts today") == 303
    nothing = "Nothing is due"
    assert nothing in visitor.text("/due")
    visitor.plant.agent.catch_up.note(visitor.clock.now() - timedelta(days=2))
    assert nothing not in visitor.text("/due")
