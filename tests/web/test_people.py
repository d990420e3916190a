"""The pages of people and tokens: an administrator gives and takes, others do not."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from redrabbit.base.messages import LANGUAGES, Message, catalogue
from redrabbit.domain.facts.person import PersonChanged, PersonLanguage, PersonRecord
from redrabbit.domain.facts.role_grant import RoleRevoked
from redrabbit.domain.facts.token import Scope
from redrabbit.domain.identity import AGENT, GrantId, PersonId, StationId
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.role import Role
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.queries.registered_people import last_day
from redrabbit.services.record_fact import record
from redrabbit.services.sessions import live_sessions
from redrabbit.services.stated_names import id_of
from redrabbit.web.access import FORM_KEY, form_token
from tests.people import PASSWORD
from tests.showcase_story import MISSED_RUN
from tests.web.conftest import NONCE, RULES, Visitor
from tests.web.test_sign_in import ORIGIN, digest_of_session, people_of, sent

OTHER = "tungsten carbide 7 ferret"


def enter(visitor: Visitor, name: str, password: str = PASSWORD) -> None:
    visitor.client.cookies.delete("rr_session") if "rr_session" in visitor.client.cookies else None
    assert sent(visitor, "/sign-in", name=name, password=password)[0] == 303


@pytest.fixture
def chen(visitor: Visitor) -> Visitor:
    """An administrator who is signed in."""
    people_of(visitor).register("Chen", Role.ADMINISTRATOR)
    enter(visitor, "Chen")
    return visitor


def done(visitor: Visitor, path: str, **fields: str) -> tuple[int, str]:
    return sent(visitor, path, digest_of_session(visitor), **fields)


def registered(visitor: Visitor, name: str, **fields: str) -> PersonId:
    status, led = done(visitor, "/people", name=name, **fields)
    assert status == 303, led
    return PersonId(led.removeprefix("/people/"))


def test_from_registering_to_the_first_sign_in(chen: Visitor) -> None:
    li_na = registered(chen, "Li Na", employee_number="204711")
    assert done(chen, f"/people/{li_na}/grant", role="auditor")[0] == 409  # without an end
    assert done(chen, f"/people/{li_na}/grant", role="quality_engineer", line="line1")[0] == 303
    page = chen.text(f"/people/{li_na}")
    assert 'name="grant" value="g-0002"' in page
    assert "204711" in page
    status, shown = done(chen, f"/people/{li_na}/link")
    assert status == 200
    found = re.search(r"/welcome/([\w-]{43})", shown)
    assert found is not None
    assert f"/welcome/{found[1]}" not in chen.text(f"/people/{li_na}")
    chen.client.cookies.delete("rr_session")
    assert sent(chen, f"/welcome/{found[1]}", password=OTHER, again=OTHER) == (303, "/")
    assert "Li Na" in chen.text("/runs")


@pytest.mark.parametrize("said", ["p-0003", "204711", "Li Na"])
def test_a_deputy_is_of_somebody_by_number_employee_number_or_name(
    chen: Visitor, said: str
) -> None:
    wu, li_na = people_of(chen).register("Wu"), registered(chen, "Li Na", employee_number="204711")
    assert done(chen, f"/people/{li_na}/grant", role="quality_engineer")[0] == 303
    asked = {"role": "quality_engineer", "deputy_for": said, "until": "2027-01-31"}
    assert done(chen, f"/people/{wu}/grant", **asked)[0] == 303
    assert "Li Na" in chen.text(f"/people/{wu}")
    assert "deputy of Li Na" in chen.text("/people")
    assert "Account until" in chen.text("/people")
    assert done(chen, f"/people/{wu}/grant", **{**asked, "deputy_for": "9999"})[0] == 409


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_end_before_the_beginning_is_told_with_both_days(language: str) -> None:
    """It said 00:00 and 05:35, where the end was midnight of the day before."""
    begins_at = datetime(2026, 11, 27, 5, 35, tzinfo=UTC)
    said = Message(
        "refusal.grant_ends_before_it_begins",
        {"begins_at": begins_at, "ends_at": begins_at - timedelta(hours=5)},
    )
    assert catalogue(language, UTC).render(said, begins_at).count("2026-11-27") == 2


def test_a_link_for_who_has_a_password_takes_it_away_in_the_records(chen: Visitor) -> None:
    li_na = people_of(chen).register("Li Na", Role.AUDITOR)
    session = people_of(chen).session(li_na)
    assert done(chen, f"/people/{li_na}/link")[0] == 200
    assert "taken away" in chen.text(f"/people/{li_na}")
    chen.client.cookies.delete("rr_session")
    chen.client.cookies.set("rr_session", session)
    assert chen.client.get("/runs", follow_redirects=False).status_code == 303
    chen.client.cookies.clear()
    chen.client.cookies.set("rr_form", "a-nonce-of-this-browser")
    assert sent(chen, "/sign-in", name="Li Na", password=PASSWORD)[0] == 401


def test_a_second_person_of_a_name_is_registered_knowingly(chen: Visitor) -> None:
    first = registered(chen, "Wang Wei", employee_number="204711")
    status, page = done(chen, "/people", name="Wang Wei", employee_number="204712")
    assert status == 409
    assert first in page
    assert 'name="employee_number" value="204712"' in page  # nothing is typed again
    assert 'name="same_name"' in page
    assert 'name="same_name"' not in chen.text("/people")
    second = registered(chen, "Wang Wei", employee_number="204712", same_name="1")
    other = registered(chen, "Zhao")
    told = {"name": "Wang Wei", "employee_number": "1", "language": "zh"}
    status, page = done(chen, f"/people/{other}/change", **told)
    assert status == 409
    assert 'name="same_name"' in page
    assert 'value="Wang Wei"' in page
    assert done(chen, f"/people/{other}/change", **told, same_name="1")[0] == 303
    assert first != second


def test_an_administrator_begins_on_a_page_that_works(visitor: Visitor) -> None:
    """Each page of records was refused to the first administrator, with no way on."""
    people = people_of(visitor)
    people.register("Chen", Role.ADMINISTRATOR)
    assert sent(visitor, "/sign-in", name="Chen", password=PASSWORD) == (303, "/people")
    answer = visitor.client.get("/runs")
    assert answer.status_code == 403
    assert "Chen" in answer.text
    assert "administrator" in answer.text
    ways = set(re.findall(r'class="button[^"]*" href="([^"]+)"', answer.text))
    assert {"/", "/people", "/tokens", "/account"} <= ways
    assert all(visitor.client.get(way).status_code == 200 for way in ways)
    assert "/stations" not in visitor.client.get("/people/p-0999").text


@pytest.mark.parametrize(("roles", "to"), [((Role.AUDITOR,), "/"), ((), "/")])
def test_others_begin_on_the_board(visitor: Visitor, roles: tuple[Role, ...], to: str) -> None:
    people_of(visitor).register("Li Na", *roles)
    assert sent(visitor, "/sign-in", name="Li Na", password=PASSWORD) == (303, to)
    if not roles:
        answer = visitor.client.get("/runs")
        assert answer.status_code == 403
        assert "no role of yours is in force" in answer.text


def test_whose_account_has_ended_is_told_who_extends_it(visitor: Visitor) -> None:
    """Whether the account has ended isn't said before somebody is known; what to do then is said to everybody."""
    people_of(visitor).register("Chen", Role.ADMINISTRATOR)
    end = visitor.plant.clock.now() + timedelta(seconds=1)
    people_of(visitor).register("Audit", Role.AUDITOR, expires_at=end)
    visitor.plant.clock.jump(2)
    status, page = sent(visitor, "/sign-in", name="Audit", password=PASSWORD)
    assert status == 401
    assert "An administrator gives it a later last day" in page


