"""People at a station's own screen: a badge says who, a PIN proves it, and a badge can be taught in (D45, B28, B40)."""

import html
import re
from datetime import timedelta

import pytest

from redrabbit.domain import acts, people_acts
from redrabbit.domain.badge_code import badge_id
from redrabbit.domain.beside import digest_of
from redrabbit.domain.credential import CredentialKind
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.badge import BadgeIssued, BadgeRevoked
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.identity import SERVER, Actor, CheckId, How, PersonId, RunId, StationId
from redrabbit.domain.record_query import equals
from redrabbit.domain.records import BadgeRecord, PresentationRecord, RunRecord
from redrabbit.domain.role import Role
from redrabbit.domain.signing import Meaning
from redrabbit.domain.throttle import FREE_OF_ADDRESS
from redrabbit.services.askers import Asker, Shown
from redrabbit.services.credential_states import reset
from redrabbit.services.ports import Reader
from redrabbit.services.runs_under_way import run_under_way_at
from redrabbit.services.sessions import live_sessions
from redrabbit.services.stated_names import id_of
from redrabbit.services.ways import remove_way
from redrabbit.web.access import form_token
from tests.people import BADGE_KEY, PASSWORD, PIN, People
from tests.showcase_story import MISSED_RUN
from tests.web.conftest import NONCE, RULES, Visitor, serve

STATION = "/stations/line1-op20"
OP20 = StationId("line1-op20")
ORIGIN = {"origin": "http://127.0.0.1:8080"}
OTHER = "tungsten carbide 7 ferret"


def people_of(visitor: Visitor) -> People:
    return People(visitor.plant.agent, lambda command: visitor.let(visitor.plant.write(command)))


class Floor:
    """An enrolled screen, with Chen and Li as operators and Wang as shift leader."""

    def __init__(self, visitor: Visitor) -> None:
        self.visitor = visitor
        self.people = people_of(visitor)
        self.sign_in = visitor.sign_in
        self.chen = self._with_badge("Chen Wei", "B-1001", Role.OPERATOR)
        self.li = self._with_badge("Li Na", "B-1002", Role.OPERATOR)
        self.wang = self._with_badge("Wang Fang", "B-2001", Role.SHIFT_LEADER)
        visitor.client.cookies.set("rr_screen", self.people.screen(OP20))

    def _with_badge(self, name: str, code: str, role: Role) -> PersonId:
        person = self.people.register(name, role, password=False)
        self.people.badge(person, code)
        return person

    def scan(self, code: str, **fields: str) -> int:
        return self.visitor.send(f"{STATION}/who", name=code, **fields)

    def page(self, language: str = "en") -> str:
        return self.visitor.text(STATION, language)

    def run(self) -> RunRecord:
        found = self.visitor.plant.ask(lambda reader: run_under_way_at(reader, OP20))
        assert found is not None
        return found

    def start(self) -> int:
        return self.visitor.send(f"{STATION}/start", check="line1-op20")


@pytest.fixture
def floor(visitor: Visitor) -> Floor:
    return Floor(visitor)


@pytest.mark.parametrize(
    ("language", "asks", "how"), [("en", "Scan your badge", "badge"), ("zh", "请刷工牌", "工牌")]
)
def test_a_badge_says_who_is_there(floor: Floor, language: str, asks: str, how: str) -> None:
    assert asks in floor.page(language)
    assert floor.scan("B-1001") == 303
    page = floor.page(language)
    assert re.search(rf'class="st-who".*<b>Chen Wei</b><span class="quiet">{how}</span>', page)
    assert asks not in page


def test_what_somebody_does_is_theirs_by_badge_at_this_station(floor: Floor) -> None:
    floor.scan("B-1001")
    assert floor.start() == 303
    run = floor.run()
    assert (run.started_by, run.started_how) == (floor.chen, How.BADGE)
    entry = floor.visitor.plant.ask(lambda reader: reader.entries(run.started_entry, 1))[0]
    assert entry.actor.station == OP20


@pytest.mark.parametrize("door", ["who", "scan", "api"])
def test_badges_that_are_guessed_at_a_screen_are_spaced_by_whatever_door(
    floor: Floor, door: str
) -> None:
    """A badge is a short number: without a pause all are tried in an hour. Nobody, and no screen, is locked."""
    if door == "scan":
        floor.scan("B-1001")
        floor.start()

    def guessed(code: str) -> str | None:
        if door == "api":
            return by_call(floor, f"{STATION}/badge", code=code)[1]
        sent = {"name": code} if door == "who" else {"code": code}
        sent["form_token"] = form_token(RULES, NONCE)
        page = floor.visitor.client.post(f"{STATION}/{door}", data=sent).text
        return "too_many_tries" if "Too many tries" in page else None

    for number in range(FREE_OF_ADDRESS):
        assert guessed(f"4{number:06}") != "too_many_tries"
    assert guessed("4999999") == "too_many_tries"
    assert guessed("B-1002") == "too_many_tries"  # nothing is told of it
    floor.visitor.clock.jump(2)
    assert floor.scan("B-1002") == 303
    assert "<b>Li Na</b>" in floor.page()
    assert floor.scan("B-1001") == 303  # who is known waits for nobody
    assert "<b>Chen Wei</b>" in floor.page()
    floor.visitor.clock.jump(3600)
    for number in range(FREE_OF_ADDRESS):
        assert guessed(f"5{number:06}") != "too_many_tries"


