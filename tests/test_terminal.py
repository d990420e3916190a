"""The story in the terminal, told from the facts in the ledger."""

from dataclasses import replace
from functools import cache
from io import StringIO

from rich.console import Console

from redrabbit.domain.ledger import Entry
from redrabbit.terminal import tell
from tests.showcase_story import (
    CLOSED_CASE,
    MISSED,
    MISSED_RUN,
    OPEN_CASE,
    SILENT_RUN,
)
from tests.showcase_told import told_before


@cache
def entries() -> tuple[Entry, ...]:
    """Return the ledger of the showcase's morning."""
    showcase = told_before()[0]
    return tuple(showcase.ask(lambda reader: reader.entries()))


def story(*entries: Entry) -> list[str]:
    """Return the lines that are told of these entries, all of them by Anna."""
    out = StringIO()
    console = Console(file=out, width=200)
    for entry in entries:
        tell(console, entry, "Anna", lambda at: at)
    return out.getvalue().splitlines()


def test_a_miss_is_told_from_start_to_containment() -> None:
    lines = [line for line in story(*entries()) if f" {MISSED} " in line]
    run = [line for line in lines if MISSED_RUN in line]
    assert [line.partition(f"{MISSED_RUN} ")[2] for line in run[:4]] == [
        "started · line2-op20",
        "RR-0007 issued · must be rejected",
        "presented (code)",
        "RR-0007 NOT DETECTED after 2.1 s",
    ]
    assert run[-1].endswith(f"{MISSED_RUN} failed · confirmed by Anna")
    assert any(f"containment {OPEN_CASE} opened · line2-op20 · " in line for line in lines)


def test_silence_is_told_as_silence() -> None:
    """F5."""
    judged = [line for line in story(*entries()) if f"{SILENT_RUN} RR-" in line]
    assert any("NOT DETECTED (no answer) after" in line for line in judged)


def test_the_way_back_is_told_from_the_repair_to_the_end_of_the_case() -> None:
    """D35."""
    told_of = [line.partition(f"containment {CLOSED_CASE} ")[2] for line in story(*entries())]
    assert [words.partition(" · ")[0] for words in told_of if words] == [
        "opened",
        "repaired",
        "re-verified by line1-R-2",
        "closed",
    ]
    assert any(words == "repaired · sensor moved · Anna" for words in told_of)


def test_a_repair_is_told_with_a_persons_words_and_that_it_did_not_help() -> None:
    repaired = next(each for each in entries() if each.type == "repair_recorded")
    about = {"containment_id": CLOSED_CASE, "repair_code": "other"}
    in_words = replace(repaired, payload=about | {"repair_text": "new light"})
    failed = replace(repaired, type="repair_disproved", payload=about | {"run_id": "line1-R-2"})
    assert [line.partition(f"{CLOSED_CASE} ")[2] for line in story(in_words, failed)] == [
        "repaired · other “new light” · Anna",
        "· the repair did not help",
    ]


def test_what_does_not_belong_to_the_story_is_not_told() -> None:
    assert story(*(each for each in entries() if each.type == "configuration_adopted")) == []


def test_an_erased_payload_tells_nothing() -> None:
    """D51."""
    assert story(*(replace(each, payload=None) for each in entries())) == []
