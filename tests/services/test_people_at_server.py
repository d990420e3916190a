"""At the server's command line: the first administrator, the way back in, and people from a table."""

from datetime import date, timedelta

import pytest

from redrabbit.domain.badge_code import badge_id
from redrabbit.domain.beside import digest_of
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.facts.person import PersonKind, PersonLanguage, PersonRegistered
from redrabbit.domain.identity import SERVER, BadgeId, How, PersonId, person_name
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.one_time_code import OneTimeCode
from redrabbit.domain.people_acts import DisablePerson
from redrabbit.domain.records import AlarmRecord, BadgeRecord, PersonRecord, RoleGrantRecord
from redrabbit.domain.role import Role
from redrabbit.domain.session import Session
from redrabbit.services import people
from redrabbit.services.administrators_added import about_whom, open_alarms
from redrabbit.services.importing_people import Imported, NotImported, PersonRow, import_people
from redrabbit.services.people import the_person
from redrabbit.services.people_at_server import (
    Newcomer,
    add,
    change,
    enable,
    give_roles,
    link_code,
    number_id,
    person_said,
)
from redrabbit.services.ports import UnitOfWork
from redrabbit.services.queries.people import Names, kept_name, person
from redrabbit.services.record_fact import record
from redrabbit.services.sessions import begin_session
from redrabbit.services.stated_names import id_of
from tests.plants import LINE
from tests.services.people_served import ADMINISTRATOR, CHEN, a_person, with_administrator
from tests.services.served import Served


def make_administrator(
    served: Served, name: str, *others: Role, lines: tuple[str, ...] = ()
) -> PersonRecord:
    def command(uow: UnitOfWork) -> PersonRecord:
        known = add(uow, Newcomer(name=name, same_name=True))
        give_roles(uow, served.plant, known.person_id, (*others, Role.ADMINISTRATOR), lines=lines)
        return known

    return served.database.write_now(command)


def alarms(served: Served) -> list[AlarmKind]:
    return [each.kind for each in served.database.read_now(lambda r: r.find(AlarmRecord))]


async def test_the_first_administrator_is_made_in_quiet_and_the_next_with_an_alarm() -> None:
    """K12: later it is break-glass."""
    served = await Served.opened()
    first = make_administrator(served, "Chen")
    assert (first.person_id, first.registered_by) == (CHEN, SERVER.id)
    assert alarms(served) == []
    grants = served.database.read_now(lambda reader: reader.find(RoleGrantRecord))
    assert [(each.role, each.line) for each in grants] == [(Role.ADMINISTRATOR, None)]
    make_administrator(served, "Mallory")
    assert alarms(served) == [AlarmKind.ADMINISTRATOR_ADDED]
    shown = person(Names(), SERVER.id, first.registered_how, 0)
    assert getattr(shown.name, "code", None) == "person.server"


@pytest.mark.parametrize("others", [(), (Role.OPERATOR,)])
async def test_nobody_administers_one_line_only(others: tuple[Role, ...]) -> None:
    """As in the browser: else somebody who asked for one line would have given all of them."""
    served = await with_administrator()
    size = len(served.types())
    with pytest.raises(Refusal, match="role_for_all_lines"):
        make_administrator(served, "Li", *others, lines=(LINE,))
    row = a_row(2, "Li", roles=(*others, Role.ADMINISTRATOR), lines=(LINE,))
    with pytest.raises(NotImported) as refused:
        imported(served, row)
    assert [why.code for _, why in refused.value.refused] == ["role_for_all_lines"]
    assert len(served.types()) == size


async def test_a_link_sets_one_password_of_somebody_who_may_act() -> None:
    served = await with_administrator()
    served.database.write_now(
        lambda uow: begin_session(uow, CHEN, How.PASSWORD, address="10.0.0.7", agent="test")
    )
    code = served.database.write_now(lambda uow: link_code(uow, CHEN))
    sessions = served.database.read_now(lambda reader: reader.rows(Session, person_id=CHEN))
    assert [session.ended_at is not None for session in sessions] == [True]
    kept = served.database.read_now(lambda reader: reader.row(OneTimeCode, digest_of(code)))
    assert kept is not None
    assert kept.subject == CHEN
    assert served.types()[-1] == "link_given"
    other = make_administrator(served, "Li")
    await served.service.do(DisablePerson(person_id=other.person_id), ADMINISTRATOR)
    with pytest.raises(Refusal, match="person_disabled"):
        served.database.write_now(lambda uow: link_code(uow, other.person_id))