def test_names_that_are_known_are_no_guesses(floor: Floor) -> None:
    """Where names are stated, they are typed into the same field all day."""
    floor.visitor.let(floor.visitor.plant.write(lambda uow: id_of(uow, "Zhao Liu")))
    assert {floor.scan("Zhao Liu") for _ in range(FREE_OF_ADDRESS + 2)} == {303}


def test_a_code_that_is_kept_as_a_name_is_a_guess_all_the_same(floor: Floor) -> None:
    """Earlier versions kept it with an act that was then refused, and all badges could be tried."""
    codes = [f"7{number:06}" for number in range(FREE_OF_ADDRESS + 1)]
    floor.visitor.let(floor.visitor.plant.write(lambda uow: [id_of(uow, code) for code in codes]))
    told = [by_call(floor, f"{STATION}/badge", code=code)[1] for code in codes]
    assert told == ["scan_is_no_badge"] * FREE_OF_ADDRESS + ["too_many_tries"]


def test_new_names_that_are_stated_before_a_screen_count_as_badges_that_are_guessed(
    floor: Floor,
) -> None:
    """Nothing of a refused act is kept, so each is one more guess; a name that is kept is none when it is scanned."""

    def quarantined(name: str) -> tuple[int, str | None]:
        part = "/challenge-parts/RR-9999/quarantine"
        return by_call(floor, part, operator=name, reason="bent")

    names = [f"ward{chr(ord('a') + number)}" for number in range(FREE_OF_ADDRESS)]
    assert floor.scan(names[0]) == 303  # looked at as a badge here, and counted once
    for name in names:
        assert quarantined(name) == (404, "no_such_part")
    assert quarantined("warden") == (429, "too_many_tries")
    kept = {each.name for each in floor.visitor.plant.ask(lambda reader: reader.names()).values()}
    assert not kept & {*names, "warden"}
    floor.visitor.clock.jump(2)
    assert quarantined("warden") == (404, "no_such_part")


def test_badges_that_are_guessed_by_teaching_them_in_are_spaced(floor: Floor) -> None:
    """A shift leader's badge told whose any other one is, however many were tried."""
    floor.scan("B-2001")
    taught = {"badge": "B-3001", "name": "Zhao Min", "form_token": form_token(RULES, NONCE)}

    def answer(badge: str) -> str:
        sent = taught | {"badge": badge}
        return str(floor.visitor.client.post(f"{STATION}/teach-in", data=sent).text)

    assert "<b>Zhao Min</b>" in answer("B-3001")  # taken as asked for: no guess
    floor.scan("B-2001")
    for _ in range(FREE_OF_ADDRESS):
        assert "Too many tries" not in answer("B-1002")
    assert "Too many tries" in answer("B-1002")
    assert "Too many tries" in answer("B-4001")


def by_call(floor: Floor, path: str, **body: str) -> tuple[int, str | None]:
    answer = floor.visitor.client.post(f"/api/v1{path}", json=body, headers=ORIGIN)
    return answer.status_code, answer.json().get("code")


def test_what_is_done_by_a_call_or_on_another_page_is_done_at_the_screen_s_station(
    floor: Floor,
) -> None:
    """Without a station in the address the ledger said nothing of where it was done."""
    floor.people.pin(floor.wang)
    floor.scan("B-2001")
    floor.visitor.send(f"{STATION}/pin", pin=PIN)
    assert by_call(floor, "/runs", check="line1-op20")[0] == 201
    due = floor.visitor.client.get("/api/v1/occurrences?outcome=open").json()["items"]
    sent = floor.visitor.send("/due/excuse", occurrence=due[0]["occurrence_id"], reason="repair")
    assert sent == 303
    entries = floor.visitor.plant.ask(lambda reader: reader.entries())
    done = [entry for entry in entries if entry.actor.id == floor.wang]
    assert {entry.type for entry in done} >= {"run_started", "occurrence_decided"}
    assert {entry.actor.station for entry in done} == {OP20}


def test_a_call_before_a_screen_is_about_its_own_station(floor: Floor) -> None:
    floor.scan("B-1001")
    assert by_call(floor, "/runs", check="line1-op30") == (409, "other_station")


def test_a_name_is_stated_before_a_screen_by_a_call_as_on_its_page(floor: Floor) -> None:
    assert by_call(floor, "/runs", check="line1-op20", operator="Zhao Min")[0] == 201
    assert (floor.run().started_how, floor.run().station) == (How.STATED, OP20)