def types(visitor: Visitor) -> list[str]:
    entries = visitor.plant.ask(lambda reader: reader.entries())
    return [each.type for each in entries]


def test_a_link_that_is_refused_takes_nothing_away(chen: Visitor) -> None:
    """A disabled person lost the password before the link was refused."""
    li_na = people_of(chen).register("Li Na", Role.AUDITOR)
    people_of(chen).disable(li_na)
    before = types(chen)
    assert done(chen, f"/people/{li_na}/link")[0] == 409
    assert types(chen) == before


def test_the_records_say_who_gave_a_link(chen: Visitor) -> None:
    li_na = people_of(chen).register("Li Na", Role.AUDITOR, password=False)
    before = types(chen)
    assert done(chen, f"/people/{li_na}/link")[0] == 200
    (entry,) = chen.plant.ask(lambda reader: reader.entries())[len(before) :]
    assert (entry.type, entry.payload, entry.actor.id) == (
        "link_given",
        {"person_id": li_na},
        "p-0001",
    )


def test_who_is_disabled_is_out_at_once_and_can_be_enabled_again(chen: Visitor) -> None:
    li_na = people_of(chen).register("Li Na", Role.AUDITOR)
    assert done(chen, f"/people/{li_na}/disable")[0] == 303
    assert "disabled" in chen.text(f"/people/{li_na}")
    assert done(chen, f"/people/{li_na}/enable")[0] == 303
    assert "active" in chen.text(f"/people/{li_na}")