async def test_somebody_is_said_by_number_or_by_a_name_that_is_theirs_alone() -> None:
    served = await with_administrator()
    for said in (CHEN, "Chen", " Chen "):
        found = served.database.read_now(lambda reader, said=said: person_said(reader, said))  # type: ignore[misc]  # because mypy has no type for a default of a lambda
        assert found.person_id == CHEN
    make_administrator(served, "Chen")
    for said, code in (("Chen", "name_of_several"), ("Nobody", "no_such_person")):
        with pytest.raises(Refusal, match=code):
            served.database.read_now(lambda reader, said=said: person_said(reader, said))  # type: ignore[misc]  # as above


async def test_who_is_meant_by_a_number_of_one_and_a_name_of_another_is_not_guessed() -> None:
    """Nobody is registered so today; a ledger of before may have two of one number, or a number that is a name."""
    served = await with_administrator()

    def registered_before(uow: UnitOfWork) -> None:
        for place, (name, number) in enumerate(
            [("Li", "1138"), ("Wu", "1138"), ("77", None), ("Ma", "77")]
        ):
            known = PersonRegistered(
                person_id=PersonId(f"p-010{place}"),
                name=id_of(uow, person_name(name)),
                language=None,
                employee_number=number_id(uow, number),
                kind=PersonKind.PERSON,
                expires_at=None,
            )
            record(uow, known, stream=PLANT_STREAM, actor=SERVER)

    served.database.write_now(registered_before)
    for said in ("1138", "77", "\uff17\uff17"):
        with pytest.raises(Refusal, match="name_of_several"):
            served.database.read_now(lambda reader, said=said: person_said(reader, said))  # type: ignore[misc]  # as above


# A table


def a_row(row: int, name: str, **said: object) -> PersonRow:
    usual: dict[str, object] = {
        "employee_number": None,
        "language": None,
        "roles": (),
        "lines": (),
        "until": None,
        "expires": None,
        "badge": None,
    }
    return PersonRow(row=row, name=name, **(usual | said))  # type: ignore[arg-type]  # because each has its own type


def code_id(code: str) -> BadgeId:
    return badge_id(bytes(32), code)


def imported(served: Served, *rows: PersonRow, same_name: bool = False) -> Imported:
    return served.database.write_now(
        lambda uow: import_people(uow, served.plant, rows, code_id, same_name=same_name)
    )


LI = a_row(
    2,
    "李娜",
    employee_number="2207",
    language=PersonLanguage.ZH,
    roles=(Role.SHIFT_LEADER, Role.OPERATOR),
    lines=(LINE,),
    until=date(2026, 12, 31),
    badge="0042317",
)
BOB = a_row(3, "Bob", roles=(Role.QUALITY_ENGINEER,))


async def test_people_are_imported_once_however_often_the_table_is() -> None:
    served = await with_administrator()
    assert imported(served, LI, BOB) == Imported(added=2, granted=3, badges=1)
    size = len(served.types())
    assert imported(served, LI, BOB) == Imported()
    assert len(served.types()) == size
    badge = served.database.read_now(lambda reader: reader.get(BadgeRecord, code_id("0042317")))
    assert badge is not None
    assert badge.person_id == "p-0002"


async def test_who_is_known_is_changed_and_keeps_what_the_table_does_not_say() -> None:
    served = await with_administrator()
    imported(served, LI)
    married = a_row(2, "王娜", employee_number="2207", expires=date(2027, 1, 31))
    assert imported(served, married) == Imported(changed=1)
    known = served.database.read_now(lambda reader: reader.get(PersonRecord, "p-0002"))
    assert known is not None
    assert known.language is PersonLanguage.ZH
    assert known.expires_at is not None
    assert known.expires_at.isoformat() == "2027-02-01T00:00:00+00:00"  # the end of the day
    grants = served.database.read_now(lambda reader: reader.find(RoleGrantRecord))
    assert len(grants) == 3