def test_another_badge_changes_the_person_also_in_the_middle_of_a_run(floor: Floor) -> None:
    """S1.3: the scan was ignored, and the record named the wrong person for weeks."""
    floor.scan("B-1001")
    floor.start()
    run = floor.run().run_id
    sent = floor.visitor.send(f"{STATION}/scan", code="B-1002", run=run, expected="take")
    assert sent == 303
    assert "<b>Li Na</b>" in floor.page()
    assert (
        floor.visitor.send(f"{STATION}/scan", code="]C1RR-0001\r", run=run, expected="take") == 303
    )
    (issued,) = floor.visitor.plant.ask(lambda reader: presentations(reader, run))
    assert (issued.part_id, issued.issued_by, issued.issued_how) == ("RR-0001", floor.li, How.BADGE)


def presentations(reader: Reader, run: RunId) -> list[PresentationRecord]:
    return reader.find(PresentationRecord, equals("run_id", run))


def test_somebody_is_asked_anew_after_five_minutes_without_a_run(floor: Floor) -> None:
    floor.scan("B-1001")
    floor.visitor.clock.jump(299)
    assert "<b>Chen Wei</b>" in floor.page()
    floor.visitor.clock.jump(2)
    assert "Scan your badge" in floor.page()
    assert floor.start() == 409


def test_at_a_run_somebody_stays(floor: Floor) -> None:
    floor.scan("B-1001")
    floor.start()
    floor.visitor.clock.jump(600)
    assert "<b>Chen Wei</b>" in floor.page()


def test_at_a_change_of_shift_somebody_is_asked_anew_also_at_a_run(floor: Floor) -> None:
    floor.scan("B-1001")
    floor.start()
    floor.visitor.clock.jump(8 * 3600)
    assert "<b>Chen Wei</b>" not in floor.page()
    assert floor.visitor.send(f"{STATION}/confirm", run=floor.run().run_id) == 409


def test_that_is_not_me_is_one_tap(floor: Floor) -> None:
    floor.scan("B-1001")
    assert "That is not me" in floor.page()
    assert floor.scan("") == 303
    assert "Scan your badge" in floor.page()


def test_who_may_teach_nobody_in_leaves_no_name(floor: Floor) -> None:
    floor.scan("B-1001")
    before = floor.visitor.plant.ask(lambda reader: dict(reader.names()))
    assert floor.visitor.send(f"{STATION}/teach-in", badge="B-3001", name="Zhao Min") == 409
    assert floor.visitor.plant.ask(lambda reader: dict(reader.names())) == before


def test_a_code_of_something_else_is_no_badge_and_names_nobody(floor: Floor) -> None:
    """B40: a part that is scanned on the idle page became the operator RR-0001."""
    assert floor.scan("RR-0001") == 409
    assert "Scan your badge" in floor.page()
    floor.scan("B-1001")
    assert floor.scan("B-9999", scanned="yes") == 409
    assert "<b>Chen Wei</b>" in floor.page()


def test_a_code_of_something_else_asks_for_a_run_where_somebody_is_there(floor: Floor) -> None:
    floor.scan("B-1001")
    assert "Start a verification first" in sent_from_idle(floor, "RR-0001")
    floor.scan("")
    assert "Scan your badge first" in sent_from_idle(floor, "RR-0001")


def test_a_badge_that_nobody_has_is_told_in_the_middle_of_a_run_as_well(floor: Floor) -> None:
    """It said only that the part is wrong, where a newcomer had scanned their badge."""
    floor.scan("B-1001")
    floor.start()
    run = floor.run().run_id

    def told(code: str) -> str:
        sent = {
            "code": code,
            "run": run,
            "expected": "take",
            "form_token": form_token(RULES, NONCE),
        }
        return str(floor.visitor.client.post(f"{STATION}/scan", data=sent).text)

    assert "Nobody has a badge B999999" in told("B999999")
    assert "Wrong part: GM-0001" in told("GM-0001")
    assert presentations_of_run(floor, run) == []


def presentations_of_run(floor: Floor, run: RunId) -> list[PresentationRecord]:
    return floor.visitor.plant.ask(lambda reader: presentations(reader, run))


def sent_from_idle(floor: Floor, code: str) -> str:
    sent = {"name": code, "form_token": form_token(RULES, NONCE)}
    return str(floor.visitor.client.post(f"{STATION}/who", data=sent).text)


@pytest.mark.parametrize(
    "code",
    [
        "B999999",
        "B-9999",
        "4711",
        "]C1B999999",
        "\uff22\uff19\uff19\uff19\uff19\uff19\uff19",
        "B\u20109999",
        "\uff14\uff17\uff11\uff11",
    ],
)
def test_a_badge_that_nobody_has_becomes_nobody_s_name(floor: Floor, code: str) -> None:
    """The record said for ever that B999999 verified the device, in a plant that declares no form for badges."""
    assert floor.scan(code) == 409
    assert "a shift leader can teach it in" in sent_from_idle(floor, code)
    assert "name not verified" not in floor.page()
    assert by_call(floor, "/runs", check="line1-op20", operator="B999999") == (422, "name_is_code")
    floor.scan("B-2001")
    assert floor.visitor.send(f"{STATION}/teach-in", badge="B-3001", name=code) == 409
    assert not {"B999999", code} & {
        kept.name for kept in floor.visitor.plant.ask(lambda reader: dict(reader.names())).values()
    }