def test_a_role_is_revoked_and_nobody_grants_to_themselves(chen: Visitor) -> None:
    li_na = people_of(chen).register("Li Na", Role.OPERATOR)
    grant = re.search(r'name="grant" value="([^"]+)"', chen.text(f"/people/{li_na}"))
    assert grant is not None
    assert done(chen, f"/people/{li_na}/revoke", grant=grant[1])[0] == 303
    assert 'name="grant"' not in chen.text(f"/people/{li_na}")
    assert done(chen, "/people/p-0001/grant", role="quality_engineer")[0] == 409
    assert done(chen, "/people/p-0001/disable")[0] == 409
    assert done(chen, f"/people/{li_na}/grant", role="king")[0] == 409


@pytest.mark.parametrize(
    ("what", "shown"),
    [
        ("station:line1-op20", "station line1-op20"),
        ("device:line1-op20", "device line1-op20"),
        ("check:line1-op20", "check line1-op20"),
    ],
)
def test_a_qualification_is_recorded_and_withdrawn(visitor: Visitor, what: str, shown: str) -> None:
    people_of(visitor).register("Leader", Role.SHIFT_LEADER)
    li_na = people_of(visitor).register("Li Na", Role.OPERATOR)
    enter(visitor, "Leader")
    page = f"/people/{li_na}"
    assert f'value="{what}"' in visitor.text(page)
    assert done(visitor, f"{page}/qualify", what=what, until="2027-01-31")[0] == 303
    assert shown in visitor.text(page)
    assert "2027" in visitor.text(page)
    assert done(visitor, f"{page}/withdraw-qualification", qualification="q-0001")[0] == 303
    assert "None is recorded." in visitor.text(page)


@pytest.mark.parametrize("what", ["", "station:", "station:op99", "line1-op20", "king:line1"])
def test_what_is_no_qualification_is_said_on_the_page(chen: Visitor, what: str) -> None:
    li_na = people_of(chen).register("Li Na", Role.OPERATOR)
    status, page = done(chen, f"/people/{li_na}/qualify", what=what)
    assert (status, "refusal." in page) == (409, False)
    assert "None is recorded." in chen.text(f"/people/{li_na}")


def test_what_is_told_of_a_person_is_told_anew(chen: Visitor) -> None:
    li_na = registered(chen, "Li Na", employee_number="204711", expires="2027-01-31")
    page = f"/people/{li_na}"
    fields = {"name": "Wang Na", "employee_number": "204712", "language": "zh"}
    assert done(chen, f"{page}/change", **fields, expires="2027-02-28")[0] == 303
    shown = chen.text(page)
    for field, value in {"name": "Wang Na", "employee_number": "204712"}.items():
        assert re.search(f'name="{field}"[^>]* value="{value}"', shown), field
    assert 'value="2027-02-28"' in shown
    assert '<option value="zh" selected>' in shown
    assert done(chen, f"{page}/change", name="Wang Na")[0] == 303
    shown = chen.text(page)
    assert "204712" not in shown
    assert "selected" not in shown
    assert re.search('name="expires" type="date" value=""', shown)


def test_what_stays_as_it_is_shown_stays_as_it_is_kept(chen: Visitor) -> None:
    """Also an end within a day."""
    end = chen.clock.now() + timedelta(days=30, hours=1, seconds=7)
    li_na = people_of(chen).register("Li Na", Role.OPERATOR, expires_at=end)
    page = f"/people/{li_na}"
    day = last_day(end, chen.plant.agent.plant.zone)
    known = chen.plant.ask(lambda reader: reader.get(PersonRecord, li_na))
    assert done(chen, f"{page}/change", name=" Li Na ", language="en", expires=day)[0] == 303
    told = chen.plant.ask(lambda reader: reader.get(PersonRecord, li_na))
    assert known is not None
    assert told is not None
    assert (told.name, told.expires_at, told.language) == (known.name, end, PersonLanguage.EN)


@pytest.mark.parametrize(
    "fields", [{"name": ""}, {"name": "Li", "language": "fr"}, {"name": "Li", "expires": "soon"}]
)
def test_what_can_not_be_told_is_refused(chen: Visitor, fields: dict[str, str]) -> None:
    li_na = registered(chen, "Li Na")
    status, page = done(chen, f"/people/{li_na}/change", **fields)
    assert (status, "refusal." in page) == (409, False)
    assert "Li Na" in chen.text(f"/people/{li_na}")


