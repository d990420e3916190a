"""One run as a record: what was expected, seen and judged, and why it was made (R14)."""

import pytest

from redrabbit.domain.identity import RunId
from redrabbit.services.queries.run import RunPage, run_page
from tests.services.queries.at_op20 import AtOp20
from tests.showcase_story import CUT_OFF_RUN, MISSED_RUN, SILENT_RUN, Showcase


def page_of(showcase: Showcase, run: str) -> RunPage:
    now = showcase.clock.now()
    return showcase.ask(lambda reader: run_page(reader, showcase.plant, RunId(run), now))


def page_at(bench: AtOp20) -> RunPage:
    now = bench.clock.now()
    return bench.ask(lambda reader: run_page(reader, bench.plant, RunId("line1-R-1"), now))


def test_what_was_expected_stands_beside_what_was_observed(showcase: Showcase) -> None:
    page = page_of(showcase, MISSED_RUN)
    first, again = page.presentations
    assert (first.expected.code, first.observed.code) == (
        "expected.reject_code",
        "observed.accepted",
    )
    assert (first.decides, again.decides, again.observed.code) == (
        True,
        False,
        "expected.reject_code",
    )
    assert page.outcome == "failed"
    assert [case.containment for case in page.containments] == ["line2-C-1"]


def test_a_verdict_tells_what_its_grade_rests_on(showcase: Showcase) -> None:
    """D28."""
    page = page_of(showcase, MISSED_RUN)
    first, _ = page.presentations
    assert first.verdict is not None
    assert (page.grade, first.verdict.grade) == ("C", "C")
    assert [line.words.code for line in first.graded] == [
        "known_by.code",
        "answer.signal",
        "watched.unbroken",
    ]


def test_silence_is_observed_as_silence(showcase: Showcase) -> None:
    """D3."""
    (shown,) = page_of(showcase, SILENT_RUN).presentations
    assert shown.observed.code == "observed.silence"


def test_an_inconclusive_verdict_is_observing_its_reason(showcase: Showcase) -> None:
    (shown,) = page_of(showcase, CUT_OFF_RUN).presentations
    assert shown.observed.code == "why_inconclusive.link_lost"


def test_a_good_master_is_expected_to_be_accepted(showcase: Showcase) -> None:
    _, good = page_of(showcase, "line1-R-3").presentations
    assert (good.expected.code, good.observed.code) == ("expected.accept", "observed.accepted")


def test_a_stopped_run_has_no_outcome_before_it_is_closed() -> None:
    bench = AtOp20()
    bench.start()
    bench.scan()
    assert page_at(bench).presentations[0].observed.code == "observed.nothing_yet"
    bench.abort()
    assert page_at(bench).outcome == "under_way"
    bench.give_back()
    bench.confirm()
    assert page_at(bench).outcome == "aborted"


def test_how_early_or_late_it_was_is_told() -> None:
    early, late = AtOp20(), AtOp20()
    early.start()
    late.pass_time(900)
    late.start()
    assert [page_at(bench).timing for bench in (early, late)] != [None, None]
    assert str(page_at(early).timing).count("run.early") == 1
    assert str(page_at(late).timing).count("run.late") == 1


def test_a_re_verification_shows_the_case_that_it_is_for(showcase: Showcase) -> None:
    page = page_of(showcase, "line1-R-2")
    assert page.why.code == "why.reverification"
    assert [case.containment for case in page.containments] == ["line1-C-1"]
    assert page.timing is None


def test_a_run_that_is_not_there_is_missing() -> None:
    with pytest.raises(KeyError):
        page_at(AtOp20())