@pytest.mark.parametrize("name", ["badge 2207", "王芳2", "王芳\uff12", "O'Neill", "Zhao Min"])
def test_a_name_is_no_code(floor: Floor, name: str) -> None:
    assert floor.scan(name) == 303
    assert "name not verified" in floor.page()


SCANS = re.compile(r'<form[^>]*action="[^"]*/(who|scan|tell)"[^>]*data-scan')


@pytest.mark.parametrize("who", ["", "B-1001", "Zhao Min", "B-4001"])
@pytest.mark.parametrize("with_run", [False, True], ids=["idle", "at a run"])
def test_a_scan_is_taken_whoever_is_there_and_whatever_they_may(
    floor: Floor, who: str, with_run: bool
) -> None:
    """B28: at any time. The scanner's script sends what the page's first form for scans takes, and nothing without one."""
    auditor = floor.people.register("Gao Min", Role.AUDITOR, password=False)
    floor.people.badge(auditor, "B-4001")
    if with_run:
        floor.scan("B-1001")
        floor.start()
        floor.scan("")
    if who:
        assert floor.scan(who) == 303
    assert SCANS.search(floor.page())


def test_a_scan_is_taken_also_before_anybody_is_registered(visitor: Visitor) -> None:
    assert SCANS.search(visitor.text(STATION))
    visitor.be("Zhao Min")
    assert SCANS.search(visitor.text(STATION))
    assert visitor.send(f"{STATION}/who", name="GM-0001") == 409, "a part is nobody"


def test_a_name_that_nobody_verified_stays_marked(floor: Floor) -> None:
    assert floor.scan("Zhao Min") == 303
    assert "name not verified" in floor.page()
    assert floor.start() == 303
    assert floor.run().started_how is How.STATED


def test_a_disabled_person_s_badge_counts_nothing_at_once(floor: Floor) -> None:
    floor.scan("B-1001")
    floor.people.disable(floor.chen)
    assert "<b>Chen Wei</b>" not in floor.page()
    assert floor.scan("B-1001") == 409


def test_who_was_disabled_is_asked_anew_also_if_enabled_before_anybody_asked(floor: Floor) -> None:
    floor.scan("B-1001")
    client = floor.visitor.client
    screen = client.cookies["rr_screen"]
    boss = floor.people.register("Boss", Role.ADMINISTRATOR)
    client.cookies.delete("rr_screen")
    client.cookies.set("rr_session", floor.people.session(boss))
    for act in ("disable", "enable"):
        answer = client.post(f"/api/v1/people/{floor.chen}/{act}", headers=ORIGIN)
        assert answer.status_code == 200
    client.cookies.delete("rr_session")
    client.cookies.set("rr_screen", screen)
    assert "<b>Chen Wei</b>" not in floor.page()
    assert floor.scan("B-1001") == 303


def test_a_pin_proves_it_until_the_person_goes(floor: Floor) -> None:
    floor.people.pin(floor.wang)
    floor.scan("B-2001")
    sent = {"pin": "000000", "form_token": form_token(RULES, NONCE)}
    wrong = floor.visitor.client.post(f"{STATION}/pin", data=sent)
    assert (wrong.status_code, "That is not your PIN" in wrong.text) == (409, True)
    assert by_call(floor, f"{STATION}/pin", pin="000000") == (401, "wrong_pin")
    assert floor.visitor.send(f"{STATION}/pin", pin=PIN) == 303
    assert "badge and PIN" in floor.page()
    floor.scan("B-1001")
    floor.scan("B-2001")
    assert "badge and PIN" not in floor.page()


def test_a_pin_without_a_badge_is_nobody_s(floor: Floor) -> None:
    assert floor.visitor.send(f"{STATION}/pin", pin=PIN) == 409


def test_a_pin_is_not_taken_where_others_read_along() -> None:
    remote = Floor(serve(address="192.168.1.20"))
    remote.people.pin(remote.wang)
    assert remote.visitor.send(f"{STATION}/pin", pin=PIN) == 403
    answer = remote.visitor.client.post(f"/api/v1{STATION}/pin", json={"pin": PIN})
    assert (answer.status_code, answer.json()["code"]) == (403, "network_not_trusted")


def test_an_excuse_takes_the_pin(floor: Floor) -> None:
    """D45: a badge can be found, a PIN can't."""
    floor.people.pin(floor.wang)
    floor.scan("B-2001")
    due = floor.visitor.client.get("/api/v1/occurrences?outcome=open").json()["items"][0]
    body = {"occurrence": due["occurrence_id"], "reason": "line stands still"}
    refused = floor.visitor.client.post("/api/v1/excuses", json=body, headers=ORIGIN)
    assert (refused.status_code, refused.json()["code"]) == (403, "proof_required")
    floor.visitor.send(f"{STATION}/pin", pin=PIN)
    assert (
        floor.visitor.client.post("/api/v1/excuses", json=body, headers=ORIGIN).status_code == 201
    )


