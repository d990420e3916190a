"""Signing in: who is taken for whom, what is counted, and what the ledger tells of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from redrabbit.base.password_hashing import TooManyWaiting
from redrabbit.domain.credential import CredentialKind
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.credential import (
    CredentialRecord,
    CredentialRemoved,
    CredentialState,
    CredentialUnlocked,
)
from redrabbit.domain.facts.station_screen import StationScreenRevoked
from redrabbit.domain.facts.token import Scope
from redrabbit.domain.identity import SERVER, Actor, How, PersonId, ScreenId, StationId
from redrabbit.domain.role import Role
from redrabbit.domain.session import IDLE, NOTED_EVERY, Session
from redrabbit.domain.throttle import LOCKED_AFTER
from redrabbit.services import credential_states, credentials, people, sessions
from redrabbit.services.askers import Asker, Shown
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.sign_in import Place, SignIn
from redrabbit.services.who_signs_in import UNKNOWN_FORGOTTEN_AFTER
from tests.fakes import JumpClock
from tests.people import PASSWORD, PIN, People, quick_hashing, sign_in_at
from tests.showcase_story import BEGIN, Showcase
from tests.web.conftest import let

HERE = Place(address="10.0.0.7", agent="Firefox")
OTHER = "tungsten carbide 7 ferret"
SECOND = timedelta(seconds=1)


class Plant:
    """A plant with people, without a web."""

    def __init__(self) -> None:
        self.clock = JumpClock(BEGIN)
        self.showcase = Showcase(self.clock)
        let(self.showcase.open())
        self.people = People(self.showcase.agent, lambda c: let(self.showcase.write(c)))
        self.sign_in: SignIn = sign_in_at(self.showcase.agent)

    def enter(self, name: str, password: str = PASSWORD) -> str:
        """Sign in and return the session's secret."""
        return let(self.sign_in.with_password(name, password, HERE)).secret

    def refused(self, name: str, password: str = "wrong") -> str:
        with pytest.raises(Refusal) as refused:
            self.enter(name, password)
        return refused.value.code

    def asker(self, **shown: str) -> Asker:
        return let(self.sign_in.asker(Shown(**shown)))

    def session(self, secret: str) -> Session:
        found = self.asker(session=secret).session
        assert found is not None
        return found

    def credential(self, person: PersonId) -> CredentialRecord:
        kind = CredentialKind.PASSWORD
        found = self.showcase.ask(lambda reader: reader.get(CredentialRecord, person, kind))
        assert found is not None
        return found


@pytest.fixture
def plant() -> Plant:
    return Plant()


@pytest.mark.parametrize("name", ["Li Na", "li na", "  Li  Na ", "204711", "p-0001"])
def test_a_person_signs_in_by_name_employee_number_or_number(plant: Plant, name: str) -> None:
    li_na = plant.people.register("Li Na", Role.AUDITOR, number="204711")
    asker = plant.asker(session=plant.enter(name))
    assert asker.person is not None
    assert (asker.person.person_id, asker.name, set(asker.roles)) == (
        *(li_na, "Li Na"),
        {Role.AUDITOR},
    )
    assert asker.actor is not None
    assert (asker.actor.id, asker.actor.how) == (li_na, How.PASSWORD)


def test_two_of_the_same_name_sign_in_by_their_numbers(plant: Plant) -> None:
    first, second = plant.people.register("Wang Wei"), plant.people.register("Wang Wei")
    assert plant.refused("Wang Wei", PASSWORD) == "sign_in_failed"
    for person in (first, second):
        assert plant.asker(session=plant.enter(person)).person is not None


def test_a_namesake_whose_password_was_taken_away_keeps_nobody_out(plant: Plant) -> None:
    first, second = plant.people.register("Qe One"), plant.people.register("Qe One")
    assert plant.refused("Qe One", PASSWORD) == "sign_in_failed"
    kind = CredentialKind.PASSWORD
    let(plant.showcase.write(lambda uow: credential_states.reset(uow, second, kind, actor=SERVER)))
    asker = plant.asker(session=plant.enter("Qe One"))
    assert asker.person is not None
    assert asker.person.person_id == first


