"""An administrator imports a table of people beside the running service: looked at, then confirmed, all or none (R19)."""

import re
from functools import partial
from pathlib import Path

import pytest

from redrabbit.domain.identity import AGENT, Actor, BadgeId, How, PersonId
from redrabbit.domain.records import BadgeRecord, PersonRecord, RoleGrantRecord
from redrabbit.domain.role import Role
from redrabbit.domain.throttle import FREE_OF_ADDRESS, LONGEST_WAIT
from redrabbit.services import badges
from redrabbit.services.people import change, the_person
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.queries.people import name_now, names_in
from redrabbit.services.stated_names import id_of
from redrabbit.web.access import form_token
from redrabbit.web.pages.people_import import WAITS, cell_name
from tests.config.workbooks import write_workbook
from tests.people import PASSWORD
from tests.web.conftest import NONCE, RULES, Visitor
from tests.web.test_sign_in import digest_of_session, people_of, sent

TABLE = "姓名,工号,角色,产线,工牌\n李娜,2207,操作工,line1,0042317\nBob,2208,quality_engineer,,\n"


@pytest.fixture
def chen(visitor: Visitor) -> Visitor:
    people_of(visitor).register("Chen", Role.ADMINISTRATOR)
    assert sent(visitor, "/sign-in", name="Chen", password=PASSWORD)[0] == 303
    return visitor


def imported(
    visitor: Visitor, content: str | bytes | None = None, name: str = "people.csv", **fields: str
) -> tuple[int, str]:
    token = form_token(RULES, NONCE, digest_of_session(visitor))
    said = content.encode() if isinstance(content, str) else content
    files = {"file": (name, said or b"")}
    answer = visitor.client.post(
        "/people/import", data={"form_token": token, **fields}, files=files
    )
    return answer.status_code, answer.text


def everything(visitor: Visitor) -> tuple[int, int, int, int]:
    return visitor.plant.ask(
        lambda reader: (
            reader.count(PersonRecord),
            reader.count(RoleGrantRecord),
            reader.count(BadgeRecord),
            len(reader.names()),
        )
    )


def digest_in(page: str) -> str:
    found = re.search(r'name="digest" value="([0-9a-f]{64})"', page)
    assert found is not None
    return found[1]


def test_a_table_is_looked_at_and_then_taken_once(chen: Visitor) -> None:
    before = everything(chen)
    status, page = imported(chen, TABLE)
    assert (status, everything(chen)) == (200, before)
    assert "People added: 2" in page
    digest = digest_in(page)
    status, page = imported(chen, digest=digest)
    assert (status, "Roles granted: 2" in page) == (200, True)
    names = chen.plant.ask(names_in)
    assert [name_now(names, f"p-000{n}") for n in (2, 3)] == ["李娜", "Bob"]
    (badge,) = chen.plant.ask(lambda reader: reader.find(BadgeRecord))
    assert badge.issued_by == "p-0001", "whoever imports did it"
    assert imported(chen, digest=digest)[0] == 409, "once"
    assert everything(chen)[0] == 3
    status, page = imported(chen, TABLE)
    assert (status, "People added: 0" in page) == (200, True)


def test_everything_that_is_wrong_is_named_by_its_cell(chen: Visitor, tmp_path: Path) -> None:
    before = everything(chen)
    rows: list[list[str | int]] = [
        ["name", "roles", "badge"],
        ["", "boss", 42],
        ["Wu", "auditor", ""],
    ]
    table = write_workbook(tmp_path / "people.xlsx", rows)
    status, page = imported(chen, table.read_bytes(), "people.xlsx")
    assert (status, 'name="digest"' in page) == (409, False)
    assert re.findall(r'<span class="mono">([A-Z]+[0-9]+)</span>', page) == ["A2", "B2", "C2"]
    status, page = imported(chen, "name,roles\nWu,auditor\nLi,operator\nChen,operator\n")
    assert re.findall(r'<span class="mono">([A-Z]+[0-9]+)</span>', page) == ["A2", "B4"], (
        "an auditor without an end, and a role for oneself"
    )
    assert everything(chen) == before
    token = form_token(RULES, NONCE, digest_of_session(chen))
    answer = chen.client.post(
        "/people/import",
        data={"form_token": token},
        files={"file": ("people.csv", b"name,roles\n,boss\n")},
        headers={"accept-language": "zh"},
    )
    assert "应为" in answer.text


def test_what_is_confirmed_is_what_was_shown_or_nothing(chen: Visitor) -> None:
    digest = digest_in(imported(chen, TABLE)[1])
    people_of(chen).register("Bob", number="2208")
    before = everything(chen)
    status, page = imported(chen, digest=digest)
    assert (status, "look at the table again" in page) == (409, True)
    digest = digest_in(imported(chen, TABLE)[1])
    chen.clock.jump(WAITS.total_seconds() + 1)
    assert imported(chen, digest=digest)[0] == 409
    assert everything(chen) == before


def renumber(uow: UnitOfWork, who: PersonId, name: str, number: str) -> None:
    person = the_person(uow, who)
    change(
        uow,
        who,
        name=id_of(uow, name),
        language=person.language,
        employee_number=id_of(uow, number),
        kind=person.kind,
        expires_at=None,
        same_name=False,
        actor=AGENT,
    )