def test_an_excuse_at_the_tablet_asks_for_the_pin_beside_its_reason(floor: Floor) -> None:
    """It ended in a refusal without a way on, and the reason was to be typed again."""
    floor.people.pin(floor.wang)
    floor.scan("B-2001")
    page = floor.visitor.text("/due")
    assert '<span class="stated"><b>Wang Fang</b> <small>badge</small></span>' in page
    assert 'action="/sign-in"' not in page
    own = re.search(r'id="own-station">(.*?)</p>', page)
    assert own is not None
    assert "Wang Fang (badge)" in own[1]
    assert f'href="{STATION}"' in own[1], "and back to the work"
    excuse = re.search(r'action="/due/excuse".*?</form>', page, re.DOTALL)
    assert excuse is not None
    assert 'name="pin"' in excuse[0]
    due = floor.visitor.client.get("/api/v1/occurrences?outcome=open").json()["items"][0]
    asked = {"occurrence": due["occurrence_id"], "reason": "line stands still"}
    sent = {**asked, "pin": "000000", "form_token": form_token(RULES, NONCE)}
    refused = floor.visitor.client.post("/due/excuse", data=sent)
    assert refused.status_code == 409
    assert "That is not your PIN" in refused.text
    assert 'value="line stands still"' in refused.text
    assert floor.visitor.send("/due/excuse", **asked, pin=PIN) == 303
    assert 'name="pin"' not in floor.visitor.text("/due"), "known by it now"


def test_a_shift_leader_teaches_a_badge_in_for_a_day(floor: Floor) -> None:
    visitor = floor.visitor
    assert "Teach in a badge" not in floor.page()
    floor.scan("B-2001")
    assert "Teach in a badge" in floor.page()
    assert visitor.send(f"{STATION}/teach-in", badge="B-3001", name="Zhao Min") == 303
    page = floor.page()
    assert "<b>Zhao Min</b>" in page
    assert "taught in for a day" in page
    assert floor.start() == 303
    assert floor.run().started_how is How.TAUGHT_IN
    (badge,) = visitor.plant.ask(provisional)
    assert badge.provisional_until is not None
    assert badge.provisional_until - badge.issued_at == timedelta(hours=24)
    assert badge.issued_by == floor.wang


def provisional(reader: Reader) -> list[BadgeRecord]:
    return [each for each in reader.find(BadgeRecord) if each.provisional_until is not None]


def test_an_operator_teaches_nobody_in(floor: Floor) -> None:
    floor.scan("B-1001")
    assert "Teach in a badge" not in floor.page()
    assert floor.visitor.send(f"{STATION}/teach-in", badge="B-3001", name="Zhao Min") == 409
    floor.scan("B-2001")
    assert floor.visitor.send(f"{STATION}/teach-in", badge="RR-0001", name="Zhao Min") == 409
    assert floor.visitor.send(f"{STATION}/teach-in", badge="B-1002", name="Zhao Min") == 409


def test_another_station_s_screen_is_nobody_s_here(floor: Floor) -> None:
    floor.scan("B-1001")
    assert floor.visitor.send("/stations/line2-op40/who", name="B-1001") in {403, 409}


def test_as_long_as_nobody_is_registered_names_are_stated_as_ever(visitor: Visitor) -> None:
    assert visitor.send(f"{STATION}/who", name="B2207") == 303
    assert visitor.client.cookies.get("rr_badge") == "B2207"


def sign_in(floor: Floor, *roles: Role, name: str = "Zhou Jie") -> PersonId:
    """Let somebody sign in with a password at the browser of the enrolled screen."""
    person = floor.people.register(name, *roles)
    floor.visitor.client.cookies.set("rr_session", floor.people.session(person))
    return person


def send_signed_in(floor: Floor, path: str, **fields: str) -> int:
    """Send a form as the page has it that was shown to who is signed in."""
    secret = floor.visitor.client.cookies["rr_session"]
    token = form_token(RULES, NONCE, digest_of(secret))
    answer = floor.visitor.client.post(
        path, data={"form_token": token, **fields}, follow_redirects=False
    )
    return answer.status_code


def entries_of(floor: Floor, person: PersonId) -> list[str]:
    entries = floor.visitor.plant.ask(lambda reader: reader.entries())
    return [entry.type for entry in entries if entry.actor.id == person]


@pytest.mark.parametrize("role", [Role.OPERATOR, Role.SHIFT_LEADER, Role.QUALITY_ENGINEER])
def test_a_sign_in_of_the_office_counts_nothing_at_a_station_s_own_screen(
    floor: Floor, role: Role
) -> None:
    """Whoever came to the tablet next acted as the person who had signed in there."""
    person = sign_in(floor, role)
    due = floor.visitor.client.get("/api/v1/occurrences?outcome=open").json()["items"][0]
    excuse = {"occurrence": due["occurrence_id"], "reason": "repair"}
    assert by_call(floor, "/runs", check="line1-op20") == (409, "screen_of_station")
    assert by_call(floor, "/excuses", **excuse) == (409, "screen_of_station")
    assert send_signed_in(floor, f"{STATION}/start", check="line1-op20") == 409
    assert send_signed_in(floor, "/due/excuse", **excuse) == 409
    code = by_call(floor, f"{STATION}/enrolment-codes")
    assert code == (409, "screen_of_station")
    assert entries_of(floor, person) == []


