"""A database that a newer version wrote to: refused in words, untouched, and verified as far as can be."""

from pathlib import Path

import pytest

from redrabbit.cli import main
from redrabbit.domain.facts.catalogue import fold
from redrabbit.domain.facts.fact import Changes, Look
from redrabbit.domain.identity import AGENT
from redrabbit.domain.ledger import Entry, Event
from redrabbit.services.errors import DamagedDatabase, DatabaseTooNew
from redrabbit.store.opening import open_database
from redrabbit.store.unit_of_work import Recording
from redrabbit.store.verification import verify_database
from simulators.virtual_clock import VirtualClock
from tests.store.sample_database import Sample, sqlite_sample
from tests.store.sample_story import BEGIN, FIRST


def newer_fold(entry: Entry, look: Look) -> Changes:
    return () if entry.type == "bypass_approved" else fold(entry, look)


@pytest.fixture
def sample(tmp_path: Path) -> Sample:
    """The sample database, to which a newer version with the same tables has written."""
    found = sqlite_sample(tmp_path)
    recording = Recording(fold=newer_fold, software="99.2.0")
    clock = VirtualClock(BEGIN.replace(month=4))
    with open_database(
        found.url, plant="x", clock=clock, recording=recording, key_path=found.key
    ) as database:
        database.write_now(
            lambda work: work.append(
                Event(
                    type="bypass_approved",
                    stream="line1",
                    occurred_at=work.now,
                    actor=AGENT,
                    payload={},
                )
            )
        )
    return found


def test_nothing_is_written_to_it_and_nobody_is_told_to_throw_it_away(sample: Sample) -> None:
    with pytest.raises(DatabaseTooNew) as told:
        sample.open()
    assert not isinstance(told.value, DamagedDatabase)
    words = str(told.value)
    assert "ledger[245]: written by a newer version of Red Rabbit" in words
    assert "entry type bypass_approved, by version 99.2.0" in words
    assert "Nothing is damaged" in words
    assert "backup" not in words


def test_serve_says_so_and_does_not_start(
    sample: Sample, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["--config", str(FIRST), "--database", sample.url, "--port", "0"]
    assert main(["serve", *asked, "--key", str(sample.key)]) == 1
    assert "written by a newer version of Red Rabbit" in capsys.readouterr().err


def test_verify_vouches_for_what_it_can_and_says_for_what_it_can_not(
    sample: Sample, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["verify", "--database", sample.url, "--public-key", str(sample.public_key)]
    assert main(asked) == 3
    first, _, _, second, third = (
        capsys.readouterr().out.splitlines()
    )  # what is trusted, and that no head is remembered
    assert first.startswith("entries, chain and signature are unaltered: 246 entries, root ")
    assert second.startswith("ledger[245]: written by a newer version of Red Rabbit")
    assert third.startswith("not verified: ")


def test_what_the_newer_version_wrote_is_verified_by_it(sample: Sample) -> None:
    told = verify_database(sample.url, public_key=sample.public_key, fold=newer_fold)
    assert told.sound
    assert told.size == 246