async def test_who_is_known_by_their_number_is_so_however_it_is_written() -> None:
    served = await with_administrator()
    imported(served, a_row(2, "Li Na", employee_number="E-1"))
    for written in ("e-1", "\uff25-1"):
        again = a_row(2, "Li Na", employee_number=written)
        assert imported(served, again) == Imported(changed=1)
    people = served.database.read_now(lambda reader: reader.find(PersonRecord))
    assert [each.person_id for each in people] == [CHEN, "p-0002"]


async def test_a_table_with_a_row_that_is_refused_changes_nothing() -> None:
    served = await with_administrator()
    size = len(served.types())
    wrong = (
        a_row(4, "Auditor", roles=(Role.AUDITOR,)),
        a_row(5, "Somewhere", roles=(Role.OPERATOR,), lines=("line9",)),
    )
    with pytest.raises(NotImported) as refused:
        imported(served, LI, *wrong)
    assert [(row.row, why.code) for row, why in refused.value.refused] == [
        (4, "auditor_needs_end"),
        (5, "no_such_line"),
    ]
    assert len(served.types()) == size


async def test_a_name_of_several_takes_an_employee_number() -> None:
    served = await with_administrator()
    make_administrator(served, "Chen")
    with pytest.raises(NotImported) as refused:
        imported(served, a_row(2, "Chen"))
    assert refused.value.refused[0][1].code == "name_of_several"
    with pytest.raises(NotImported) as refused:
        imported(served, a_row(2, "Chen", employee_number="7"))
    assert refused.value.refused[0][1].code == "same_name"
    row = a_row(2, "Chen", employee_number="7")
    assert imported(served, row, same_name=True) == Imported(added=1)
    assert PersonId("p-0003") in {
        each.person_id for each in served.database.read_now(lambda r: r.find(PersonRecord))
    }


# An administrator who acts by the server is told of


async def test_an_administrator_with_an_end_is_one_beside_whom_the_next_is_told_of() -> None:
    """Else whoever has the server waits until the plant's administrators are made for a year each."""
    served = await Served.opened()
    end = served.clock.now() + timedelta(days=300)
    for name in ("Boss", "Mallory"):
        who = Newcomer(name=name, expires_at=end)

        def command(uow: UnitOfWork, who: Newcomer = who) -> None:
            known = add(uow, who)
            give_roles(uow, served.plant, known.person_id, (Role.ADMINISTRATOR,), lines=())

        served.database.write_now(command)
    assert alarms(served) == [AlarmKind.ADMINISTRATOR_ADDED]


def account_until(served: Served, person_id: str, hours: int) -> None:
    """Let the account of somebody have this end."""

    def command(uow: UnitOfWork) -> None:
        known = the_person(uow, person_id)
        name, end = kept_name(uow.names(), known.name), uow.now + timedelta(hours=hours)
        change(uow, known, Newcomer(name=name, expires_at=end))

    served.database.write_now(command)


def disabled_and_enabled(uow: UnitOfWork, person_id: PersonId) -> None:
    people.disable(uow, person_id, actor=SERVER)
    enable(uow, person_id)


@pytest.mark.parametrize("way", ["enable", "link", "change"])
async def test_an_administrator_who_comes_back_by_the_server_is_told_of(way: str) -> None:
    served = await with_administrator()
    operator = PersonId((await a_person(served, "Li", Role.OPERATOR)).id)
    second = PersonId((await a_person(served, "Second", Role.ADMINISTRATOR, line=None)).id)
    for who in (operator, second):
        if way == "change":
            account_until(served, who, hours=1)
            account_until(served, who, hours=2)  # they act already
            served.pass_time(7201)
        assert alarms(served) == []
        if way == "change":
            account_until(served, who, hours=9)
        else:
            back = disabled_and_enabled if way == "enable" else link_code
            served.database.write_now(lambda uow, back=back, who=who: back(uow, who))  # type: ignore[misc]  # because mypy has no type for a default of a lambda
    assert alarms(served) == [AlarmKind.ADMINISTRATOR_ADDED]
    (alarm,) = served.database.read_now(open_alarms)
    assert served.database.read_now(lambda reader: about_whom(reader, alarm)) == second


async def test_the_only_administrator_gets_a_link_in_quiet() -> None:
    served = await with_administrator()
    served.database.write_now(lambda uow: link_code(uow, CHEN))
    assert alarms(served) == []