def test_a_newcomer_of_the_same_name_keeps_nobody_out(plant: Plant) -> None:
    """A badge that is taught in makes somebody known under any name: also under an administrator's."""
    chen = plant.people.register("Chen", Role.ADMINISTRATOR, number="200001")
    for name in ("Chen", "200001", "p-0001"):
        plant.people.register(name, Role.OPERATOR, password=False)
    for name in ("Chen", "200001", "p-0001"):
        asker = plant.asker(session=plant.enter(name))
        assert asker.person is not None
        assert asker.person.person_id == chen


@pytest.mark.parametrize("written", ["Li  Na", " li NA", "Ｌｉ Na", "Li\tNa"])  # noqa: RUF001  as a Chinese keyboard writes it
@pytest.mark.parametrize("name", ["Li Na", "Bo Na"])
def test_however_a_name_is_written_its_tries_are_counted_together(
    plant: Plant, name: str, written: str
) -> None:
    """Else a name that nobody has is told from one that somebody has."""
    plant.people.register("Li Na")
    assert [plant.refused(name) for _ in range(5)] == ["sign_in_failed"] * 5
    again = written.replace("Li", name[:2]).replace("li", name[:2]).replace("Ｌｉ", name[:2])  # noqa: RUF001  as above
    assert plant.refused(again) == "too_many_tries"


def test_whoever_is_not_right_learns_nothing_of_who_is_there(plant: Plant) -> None:
    plant.people.register("Li Na")
    plant.people.register("Without", password=False)
    gone = plant.people.register("Gone")
    plant.people.disable(gone)
    plant.people.register("Expired", expires_at=plant.clock.now() + SECOND)
    plant.clock.jump(2)
    for name in ("Li Na", "Without", "nobody", "", "\ud800"):
        assert plant.refused(name) == "sign_in_failed"
    assert plant.refused("Gone", PASSWORD) == "sign_in_failed"
    assert plant.refused("Expired", PASSWORD) == "sign_in_failed"


@pytest.mark.parametrize("name", ["Li Na", "nobody has this name"])
def test_tries_are_spaced_and_locked_alike_whether_somebody_has_the_name(
    plant: Plant, name: str
) -> None:
    li_na = plant.people.register("Li Na")
    codes = [plant.refused(name) for _ in range(6)]
    assert codes == ["sign_in_failed"] * 5 + ["too_many_tries"]
    for _ in range(LOCKED_AFTER - 5):
        plant.clock.jump(60)
        assert plant.refused(name) == "sign_in_failed"
    plant.clock.jump(60)
    assert plant.refused(name, PASSWORD) == "credential_locked"
    state = plant.credential(li_na).state
    assert (state is CredentialState.LOCKED) is (name == "Li Na")


def locked(plant: Plant, name: str) -> None:
    for _ in range(LOCKED_AFTER):
        plant.clock.jump(60)
        plant.refused(name)
    plant.clock.jump(60)
    assert plant.refused(name, PASSWORD) == "credential_locked"


def test_what_somebody_unlocked_can_be_tried_again(plant: Plant) -> None:
    li_na = plant.people.register("Li Na")
    locked(plant, "Li Na")
    plant.people.tell(CredentialUnlocked(person_id=li_na, kind=CredentialKind.PASSWORD))
    assert plant.enter("Li Na")


def test_that_it_is_locked_is_told_also_after_a_crash_between_try_and_entry(plant: Plant) -> None:
    li_na = plant.people.register("Li Na")
    subject = credentials.subject_of(li_na, CredentialKind.PASSWORD)
    for _ in range(LOCKED_AFTER):
        plant.clock.jump(60)
        let(plant.sign_in.write(lambda uow: credentials.begin_try(uow, subject, "10.0.0.7")))
    plant.clock.jump(60)
    assert plant.credential(li_na).state is CredentialState.SET
    for _ in range(2):
        assert plant.refused("Li Na", PASSWORD) == "credential_locked"
    assert plant.credential(li_na).state is CredentialState.LOCKED