def test_sessions_are_seen_and_ended(chen: Visitor) -> None:
    li_na = people_of(chen).register("Li Na", Role.AUDITOR)
    people_of(chen).session(li_na)
    one = re.search(r'name="session" value="(\w+)"', chen.text(f"/people/{li_na}"))
    assert one is not None
    assert done(chen, f"/people/{li_na}/end-sessions", session=one[1])[0] == 303
    assert 'name="session"' not in chen.text(f"/people/{li_na}")
    people_of(chen).session(li_na)
    assert done(chen, f"/people/{li_na}/end-sessions")[0] == 303
    assert 'name="session"' not in chen.text(f"/people/{li_na}")


@pytest.mark.parametrize("door", ["token", "badge"])
def test_one_s_own_sessions_are_ended_in_a_session_only(visitor: Visitor, door: str) -> None:
    """Whoever finds a badge, or a program that may only read, signed its person out everywhere."""
    people = people_of(visitor)
    li_na = people.register("Li Na", Role.QUALITY_ENGINEER)
    people.session(li_na)
    headers = {}
    if door == "token":
        headers = {"authorization": f"Bearer {people.token(li_na, [Scope.READ])}"}
    else:
        people.badge(li_na, "B-1001")
        visitor.client.cookies.set("rr_screen", people.screen(StationId("line1-op20")))
        assert visitor.send("/stations/line1-op20/who", name="B-1001") == 303
    form = {"form_token": form_token(RULES, NONCE)}
    answer = visitor.client.post(
        f"/people/{li_na}/end-sessions", data=form, headers=headers, follow_redirects=False
    )
    assert answer.status_code in {403, 409}
    now = visitor.plant.agent.clock.now()
    kept = visitor.plant.ask(lambda reader: live_sessions(reader, li_na, now))
    assert len(kept) == 1


def test_the_page_says_that_a_role_took_a_badge_away(chen: Visitor) -> None:
    people_of(chen).register("Leader", Role.SHIFT_LEADER)
    li_na = registered(chen, "Li Na")
    enter(chen, "Leader")
    assert done(chen, f"/people/{li_na}/badge", code="B-1001")[0] == 303
    enter(chen, "Chen")
    assert done(chen, f"/people/{li_na}/grant", role="quality_engineer")[0] == 303
    assert "A badge was taken away with the role quality engineer" in chen.text(f"/people/{li_na}")
    assert "时收回了工牌" in chen.text(f"/people/{li_na}", "zh")
    (grant,) = chen.client.get(f"/api/v1/people/{li_na}").json()["grants"]
    assert len(grant["badges_withdrawn"]) == 1


def test_a_shift_leader_sees_people_and_gives_neither_roles_nor_links(visitor: Visitor) -> None:
    people = people_of(visitor)
    people.register("Leader", Role.SHIFT_LEADER)
    li_na = people.register("Li Na", Role.OPERATOR)
    people.session(li_na)
    enter(visitor, "Leader")
    assert "Li Na" in visitor.text("/people")
    for act in ("link", "disable", "grant", "end-sessions", "change"):
        status, page = done(visitor, f"/people/{li_na}/{act}", role="operator")
        assert (status, "refusal." in page) == (409, False), act
    assert visitor.client.get("/tokens").status_code == 403


def test_a_token_is_shown_once_works_and_is_revoked(chen: Visitor) -> None:
    owner = people_of(chen).register("Li Na", Role.AUDITOR)
    fields = {"name": "MES", "owner": owner, "scope-read": "1", "expires": "2027-01-31"}
    status, shown = done(chen, "/tokens/issue", **fields)
    assert status == 200, shown
    token = re.search(r"rrt_t-0001_[\w-]{43}", shown)
    assert token is not None
    assert token[0] not in chen.text("/tokens")
    bearer = {"authorization": f"Bearer {token[0]}"}
    assert chen.client.get("/api/v1/runs", headers=bearer).status_code == 200
    assert done(chen, "/tokens/revoke", token="t-0001")[0] == 303
    assert chen.client.get("/api/v1/runs", headers=bearer).status_code == 401
    assert done(chen, "/tokens/issue", name="MES", owner=owner)[0] == 409
    fields["scope-run"] = "1"
    status, page = done(chen, "/tokens/issue", **fields)
    assert (status, "do not have run" in page) == (409, True)