@pytest.mark.parametrize(
    ("act", "fields"),
    [
        ("pin", {"password": PASSWORD, "pin": "830275"}),
        ("password", {"password": PASSWORD, "after": OTHER, "again": OTHER}),
        ("end-sessions", {}),
    ],
)
def test_a_sign_in_of_the_office_changes_nothing_of_its_own_there_either(
    floor: Floor, act: str, fields: dict[str, str]
) -> None:
    """Whoever found it open ended the person's other sessions."""
    person = sign_in(floor, Role.OPERATOR)
    floor.people.session(person)
    for path in (f"/account/{act}", *([f"/people/{person}/{act}"] if not fields else [])):
        assert send_signed_in(floor, path, **fields) == 409
    shown = {"password": PASSWORD}
    assert by_call(floor, "/session/reauthenticate", **shown) == (409, "screen_of_station")
    assert entries_of(floor, person) == []
    now = floor.visitor.plant.agent.clock.now()
    kept = floor.visitor.plant.ask(lambda reader: live_sessions(reader, person, now))
    assert len(kept) == 2


@pytest.mark.parametrize(("language", "asks"), [("en", "Scan your badge"), ("zh", "请刷工牌")])
def test_a_station_s_own_screen_asks_for_the_badge_of_who_is_signed_in(
    floor: Floor, language: str, asks: str
) -> None:
    sign_in(floor, Role.OPERATOR)
    assert asks in floor.page(language)
    assert "Zhou Jie" in floor.visitor.text("/due", language)  # where they sign out again


def test_a_badge_counts_at_a_station_s_own_screen_also_where_somebody_is_signed_in(
    floor: Floor,
) -> None:
    person = sign_in(floor, Role.OPERATOR)
    assert send_signed_in(floor, f"{STATION}/who", name="B-1001") == 303
    assert "<b>Chen Wei</b>" in floor.page()
    assert floor.start() == 303
    assert (floor.run().started_by, floor.run().started_how) == (floor.chen, How.BADGE)
    assert entries_of(floor, person) == []


def test_who_signs_out_where_another_badge_counts_has_no_session_any_more(floor: Floor) -> None:
    person = sign_in(floor, Role.OPERATOR)
    send_signed_in(floor, f"{STATION}/who", name="B-1001")
    assert floor.visitor.client.delete("/api/v1/session", headers=ORIGIN).status_code == 204
    now = floor.visitor.clock.now()
    assert floor.visitor.plant.ask(lambda reader: live_sessions(reader, person, now)) == []


def take_badge(floor: Floor, code: str) -> None:
    floor.people.tell(BadgeRevoked(badge_id=badge_id(BADGE_KEY, code)))


def asker_now(floor: Floor) -> Asker:
    shown = Shown(screen=floor.visitor.client.cookies["rr_screen"])
    return floor.visitor.let(floor.sign_in.asker(shown))


def test_a_badge_that_was_taken_away_counts_nothing_while_its_person_stands_there(
    floor: Floor,
) -> None:
    floor.scan("B-1001")
    floor.start()
    run = floor.run()
    take_badge(floor, "B-1001")
    assert "<b>Chen Wei</b>" not in floor.page()
    assert floor.visitor.send(f"{STATION}/confirm", run=run.run_id) == 409
    assert by_call(floor, f"/runs/{run.run_id}/abort", reason="x")[0] in {401, 422}
    assert floor.run() == run
    assert floor.scan("B-1001") == 409


def test_a_badge_that_now_stands_for_another_counts_nothing_for_who_showed_it(floor: Floor) -> None:
    floor.scan("B-1001")
    take_badge(floor, "B-1001")
    floor.people.badge(floor.li, "B-1001")
    assert "<b>Chen Wei</b>" not in floor.page()
    assert floor.start() == 409


def test_a_badge_taught_in_counts_nothing_after_its_day_also_at_a_run(floor: Floor) -> None:
    until = floor.visitor.clock.now() + timedelta(minutes=2)
    badge = badge_id(BADGE_KEY, "B-3001")
    floor.people.tell(BadgeIssued(badge_id=badge, person_id=floor.chen, provisional_until=until))
    floor.scan("B-3001")
    floor.start()
    assert "<b>Chen Wei</b>" in floor.page()
    floor.visitor.clock.jump(121)
    assert "<b>Chen Wei</b>" not in floor.page()


@pytest.mark.parametrize("by_pin", [False, True])
def test_what_counts_no_more_when_an_act_is_recorded_records_nothing(
    floor: Floor, by_pin: bool
) -> None:
    """Between the look at who asks and the record another may take the badge, or change the PIN."""
    floor.people.pin(floor.wang)
    floor.scan("B-2001")
    floor.visitor.send(f"{STATION}/pin", pin=PIN)
    actor = asker_now(floor).actor
    assert actor is not None
    if by_pin:
        floor.people.pin(floor.wang)
    else:
        take_badge(floor, "B-2001")
    size = len(floor.visitor.plant.ask(lambda reader: reader.entries()))
    for act in (
        acts.StartRun(check_id=CheckId("line1-op20"), occurrence_id=None, containment_id=None),
        people_acts.RevokeBadge(badge_id=badge_id(BADGE_KEY, "B-1001"), person_id=floor.chen),
    ):
        with pytest.raises(Refusal, match="known_no_longer"):
            floor.visitor.let(floor.visitor.plant.service.do(act, actor))
    with pytest.raises(Refusal, match="known_no_longer"):
        floor.visitor.let(
            floor.visitor.plant.write(lambda uow: remove_way(uow, floor.wang, 1, actor=actor))
        )
    assert len(floor.visitor.plant.ask(lambda reader: reader.entries())) == size


