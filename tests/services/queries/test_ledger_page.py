"""What the page of the ledger tells."""

import pytest

from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.facts.plant import HistoryLost
from redrabbit.domain.findings import Finding
from redrabbit.domain.identity import Actor
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.services.accepting_loss import accept_loss
from redrabbit.services.noting_stream_heads import note_stream_heads
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.queries.ledger_page import LedgerPage, ledger_page
from redrabbit.services.record_fact import record
from redrabbit.services.remembered import RememberedState
from redrabbit.services.verifying import Reading, VerificationState, say_damaged
from tests.plants import BEGIN, Bench
from tests.stored import happened


def page(bench: Bench, state: VerificationState | None = None, key: str = "P+0a+AA") -> LedgerPage:
    return bench.database.read_now(
        lambda reader: ledger_page(
            reader,
            bench.plant,
            bench.clock.now(),
            key=key,
            verification=state or VerificationState(),
            remembered=RememberedState(),
        )
    )


def test_it_says_how_large_the_ledger_is_and_up_to_when_it_is_complete() -> None:
    bench = Bench()
    assert page(bench).complete_until is None
    bench.write(lambda uow: uow.append(happened("clock_stepped", step_s=1.0)))
    bench.write(note_stream_heads)
    shown = page(bench)
    assert shown.complete_until is not None
    assert shown.checkpoint is not None
    assert f"\n{shown.size}\n" in shown.checkpoint
    assert ([each.text for each in shown.keys], shown.losses) == (["P+0a+AA"], ())
    assert [(each.since_entry, each.signs_now) for each in shown.keys] == [(None, True)]


@pytest.mark.parametrize(
    ("state", "share", "is_sound"),
    [
        (VerificationState(), None, False),
        (VerificationState(reading=Reading.ENTRIES, done=30, of=40), 0.75, False),
        (VerificationState(reading=Reading.RECORDS, done=50, of=40), 1.0, False),
        (VerificationState(reading=Reading.FILE), None, False),
        (VerificationState(verified_at=BEGIN, verified_size=9), None, True),
        (
            VerificationState(
                verified_at=BEGIN, findings=(Finding(code="root_differs", place="ledger"),)
            ),
            None,
            False,
        ),
    ],
)
def test_it_says_how_far_it_is_verified(
    state: VerificationState, share: float | None, *, is_sound: bool
) -> None:
    shown = page(Bench(), state)
    assert (shown.share, shown.is_sound) == (share, is_sound)


def test_no_checkpoint_is_shown_while_damage_is_known() -> None:
    """D62: be it known of the verification beside the service, or of an alarm from before a restart."""
    bench = Bench()
    assert page(bench).checkpoint is not None
    found = VerificationState(findings=(Finding(code="entry_missing", place="ledger[3]"),))
    assert page(bench, found).checkpoint is None
    bench.write(say_damaged)
    assert page(bench).checkpoint is None


def test_it_says_what_was_lost_and_who_went_on_without_it() -> None:
    bench = Bench()

    def lose(uow: UnitOfWork) -> None:
        for found in (7, 12):
            lost = HistoryLost(size=9, root="00", found_size=found, found_root="00")
            accept_loss(uow, lost, Actor.stated("Li"))

    bench.write(lose)
    found = page(bench).losses
    assert [(each.found_size, each.size, each.accepted_by.name) for each in found] == [
        (12, 9, "Li"),
        (7, 9, "Li"),
    ]


def test_it_says_which_key_signs_since_when_and_who_had_it_changed() -> None:
    bench = Bench()

    def change(uow: UnitOfWork) -> None:
        for old, new in (("P+0a+AA", "P+0b+BB"), ("P+0b+BB", "P+0c+CC")):
            fact = KeyChanged(old_key=old, new_key=new, statement="signed by both")
            record(uow, fact, stream=PLANT_STREAM, actor=Actor.stated("Li"))

    bench.write(change)
    entries = bench.database.read_now(lambda reader: reader.entries_of(KeyChanged.TYPE))
    first, second, third = page(bench, key="P+0c+CC").keys
    assert (first.text, first.since_entry, first.since_at, first.changed_by) == (
        "P+0a+AA",
        None,
        None,
        None,
    )
    assert [each.since_entry for each in (second, third)] == [entry.index for entry in entries]
    assert [each.since_at for each in (second, third)] == [entry.recorded_at for entry in entries]
    assert second.changed_by is not None
    assert second.changed_by.name == "Li"
    assert [each.signs_now for each in (first, second, third)] == [False, False, True]
    assert page(Bench(), key="").keys == ()
