"""Tries are counted before they are known to be right, codes work once, and nothing of it is forgotten by a restart."""

from datetime import timedelta
from pathlib import Path

import pytest

from redrabbit.domain.beside import digest_of
from redrabbit.domain.credential import Credential, CredentialKind
from redrabbit.domain.errors import Refusal
from redrabbit.domain.one_time_code import LASTS, CodePurpose, OneTimeCode
from redrabbit.domain.throttle import FREE, FREE_OF_ADDRESS, LOCKED_AFTER, SignInAttempts
from redrabbit.services import credentials
from redrabbit.services.credentials import subject_of
from redrabbit.store.opening import open_database
from tests.fakes import JumpClock
from tests.plants import Bench
from tests.stored import RECORDING

PASSWORD = subject_of("p-1", CredentialKind.PASSWORD)
PIN = subject_of("p-1", CredentialKind.PIN)
HERE = "10.0.0.7"


def tried(bench: Bench, subject: str = PASSWORD, address: str = HERE) -> str | None:
    """Try once and fail; return the code with which the try was not even taken."""
    try:
        bench.write(lambda uow: credentials.begin_try(uow, subject, address))
    except Refusal as refusal:
        return refusal.code
    return None


def locked(bench: Bench, subject: str = PASSWORD) -> bool:
    return bench.database.read_now(lambda reader: credentials.is_locked(reader, subject))


def test_after_five_failures_the_next_try_waits_and_after_ten_it_is_locked() -> None:
    bench = Bench()
    assert [tried(bench) for _ in range(FREE)] == [None] * FREE
    with pytest.raises(Refusal) as refused:
        bench.write(lambda uow: credentials.begin_try(uow, PASSWORD, HERE))
    assert (refused.value.code, refused.value.params) == ("too_many_tries", {"retry_after_s": 1})
    for _ in range(LOCKED_AFTER - FREE):
        bench.pass_time(60)
        assert tried(bench) is None
    bench.pass_time(3600)
    assert tried(bench) == "credential_locked"
    assert locked(bench)
    assert not locked(bench, PIN)
    assert tried(bench, PIN) is None


def test_what_was_locked_can_be_tried_again_once_somebody_unlocked_it() -> None:
    bench = Bench()
    for _ in range(LOCKED_AFTER):
        bench.pass_time(60)
        tried(bench)
    assert locked(bench)
    bench.write(lambda uow: credentials.unlock(uow, PASSWORD))
    assert (locked(bench), tried(bench)) == (False, None)


def test_the_right_password_lets_what_failed_before_count_no_more() -> None:
    bench = Bench()
    for _ in range(4 * FREE):
        assert tried(bench) is None
        bench.write(lambda uow: credentials.has_fitted(uow, PASSWORD, HERE))
    assert (
        bench.database.read_now(lambda reader: reader.rows(SignInAttempts, subject=PASSWORD)) == []
    )


def test_an_address_that_fails_for_many_people_waits_too_and_is_never_locked() -> None:
    bench = Bench()
    for number in range(FREE_OF_ADDRESS):
        assert tried(bench, f"password p-{number}") is None
    assert tried(bench, "password p-99") == "too_many_tries"
    assert tried(bench, "password p-99", "10.0.0.8") is None
    for number in range(100, 150):
        bench.pass_time(60)
        assert tried(bench, f"password p-{number}") is None


def test_who_knows_one_password_may_not_try_those_of_others_for_it() -> None:
    bench = Bench()
    for number in range(FREE_OF_ADDRESS):
        assert tried(bench, f"password p-{number}") is None
        if number % 4 == 0:
            bench.pass_time(60)
            assert tried(bench) is None
            bench.write(lambda uow: credentials.has_fitted(uow, PASSWORD, HERE))
    assert tried(bench, "password p-99") == "too_many_tries"