def test_a_password_that_was_taken_away_fits_no_more_and_is_never_called_locked(
    plant: Plant,
) -> None:
    """Ten tries at it recorded that it was locked; whoever unlocked it then recorded a password that there was not."""
    li_na = plant.people.register("Li Na")
    plant.people.tell(CredentialRemoved(person_id=li_na, kind=CredentialKind.PASSWORD))
    assert plant.refused("Li Na", PASSWORD) == "sign_in_failed"
    locked(plant, "Li Na")
    assert plant.credential(li_na).state is CredentialState.REMOVED


@pytest.mark.parametrize("days", [UNKNOWN_FORGOTTEN_AFTER.days + 1, 1])
def test_typos_of_months_lock_no_name_that_nobody_has(plant: Plant, days: int) -> None:
    """Then it was answered otherwise than a known one, so that strangers learnt who works here."""
    plant.people.register("Li Na")
    codes = []
    for _ in range(2 * LOCKED_AFTER):
        plant.clock.jump(days * 24 * 3600)
        codes.append(plant.refused("the same typo"))
    assert set(codes[:LOCKED_AFTER]) == {"sign_in_failed"}
    later = "sign_in_failed" if days > 1 else "credential_locked"
    assert set(codes[LOCKED_AFTER:]) == {later}


def test_who_scans_while_somebody_is_found_to_be_gone_stays(plant: Plant) -> None:
    """Pages are read in threads: what one of them found to be over took away the badge that was scanned meanwhile."""
    station = StationId("line1-op20")
    at_stations = plant.sign_in.at_stations
    gone, comes = plant.people.register("Gone"), plant.people.register("Li Na")
    plant.people.badge(gone, "B-1001")
    plant.people.badge(comes, "B-1002")
    let(at_stations.scan(station, "B-1001"))
    plant.people.disable(gone)

    class Slow:
        """A reader that takes so long that somebody scans."""

        def __init__(self, reader: Reader) -> None:
            self._reader = reader

        def __getattr__(self, name: str) -> Any:
            return getattr(self._reader, name)

        def get(self, *key: Any) -> Any:
            let(at_stations.scan(station, "B-1002"))
            return self._reader.get(*key)

    slow = plant.showcase.ask(lambda reader: at_stations.there(Slow(reader), station))
    assert slow is None
    there = plant.showcase.ask(lambda reader: at_stations.there(reader, station))
    assert there is not None
    assert there.person_id == comes