@pytest.mark.parametrize("how", ["changed", "taken away"])
def test_a_pin_that_was_given_proves_nothing_once_it_is_changed_or_taken_away(
    floor: Floor, how: str
) -> None:
    floor.people.pin(floor.wang)
    floor.scan("B-2001")
    assert floor.visitor.send(f"{STATION}/pin", pin=PIN) == 303
    assert asker_now(floor).actor == Actor(id=floor.wang, how=How.BADGE_PIN, station=OP20)
    if how == "changed":
        floor.people.pin(floor.wang)
    else:
        floor.visitor.let(
            floor.visitor.plant.write(
                lambda uow: reset(uow, floor.wang, CredentialKind.PIN, actor=SERVER)
            )
        )
    assert asker_now(floor).actor == Actor(id=floor.wang, how=How.BADGE, station=OP20)
    due = floor.visitor.client.get("/api/v1/occurrences?outcome=open").json()["items"][0]
    excuse = {"occurrence": due["occurrence_id"], "reason": "line stands still"}
    assert by_call(floor, "/excuses", **excuse) == (403, "proof_required")


def test_a_pin_that_was_changed_after_it_was_given_signs_nothing(floor: Floor) -> None:
    floor.people.pin(floor.wang)
    floor.scan("B-2001")
    floor.visitor.send(f"{STATION}/pin", pin=PIN)
    shown = floor.sign_in.shown_lately(asker_now(floor))
    assert shown is not None
    floor.people.pin(floor.wang)
    floor.visitor.send(
        f"{STATION}/pin", pin=PIN
    )  # the new one, and signed with what the old one has shown
    asker = asker_now(floor)
    assert asker.actor is not None
    entry = floor.visitor.plant.ask(lambda reader: found_run(reader).entry)
    act = acts.GiveSignature(
        entry=entry, leaf_hash="", meaning=Meaning.REVIEWED, shown="", language=PersonLanguage.EN
    )
    for old, code in ((shown, "reauthentication_required"), (None, "reauthentication_required")):
        with pytest.raises(Refusal, match=code):
            floor.visitor.let(floor.visitor.plant.service.do(act, asker.actor, shown=old))
    new = floor.sign_in.shown_lately(asker)
    with pytest.raises(Refusal, match="leaf_differs"):
        floor.visitor.let(floor.visitor.plant.service.do(act, asker.actor, shown=new))


def found_run(reader: Reader) -> RunRecord:
    run = reader.get(RunRecord, MISSED_RUN)
    assert run is not None
    return run