@pytest.mark.parametrize("is_administrator", [True, False])
def test_a_token_that_is_asked_for_again_shows_no_other_secret(
    chen: Visitor, *, is_administrator: bool
) -> None:
    """Else who was an administrator, and sends the old form again, gets a token, and cuts the real program off."""
    people = people_of(chen)
    owner = people.register("Li Na", Role.AUDITOR)
    end = {"scope-read": "1", "expires": "2027-01-31", FORM_KEY: "once"}
    status, shown = done(chen, "/tokens/issue", name="MES", owner=owner, **end)
    assert status == 200
    token = re.search(r"rrt_t-0001_[\w-]{43}", shown)
    assert token is not None
    if not is_administrator:
        people.register("Bao", Role.ADMINISTRATOR)
        people.tell(RoleRevoked(grant_id=GrantId("g-0001")))
    status, shown = done(chen, "/tokens/issue", name="MES", owner=owner, **end)
    assert (status in {403, 409}, "rrt_" in shown) == (True, False)
    bearer = {"authorization": f"Bearer {token[0]}"}
    chen.client.cookies.clear()
    assert chen.client.get("/api/v1/runs", headers=bearer).status_code == 200


@pytest.mark.parametrize("path", ["/people/p-0001/nothing", "/tokens/nothing"])
def test_what_is_no_form_is_no_page(chen: Visitor, path: str) -> None:
    assert chen.client.get(path).status_code == 404
    assert done(chen, path)[0] == 404
    assert chen.client.get("/people/p-0001/grant", follow_redirects=False).status_code == 303
    assert chen.client.get("/tokens/issue", follow_redirects=False).status_code == 303


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_pages_have_words_in_both_languages(chen: Visitor, language: str) -> None:
    people_of(chen).token(people_of(chen).register("Li Na", Role.OPERATOR), [])
    for path in ("/people", "/people/p-0001", "/people/p-0002", "/tokens"):
        page = chen.text(path, language)
        assert not re.search(r">(people|tokens|session|credential|role|scope)\.", page)


def renamed(visitor: Visitor, person: PersonId, name: str) -> None:
    def told(uow: UnitOfWork) -> None:
        known = uow.get(PersonRecord, person)
        assert known is not None
        record(
            uow,
            PersonChanged(
                person_id=person,
                name=id_of(uow, name),
                language=known.language,
                employee_number=known.employee_number,
                kind=known.kind,
                expires_at=known.expires_at,
            ),
            stream=PLANT_STREAM,
            actor=AGENT,
        )

    people_of(visitor).write(told)


def test_a_record_names_a_person_as_they_were_called_then(visitor: Visitor) -> None:
    """B35: on the page, printed too, in the API, and in the ledger's entries; today's name stands where it is today's."""
    li_na = people_of(visitor).register("Li Na", Role.QUALITY_ENGINEER)
    enter(visitor, "Li Na")
    page = f"/runs/{MISSED_RUN}"
    assert done(visitor, f"{page}/remarks", text="The lamp was dim.")[0] == 303
    part = "/api/v1/challenge-parts"
    visitor.client.post(
        f"{part}/RR-0004/quarantine", json={"reason": "Worn."}, headers=ORIGIN
    ).raise_for_status()
    renamed(visitor, li_na, "Wang Na")
    assert done(visitor, f"{page}/remarks", text="The lamp is new.")[0] == 303
    text = visitor.text(page)
    first, second = text.index("The lamp was dim."), text.index("The lamp is new.")
    assert text.index("Li Na", first) < second < text.index("Wang Na", second)
    entries = visitor.plant.ask(lambda reader: reader.entries())
    remarks = [each.index for each in entries if each.type == "run_remarked"][-2:]
    told = [visitor.client.get(f"/api/v1/ledger/entries/{index}").json() for index in remarks]
    assert [each["actor_name"] for each in told] == ["Li Na", "Wang Na"]
    parts = visitor.client.get(part, params={"limit": 100}).json()["items"]
    assert [each["state_by"] for each in parts if each["part_id"] == "RR-0004"] == ["Li Na"]


def test_a_badge_is_issued_by_its_scan_and_taken_away(chen: Visitor) -> None:
    """Its code is nowhere; a scan of a part is no badge."""
    li_na = people_of(chen).register("Li Na", Role.OPERATOR)
    page = f"/people/{li_na}"
    assert done(chen, f"{page}/badge", code="BADGE-204711")[0] == 303
    assert "BADGE-204711" not in chen.text(page)
    found = re.search(r'name="badge" value="([0-9a-f]{64})"', chen.text(page))
    assert found is not None
    for code in ("BADGE-204711", "RR-0001", " "):
        assert done(chen, f"{page}/badge", code=code)[0] == 409
    assert done(chen, f"{page}/revoke-badge", badge=found[1])[0] == 303
    assert found[1] not in chen.text(page)
    assert done(chen, f"{page}/revoke-badge", badge=found[1])[0] == 409