def test_throttling_survives_a_restart(tmp_path: Path) -> None:
    clock = JumpClock()
    for life in range(LOCKED_AFTER):
        with open_database(
            f"sqlite:///{tmp_path / 'plant.db'}", plant="Plant 1", clock=clock, recording=RECORDING
        ) as database:
            clock.jump(60)
            database.write_now(lambda uow: credentials.begin_try(uow, PASSWORD, HERE))
            kept = database.read_now(lambda reader: reader.row(SignInAttempts, PASSWORD))
            assert kept is not None
            assert kept.failures == life + 1
            if life + 1 == LOCKED_AFTER:
                with pytest.raises(Refusal, match="credential_locked"):
                    database.write_now(lambda uow: credentials.begin_try(uow, PASSWORD, HERE))


def set_to(bench: Bench, person: str, kind: CredentialKind, hashed: str) -> None:
    bench.write(lambda uow: credentials.set_credential(uow, person, kind, hashed))


def test_a_new_password_takes_the_place_of_the_old_one_and_unlocks() -> None:
    bench = Bench()
    for _ in range(LOCKED_AFTER):
        bench.pass_time(60)
        tried(bench)
    for hashed in ("one", "two"):
        set_to(bench, "p-1", CredentialKind.PASSWORD, hashed)
    kept = bench.database.read_now(lambda reader: reader.rows(Credential, person_id="p-1"))
    assert [each.hash for each in kept] == ["two"]
    assert not locked(bench)


def test_what_a_person_knew_can_be_forgotten_with_the_links_to_set_it() -> None:
    bench = Bench()
    for person in ("p-1", "p-2"):
        for kind in CredentialKind:
            set_to(bench, person, kind, "x")
        given(bench, subject=person)
    bench.write(lambda uow: credentials.forget_credentials(uow, "p-1"))
    left = bench.database.read_now(lambda reader: reader.rows(Credential))
    assert {each.person_id for each in left} == {"p-2"}
    assert [c.subject for c in bench.database.read_now(lambda r: r.rows(OneTimeCode))] == ["p-2"]


def given(
    bench: Bench, purpose: CodePurpose = CodePurpose.SET_PASSWORD, subject: str = "p-1"
) -> str:
    return bench.write(lambda uow: credentials.give_code(uow, purpose, subject))


def used(bench: Bench, code: str, purpose: CodePurpose = CodePurpose.SET_PASSWORD) -> str:
    return bench.write(lambda uow: credentials.use_code(uow, code, purpose))


def test_a_code_works_once_and_is_kept_as_a_digest() -> None:
    bench = Bench()
    code = given(bench)
    kept = bench.database.read_now(lambda reader: reader.rows(OneTimeCode))
    assert [each.digest for each in kept] == [digest_of(code)]
    assert used(bench, code) == "p-1"
    with pytest.raises(Refusal, match="code_does_not_work"):
        used(bench, code)


def test_a_code_does_not_work_for_something_else_later_or_after_another_was_given() -> None:
    bench = Bench()
    code = given(bench)
    for purpose, tried_code in ((CodePurpose.ENROL_SCREEN, code), (CodePurpose.SET_PASSWORD, "x")):
        with pytest.raises(Refusal, match="code_does_not_work"):
            used(bench, tried_code, purpose)
    newer = given(bench)
    with pytest.raises(Refusal, match="code_does_not_work"):
        used(bench, code)
    bench.pass_time(LASTS[CodePurpose.SET_PASSWORD] / timedelta(seconds=1))
    with pytest.raises(Refusal, match="code_does_not_work"):
        used(bench, newer)


def test_codes_that_no_longer_work_are_forgotten_with_the_next_that_is_given() -> None:
    bench = Bench()
    for number in range(3):
        given(bench, subject=f"p-{number}")
    bench.pass_time(LASTS[CodePurpose.SET_PASSWORD] / timedelta(seconds=1))
    given(bench, subject="p-9")
    left = bench.database.read_now(lambda reader: reader.rows(OneTimeCode))
    assert [each.subject for each in left] == ["p-9"]


def test_a_code_is_found_by_what_it_is_for() -> None:
    bench = Bench()
    code = given(bench)

    def found(purpose: CodePurpose) -> OneTimeCode | None:
        return bench.database.read_now(lambda r: credentials.subject_of_code(r, code, purpose))

    assert found(CodePurpose.ENROL_SCREEN) is None
    assert found(CodePurpose.SET_PASSWORD) is not None