def test_no_more_is_hashed_at_once_than_waits_for_long(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant.people.register("Li Na")

    async def busy(*_: object) -> bool:
        raise TooManyWaiting

    monkeypatch.setattr(quick_hashing(), "fits", busy)
    assert plant.refused("Li Na", PASSWORD) == "too_many_tries"


def test_the_log_tells_of_sign_ins_and_never_what_was_typed(
    plant: Plant, caplog: pytest.LogCaptureFixture
) -> None:
    li_na = plant.people.register("Li Na")
    with caplog.at_level(logging.INFO, "redrabbit.sign_in"):
        plant.refused("my password in the field of the name", "secret-typed")
        plant.enter("Li Na")
    told = [(record.getMessage(), record.__dict__["person"]) for record in caplog.records]
    assert told == [("sign-in failed", "nobody"), ("signed in", li_na)]
    assert "secret-typed" not in str([record.__dict__ for record in caplog.records])


def test_a_session_is_noted_once_a_minute_and_ends_when_it_idles(plant: Plant) -> None:
    plant.people.register("Li Na")
    secret = plant.enter("Li Na")
    plant.clock.jump(NOTED_EVERY / SECOND)
    began = plant.session(secret).seen_at
    assert plant.session(secret).seen_at == began + NOTED_EVERY
    plant.clock.jump(IDLE / SECOND)
    asker = plant.asker(session=secret)
    assert (asker.session, asker.was_somebody, asker.is_anybody) == (None, True, False)


def test_who_signs_out_or_is_disabled_is_nobody_at_once(plant: Plant) -> None:
    li_na = plant.people.register("Li Na")
    one, other = plant.enter("Li Na"), plant.enter("Li Na")
    asker = plant.asker(session=one)
    assert let(plant.sign_in.still(asker))
    let(plant.sign_in.end(plant.session(one)))
    assert not let(plant.sign_in.still(asker))
    assert plant.asker(session=one).person is None
    still_in = plant.asker(session=other)
    plant.people.disable(li_na)
    assert not let(plant.sign_in.still(still_in))
    assert plant.asker(session=other).person is None


def test_somebody_has_the_roles_and_the_screen_that_they_have_left(plant: Plant) -> None:
    """A stream went on for who had lost the role that it was opened with."""
    ends = plant.clock.now() + 5 * SECOND
    plant.people.register("Li Na", Role.AUDITOR, until_at=ends)
    chen = plant.people.register("Chen", Role.OPERATOR, until_at=ends)
    plant.people.badge(chen, "B-1001")
    screen, next_door = plant.people.screen("line1-op20"), plant.people.screen("line1-op30")
    signed_in = plant.asker(session=plant.enter("Li Na"), screen=next_door)
    let(plant.sign_in.at_stations.scan(StationId("line1-op20"), "B-1001"))
    at_station = plant.asker(screen=screen)
    assert let(plant.sign_in.still(signed_in)) == signed_in
    assert let(plant.sign_in.still(at_station)) == at_station
    plant.clock.jump(5)
    for asker in (signed_in, at_station):
        assert asker.roles
        assert let(plant.sign_in.still(asker)) == replace(asker, roles=frozenset())
    for screen_id in ("s-0001", "s-0002"):
        plant.people.tell(StationScreenRevoked(screen_id=ScreenId(screen_id)))
    left = let(plant.sign_in.still(signed_in))
    assert left is not None
    assert (left.person, left.screen) == (signed_in.person, None)
    assert let(plant.sign_in.still(at_station)) is None


def test_whoever_scans_their_badge_at_a_screen_comes_before_who_has_signed_in_there(
    plant: Plant,
) -> None:
    plant.people.register("Li Na", Role.AUDITOR)
    chen = plant.people.register("Chen", Role.OPERATOR)
    plant.people.badge(chen, "B-1001")
    shown = Shown(session=plant.enter("Li Na"), screen=plant.people.screen("line1-op20"))
    signed_in = let(plant.sign_in.asker(shown))
    assert signed_in.is_office_at_station
    let(plant.sign_in.at_stations.scan(StationId("line1-op20"), "B-1001"))
    assert let(plant.sign_in.still(signed_in)) is None
    at_station = let(plant.sign_in.asker(shown))
    assert at_station.actor == Actor(id=chen, how=How.BADGE, station="line1-op20")
    assert at_station.session is None
    assert at_station.roles == frozenset({Role.OPERATOR})


def test_as_long_as_nobody_is_registered_nothing_is_read_for_it(plant: Plant) -> None:
    assert plant.asker().is_anybody
    with plant.showcase.database_away():
        assert plant.asker().is_anybody
        assert let(plant.sign_in.still(plant.asker()))
    before = plant.asker()
    plant.people.register("Li Na")
    assert not plant.asker().is_anybody
    assert not let(plant.sign_in.still(before))


def test_a_link_sets_the_password_once_ends_sessions_and_signs_in(plant: Plant) -> None:
    li_na = plant.people.register("Li Na")
    before = plant.enter("Li Na")
    code = plant.people.link(li_na)
    assert let(plant.sign_in.welcome(code)).name == "Li Na"
    begun = let(plant.sign_in.set_password(code, OTHER, HERE))
    last = plant.showcase.ask(lambda reader: list(reader.entries())[-1])
    assert (last.type, last.actor.how) == ("credential_set", How.LINK)
    assert plant.asker(session=begun.secret).person is not None
    assert plant.asker(session=before).person is None
    assert plant.refused("Li Na", PASSWORD) == "sign_in_failed"
    assert plant.enter("Li Na", OTHER)
    assert plant.credential(li_na).changed_by == li_na
    for again in (code, "another"):
        with pytest.raises(Refusal, match="code_does_not_work"):
            let(plant.sign_in.set_password(again, OTHER, HERE))


def test_a_link_whose_password_was_refused_still_works(plant: Plant) -> None:
    li_na = plant.people.register("Li Na", number="204711")
    code = plant.people.link(li_na)
    for weak in ("short", "password1234", "Li Na 204711", plant.showcase.plant.name + "!!!"):
        with pytest.raises(Refusal, match=r"password_"):
            let(plant.sign_in.set_password(code, weak, HERE))
    assert let(plant.sign_in.set_password(code, OTHER, HERE)).secret


def test_a_link_of_who_was_disabled_does_not_work(plant: Plant) -> None:
    li_na = plant.people.register("Li Na")
    code = plant.people.link(li_na)
    plant.people.disable(li_na)
    with pytest.raises(Refusal, match="code_does_not_work"):
        let(plant.sign_in.welcome(code))


def test_a_person_changes_the_password_and_keeps_this_session_only(plant: Plant) -> None:
    plant.people.register("Li Na")
    here, elsewhere = plant.enter("Li Na"), plant.enter("Li Na")
    session = plant.session(here)
    with pytest.raises(Refusal, match="wrong_password"):
        let(plant.sign_in.change_password(session, "wrong", OTHER, HERE))
    let(plant.sign_in.change_password(session, PASSWORD, OTHER, HERE))
    assert plant.asker(session=here).person is not None
    assert plant.asker(session=elsewhere).person is None
    assert plant.enter("Li Na", OTHER)


def test_a_pin_is_set_by_who_types_the_password_once_more(plant: Plant) -> None:
    li_na = plant.people.register("Li Na", number="204711")
    session = plant.session(plant.enter("Li Na"))
    with pytest.raises(Refusal, match="wrong_password"):
        let(plant.sign_in.set_pin(session, "wrong", "830275", HERE))
    with pytest.raises(Refusal, match="pin_trivial"):
        let(plant.sign_in.set_pin(session, PASSWORD, "204711", HERE))
    let(plant.sign_in.set_pin(session, PASSWORD, "830275", HERE))
    kinds = plant.showcase.ask(lambda reader: reader.find(CredentialRecord))
    assert {(each.person_id, each.kind) for each in kinds} == {
        (li_na, CredentialKind.PASSWORD),
        (li_na, CredentialKind.PIN),
    }


def test_who_types_the_password_again_may_sign_for_a_minute(plant: Plant) -> None:
    plant.people.register("Li Na")
    secret = plant.enter("Li Na")
    plant.clock.jump(600)
    session, asker = plant.session(secret), plant.asker(session=secret)
    assert plant.sign_in.shown_lately(asker) is None
    shown = let(plant.sign_in.show_password(session, PASSWORD, HERE))
    assert shown.authenticated_at == plant.clock.now()
    lately = plant.sign_in.shown_lately(asker)
    assert lately is not None
    assert (lately.person_id, lately.how) == (asker.person and asker.person.person_id, How.PASSWORD)
    elsewhere = plant.people.session(PersonId(lately.person_id))  # where nobody typed anything
    assert plant.sign_in.shown_lately(plant.asker(session=elsewhere)) is None
    plant.clock.jump(61)
    assert plant.sign_in.shown_lately(asker) is None
    let(plant.sign_in.end(session))
    with pytest.raises(Refusal, match="sign_in_required"):
        let(plant.sign_in.show_password(session, PASSWORD, HERE))


def test_a_token_stands_for_its_owner_within_its_scopes(plant: Plant) -> None:
    owner = plant.people.register("Li Na", Role.OPERATOR)
    token = plant.people.token(owner, [Scope.READ])
    asker = plant.asker(token=token)
    assert asker.actor is not None
    assert (asker.actor.id, asker.actor.how, asker.actor.token) == (owner, How.TOKEN, "t-0001")
    assert (set(asker.scopes), set(asker.roles)) == ({Scope.READ}, set())
    for wrong in (token[:-1], token.removeprefix("rrt_"), "rrt_t-0009_x", "", token + "x"):
        assert plant.asker(token=wrong) == Asker(was_somebody=True)
    assert let(plant.sign_in.still(asker))
    plant.people.disable(owner)
    assert plant.asker(token=token) == Asker(was_somebody=True)
    assert not let(plant.sign_in.still(asker))


def test_a_token_ends_with_its_day(plant: Plant) -> None:
    token = plant.people.token(plant.people.register("Li Na"), [Scope.READ])
    plant.clock.jump(24 * 3600)
    assert plant.asker(token=token) == Asker(was_somebody=True)


def test_a_screen_says_its_station_and_nobody(plant: Plant) -> None:
    plant.people.register("Li Na")
    secret = plant.people.screen("line1-op20")
    asker = plant.asker(screen=secret)
    assert (asker.station, asker.actor, asker.is_anybody) == ("line1-op20", None, False)
    assert plant.asker(screen="x").station is None
    with_person = plant.asker(screen=secret, session=plant.enter("Li Na"))
    assert with_person.actor is not None
    assert with_person.actor.station == "line1-op20"
    assert let(plant.sign_in.still(asker))


def test_what_is_kept_can_be_read_and_changed_through_the_same_door(plant: Plant) -> None:
    li_na = plant.people.register("Li Na")
    plant.enter("Li Na")
    now = plant.clock.now()
    live = let(plant.sign_in.read(lambda reader: sessions.live_sessions(reader, li_na, now)))
    assert len(live) == 1
    let(plant.sign_in.write(lambda uow: credentials.forget_credentials(uow, li_na)))
    assert plant.refused("Li Na", PASSWORD) == "sign_in_failed"


def while_it_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, happen: Callable[[], object], *, at: str = "fits"
) -> None:
    """Let something happen once after a password or PIN was compared, or a new one hashed, and before that counts."""
    real, left = getattr(quick_hashing(), at), [happen]

    async def slow(*typed: str) -> object:
        found = await real(*typed)
        while left:
            await asyncio.to_thread(left.pop())
        return found

    monkeypatch.setattr(quick_hashing(), at, slow)