class Tablet:
    """One more tablet at the station, beside that of the floor: a browser of its own with its own pages."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.cookies = {"rr_form": NONCE, "rr_screen": floor.people.screen(OP20)}
        self.fields: dict[str, str] = {}

    def look(self, path: str = STATION) -> str:
        """Show a page; what is sent next was shown to who is told there."""
        client = self.floor.visitor.client
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        page = client.get(path, headers=headers).text
        found = dict(re.findall(r'name="(form_token|form_key|shown_to)" value="([^"]*)"', page))
        self.fields = {name: html.unescape(value) for name, value in found.items()}
        return page

    def send(self, path: str, **fields: str) -> tuple[int, str]:
        client = self.floor.visitor.client
        headers = {"cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        sent = self.fields | fields
        answer = client.post(path, data=sent, headers=headers, follow_redirects=False)
        return answer.status_code, html.unescape(answer.text)


@pytest.fixture
def tablets(floor: Floor) -> tuple[Tablet, Tablet]:
    floor.visitor.client.cookies.clear()
    return Tablet(floor), Tablet(floor)


def scan(tablet: Tablet, code: str) -> None:
    tablet.look()
    assert tablet.send(f"{STATION}/who", name=code)[0] == 303


def entries(floor: Floor) -> int:
    return len(floor.visitor.plant.ask(lambda reader: reader.entries()))


def test_what_was_shown_to_one_is_not_recorded_as_done_by_another(
    floor: Floor, tablets: tuple[Tablet, Tablet]
) -> None:
    """The button on the page of Chen recorded Li, who had scanned at the other tablet meanwhile."""
    one, other = tablets
    scan(one, "B-1001")
    one.look()
    scan(other, "B-1002")
    size = entries(floor)
    status, page = one.send(f"{STATION}/start", check="line1-op20")
    assert status == 409
    assert "This page was shown to Chen Wei; Li Na is at the station now" in page
    assert entries(floor) == size
    other.look()
    assert other.send(f"{STATION}/start", check="line1-op20")[0] == 303
    assert floor.run().started_by == floor.li


def test_a_part_that_is_scanned_on_the_page_of_another_is_not_issued(
    floor: Floor, tablets: tuple[Tablet, Tablet]
) -> None:
    one, other = tablets
    scan(one, "B-1001")
    one.look()
    assert one.send(f"{STATION}/start", check="line1-op20")[0] == 303
    run = floor.run().run_id
    one.look()
    scan(other, "B-1002")
    size = entries(floor)
    part = {"run": run, "expected": "take", "code": "RR-0001"}
    assert one.send(f"{STATION}/scan", **part)[0] == 409
    assert entries(floor) == size
    assert one.send(f"{STATION}/scan", **(part | {"code": "B-1001"}))[0] == 303  # a badge may
    one.look()
    assert one.send(f"{STATION}/scan", **part)[0] == 303
    (issued,) = floor.visitor.plant.ask(lambda reader: presentations(reader, run))
    assert issued.issued_by == floor.chen


@pytest.mark.parametrize("shown", ["B-1001", ""], ids=["to another", "to nobody"])
def test_every_form_of_a_page_says_to_whom_it_was_shown(
    floor: Floor, tablets: tuple[Tablet, Tablet], shown: str
) -> None:
    one, other = tablets
    floor.people.pin(floor.wang)
    if shown:
        scan(one, shown)
    one.look()
    scan(other, "B-2001")
    entry = floor.visitor.plant.ask(lambda reader: found_run(reader).entry)
    size = entries(floor)
    for path, fields in (
        (f"{STATION}/pin", {"pin": PIN}),
        (f"{STATION}/teach-in", {"badge": "B-3001", "name": "Zhao Min"}),
        (f"{STATION}/start", {"check": "line1-op20"}),
        (f"/sign/{entry}", {"meaning": "reviewed", "language": "en", "pin": PIN}),
        ("/due/excuse", {"occurrence": "line1-O-1", "reason": "repair"}),
        (f"{STATION}/screens/code", {}),
    ):
        status, page = one.send(path, **fields)
        assert status in {403, 409}, path
        said = "shown to Chen Wei; Wang Fang" if shown else "shown while nobody was at the station"
        assert said in page, path
    assert entries(floor) == size
    assert floor.sign_in.shown_lately(asker_at_tablet(other)) is None


def asker_at_tablet(tablet: Tablet) -> Asker:
    shown = Shown(screen=tablet.cookies["rr_screen"])
    return tablet.floor.visitor.let(tablet.floor.sign_in.asker(shown))


def test_a_name_that_was_stated_on_one_tablet_is_that_of_the_station(
    floor: Floor, tablets: tuple[Tablet, Tablet]
) -> None:
    one, other = tablets
    scan(one, "Zhao Min")
    assert "<b>Zhao Min</b>" in other.look()
    scan(one, "Sun Li")
    assert other.send(f"{STATION}/start", check="line1-op20")[0] == 409
    other.look()
    assert other.send(f"{STATION}/start", check="line1-op20")[0] == 303
    names = floor.visitor.plant.ask(lambda reader: dict(reader.names()))
    assert names[floor.run().started_by].name == "Sun Li"


def test_a_stated_name_at_a_station_s_screen_goes_as_a_person_does(floor: Floor) -> None:
    """A cookie of a year named whoever came next."""
    assert floor.scan("Zhao Min") == 303
    assert not {name for name in floor.visitor.client.cookies if "badge" in name}
    assert "<b>Zhao Min</b>" in floor.page()
    floor.visitor.clock.jump(299)
    assert "<b>Zhao Min</b>" in floor.page()
    floor.visitor.clock.jump(2)
    assert "Zhao Min" not in floor.page()
    assert floor.start() == 409


def test_at_a_run_a_stated_name_stays_until_a_badge_or_nobody_comes(floor: Floor) -> None:
    floor.scan("Zhao Min")
    assert floor.start() == 303
    floor.visitor.clock.jump(600)
    assert "<b>Zhao Min</b>" in floor.page()
    floor.scan("B-1001")
    assert "<b>Zhao Min</b>" not in floor.page()
    floor.scan("Zhao Min")
    assert "<b>Zhao Min</b>" in floor.page()
    floor.scan("")
    assert "<b>Zhao Min</b>" not in floor.page()


def test_a_name_in_a_cookie_of_before_counts_nothing_at_a_station_s_screen(floor: Floor) -> None:
    floor.visitor.be("Zhao Min")
    assert "Zhao Min" not in floor.page()
    assert floor.start() == 409


def test_as_long_as_nobody_is_registered_a_name_is_kept_until_the_browser_is_closed(
    visitor: Visitor,
) -> None:
    token = form_token(RULES, NONCE)
    answer = visitor.client.post(
        f"{STATION}/who", data={"form_token": token, "name": "Zhao"}, follow_redirects=False
    )
    (cookie,) = [each for each in answer.headers.get_list("set-cookie") if "rr_badge" in each]
    assert "max-age" not in cookie.lower()
    assert "expires" not in cookie.lower()
