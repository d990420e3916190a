"""Sessions: each sign-in a new one, kept as a digest, ended one by one or all."""

from datetime import timedelta

from redrabbit.domain.beside import digest_of
from redrabbit.domain.identity import How
from redrabbit.domain.session import IDLE, NOTED_EVERY, Session
from redrabbit.services import sessions
from redrabbit.services.sessions import NewSession
from tests.plants import Bench

SECOND = timedelta(seconds=1)


def begun(bench: Bench, person: str = "p-1") -> NewSession:
    return bench.write(
        lambda uow: sessions.begin_session(
            uow, person, How.PASSWORD, address="10.0.0.7", agent="Firefox"
        )
    )


def kept(bench: Bench, new: NewSession) -> Session:
    found = bench.database.read_now(lambda reader: sessions.session_of(reader, new.secret))
    assert found is not None
    return found


def live(bench: Bench, person: str = "p-1") -> list[str]:
    now = bench.clock.now()
    found = bench.database.read_now(lambda reader: sessions.live_sessions(reader, person, now))
    return [each.digest for each in found]


def test_each_session_has_a_secret_of_its_own_of_which_the_digest_is_kept() -> None:
    bench = Bench()
    one, other = begun(bench), begun(bench)
    assert one.secret != other.secret
    assert kept(bench, one).digest == digest_of(one.secret)
    assert bench.database.read_now(lambda reader: sessions.session_of(reader, "x")) is None


def test_that_a_session_is_in_use_is_noted_until_it_has_ended() -> None:
    bench = Bench()
    one = begun(bench)
    bench.pass_time(NOTED_EVERY / SECOND)
    bench.write(lambda uow: sessions.note_seen(uow, one.session.digest))
    assert kept(bench, one).seen_at == bench.clock.now()
    seen_at = kept(bench, one).seen_at
    bench.pass_time(IDLE / SECOND)
    bench.write(lambda uow: sessions.note_seen(uow, one.session.digest))
    bench.write(lambda uow: sessions.note_seen(uow, "nobody's"))
    assert kept(bench, one).seen_at == seen_at


def test_who_shows_again_who_they_are_has_a_fresh_session() -> None:
    bench = Bench()
    one = begun(bench)
    bench.pass_time(600)
    shown = bench.write(lambda uow: sessions.note_shown(uow, one.session.digest))
    assert shown is not None
    assert shown.authenticated_at == bench.clock.now()
    assert kept(bench, one) == shown
    bench.pass_time(IDLE / SECOND)
    assert bench.write(lambda uow: sessions.note_shown(uow, one.session.digest)) is None
    assert bench.write(lambda uow: sessions.note_shown(uow, "nobody's")) is None


def test_a_person_sees_and_ends_their_own_sessions_only() -> None:
    bench = Bench()
    one = begun(bench)
    bench.pass_time(1)
    other, strange = begun(bench), begun(bench, "p-2")
    assert live(bench) == [other.session.digest, one.session.digest]
    assert not bench.write(lambda uow: sessions.end_session(uow, "p-1", strange.session.id))
    assert bench.write(lambda uow: sessions.end_session(uow, "p-1", one.session.id))
    assert (live(bench), len(live(bench, "p-2"))) == ([other.session.digest], 1)


def test_all_sessions_of_a_person_can_be_ended_or_all_but_this_one() -> None:
    bench = Bench()
    made = [begun(bench) for _ in range(3)]
    bench.write(lambda uow: sessions.end_sessions(uow, "p-1", but=made[1].session.digest))
    assert live(bench) == [made[1].session.digest]
    bench.write(lambda uow: sessions.end_sessions(uow, "p-1"))
    assert live(bench) == []


def test_sessions_that_are_over_are_forgotten_with_the_next_sign_in() -> None:
    bench = Bench()
    for _ in range(3):
        begun(bench)
    bench.pass_time(IDLE / SECOND)
    last = begun(bench)
    rows = bench.database.read_now(lambda reader: reader.rows(Session, person_id="p-1"))
    assert [row.digest for row in rows] == [last.session.digest]