def taken_from(plant: Plant, person: PersonId, how: str) -> Callable[[], object]:
    """Return what takes away from somebody what they are about to have shown."""
    kind = CredentialKind.PIN if how == "another PIN" else CredentialKind.PASSWORD

    def take(uow: UnitOfWork) -> None:
        if how == "disabled":
            people.disable(uow, person, actor=SERVER)
        elif how == "taken away":
            credential_states.reset(uow, person, kind, actor=SERVER)
        else:
            credentials.set_credential(uow, person, kind, quick_hashing().hash_now(OTHER))
            sessions.end_sessions(uow, person)

    return lambda: let(plant.showcase.write(take))


TAKEN = ["another password", "taken away", "disabled"]


@pytest.mark.parametrize("how", TAKEN)
def test_a_password_that_is_changed_while_it_is_looked_at_begins_no_session(
    plant: Plant, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    """The session of the old password began after the change had ended all of them."""
    administrator = plant.people.register("Chen", Role.ADMINISTRATOR)
    li_na = plant.people.register("Li Na")
    while_it_is_looked_at(monkeypatch, taken_from(plant, li_na, how))
    assert plant.refused("Li Na", PASSWORD) == "sign_in_failed"
    now = plant.clock.now()
    assert plant.showcase.ask(lambda reader: sessions.live_sessions(reader, li_na, now)) == []
    assert plant.enter(administrator)


@pytest.mark.parametrize("how", TAKEN)
@pytest.mark.parametrize("at", ["fits", "hash"])
def test_a_password_that_is_changed_while_it_is_looked_at_changes_nothing(
    plant: Plant, monkeypatch: pytest.MonkeyPatch, how: str, at: str
) -> None:
    """Who had another's password could set one of their own while an administrator took it away."""
    plant.people.register("Chen", Role.ADMINISTRATOR)
    li_na = plant.people.register("Li Na")
    acts: list[Callable[[Session], Awaitable[object]]] = [
        lambda session: plant.sign_in.change_password(session, PASSWORD, OTHER + "!", HERE),
        lambda session: plant.sign_in.set_pin(session, PASSWORD, "830275", HERE),
    ]
    if at == "fits":
        acts.append(lambda session: plant.sign_in.show_password(session, PASSWORD, HERE))
    for act in acts[:1] if how != "another password" else acts:
        session = plant.session(plant.enter("Li Na"))
        with monkeypatch.context() as meanwhile:
            while_it_is_looked_at(meanwhile, taken_from(plant, li_na, how), at=at)
            with pytest.raises(Refusal, match="sign_in_failed"):
                let(act(session))
        entries = plant.showcase.ask(lambda reader: reader.entries())
        assert li_na not in {entry.actor.id for entry in entries}
        if how == "another password":
            plant.people.write(
                lambda uow: credentials.set_credential(
                    uow, li_na, CredentialKind.PASSWORD, quick_hashing().hash_now(PASSWORD)
                )
            )


def test_a_pin_that_is_changed_while_it_is_looked_at_proves_nothing(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    station, chen = StationId("line1-op20"), plant.people.register("Chen", Role.OPERATOR)
    plant.people.badge(chen, "B-1001")
    plant.people.pin(chen)
    let(plant.sign_in.at_stations.scan(station, "B-1001"))
    while_it_is_looked_at(monkeypatch, taken_from(plant, chen, "another PIN"))
    let(plant.sign_in.show_pin(station, chen, PIN, HERE))
    there = plant.showcase.ask(lambda reader: plant.sign_in.at_stations.there(reader, station))
    assert there is not None
    assert there.how is How.BADGE


@pytest.mark.parametrize("how", ["disabled", "expired"])
def test_a_session_of_before_is_dead_for_good_also_when_its_person_comes_back(
    plant: Plant, how: str
) -> None:
    """It lived again, in whatever browser it had been left, when the person was enabled."""
    plant.people.register("Chen", Role.ADMINISTRATOR)
    ends = None if how == "disabled" else plant.clock.now() + SECOND
    li_na = plant.people.register("Li Na", Role.AUDITOR, expires_at=ends)
    before, link = plant.enter("Li Na"), plant.people.link(li_na)
    if how == "disabled":
        plant.people.write(lambda uow: people.disable(uow, li_na, actor=SERVER))
    plant.clock.jump(2)
    assert plant.asker(session=before).person is None

    def come_back(uow: UnitOfWork) -> None:
        if how == "disabled":
            people.enable(uow, li_na, actor=SERVER)
            return
        known = people.the_person(uow, li_na)
        people.change(
            uow,
            li_na,
            name=known.name,
            language=known.language,
            employee_number=known.employee_number,
            kind=known.kind,
            expires_at=uow.now + timedelta(days=1),
            same_name=False,
            actor=SERVER,
        )

    plant.people.write(come_back)
    assert plant.asker(session=before).person is None
    with pytest.raises(Refusal, match="code_does_not_work"):  # as a link of before does
        let(plant.sign_in.welcome(link))
    assert plant.asker(session=plant.enter("Li Na")).person is not None