def test_what_is_confirmed_is_of_the_same_people(chen: Visitor) -> None:
    """The number passed to another person meanwhile: the counts are the same, and it is no longer what was looked at."""
    people = people_of(chen)
    first, second = people.register("Zhao A", number="N-7"), people.register("Zhao B", number="N-8")
    page = imported(chen, "工号,姓名,角色\nN-7,Zhao Aa,quality_engineer\n")[1]
    assert "Zhao A · " in page
    assert first in page
    for who, name, number in ((first, "Zhao A", "N-9"), (second, "Zhao B", "N-7")):
        people.write(partial(renumber, who=who, name=name, number=number))
    before = everything(chen)
    status, after = imported(chen, digest=digest_in(page))
    assert (status, "look at the table again" in after) == (409, True)
    assert everything(chen) == before


def test_badges_of_others_in_tables_count_as_guessed(chen: Visitor) -> None:
    """Only looked at they tell as much as when they are given."""
    codes = [f"00424{n:02}" for n in range(FREE_OF_ADDRESS + 6)]
    theirs, rows = (
        "".join(f"{name} {code[-2:]},{code}\n" for code in codes) for name in ("Person", "Guess")
    )
    digest = digest_in(imported(chen, "name,badge\n" + theirs)[1])
    assert imported(chen, digest=digest)[0] == 200
    assert "This badge stands for somebody else" in imported(chen, "name,badge\n" + rows)[1]
    status, page = imported(chen, TABLE)
    assert (status, "Too many tries" in page) == (409, True)
    chen.clock.jump(LONGEST_WAIT.total_seconds())
    assert imported(chen, TABLE)[0] == 200


def test_nobody_takes_away_what_waits_for_another(chen: Visitor) -> None:
    people_of(chen).register("Dou", Role.ADMINISTRATOR)
    digest = digest_in(imported(chen, TABLE)[1])
    chen.client.cookies.delete("rr_session")
    assert sent(chen, "/sign-in", name="Dou", password=PASSWORD)[0] == 303
    assert imported(chen, digest=digest)[0] == 409, "only who looked at it confirms it"
    assert digest_in(imported(chen, TABLE)[1]) == digest
    chen.client.cookies.delete("rr_session")
    assert sent(chen, "/sign-in", name="Chen", password=PASSWORD)[0] == 303
    assert imported(chen, digest=digest)[0] == 200


def test_a_role_that_takes_a_badge_away_is_named_before(chen: Visitor) -> None:
    people = people_of(chen)
    leader = people.register("Wang", Role.SHIFT_LEADER)
    li_na = people.register("Li Na", Role.OPERATOR, line="line1")
    by = Actor(id=leader, how=How.PASSWORD)
    people.write(lambda uow: badges.issue(uow, BadgeId("ab" * 32), li_na, actor=by))
    status, page = imported(chen, "name,roles\nLi Na,quality_engineer\n")
    assert (status, "Row 2, Li Na: a badge is taken away" in page) == (200, True)
    assert "a badge is taken away" in imported(chen, digest=digest_in(page))[1]


@pytest.mark.parametrize("role", [Role.SHIFT_LEADER, Role.QUALITY_ENGINEER, None])
def test_nobody_else_imports(chen: Visitor, role: Role | None) -> None:
    before = everything(chen)
    chen.client.cookies.delete("rr_session")
    if role is not None:
        people_of(chen).register("Wang", role)
        before = everything(chen)
        assert sent(chen, "/sign-in", name="Wang", password=PASSWORD)[0] == 303
        assert imported(chen, TABLE)[0] in {403, 409}
    else:
        sent_by_nobody = chen.client.post("/people/import", files={"file": ("a.csv", b"x")})
        assert "/sign-in" in str(sent_by_nobody.url) or sent_by_nobody.status_code == 401
    assert everything(chen) == before


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", "multipart/form-data; boundary=x"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"--x\r\n\r\n\r\n--x--", "multipart/form-data"),
        (b"form_token=1", "application/x-www-form-urlencoded"),
        (b"--x" + b"\r\n--x" * 50 + b"--", "multipart/form-data; boundary=x"),
    ],
)
def test_what_is_no_form_with_a_file_is_refused(chen: Visitor, body: bytes, kind: str) -> None:
    headers = {"content-type": kind}
    answer = chen.client.post("/people/import", content=body, headers=headers)
    assert answer.status_code == 409
    assert 'class="refusal' in answer.text or "alert" in answer.text


def test_a_file_that_is_none_or_too_large_is_refused(chen: Visitor) -> None:
    assert imported(chen, "", "")[0] == 409
    assert imported(chen, b"x" * 200_000)[0] == 413
    assert imported(chen, b"name\n" + b"x" * 90_000)[0] == 409, "read, and said what is wrong"
    assert imported(chen, b"PK\x03\x04 no workbook", "people.xlsx")[0] == 409
    assert imported(chen, "x", "people.exe")[0] == 409
    many = "name\n" + "".join(f"Person {number}\n" for number in range(101))
    assert imported(chen, many)[0] == 409


def test_cells_are_called_as_in_a_spreadsheet() -> None:
    assert [cell_name(2, column) for column in (1, 26, 27, 52, 703)] == [
        "A2",
        "Z2",
        "AA2",
        "AZ2",
        "AAA2",
    ]
