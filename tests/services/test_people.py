"""People are made known, changed, disabled and enabled; the plant never loses its last administrator."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from redrabbit.domain.facts.person import PersonKind, PersonLanguage
from redrabbit.domain.identity import How, LineId, PersonId
from redrabbit.domain.people_acts import (
    ChangePerson,
    DisablePerson,
    EnablePerson,
    GrantRole,
    RegisterPerson,
)
from redrabbit.domain.records import PersonRecord
from redrabbit.domain.role import Role
from redrabbit.services.queries.people import Names, names_in, person
from tests.plants import BEGIN, LINE
from tests.services.people_served import (
    ADMINISTRATOR,
    CHEN,
    a_person,
    named,
    refused,
    with_administrator,
)
from tests.services.served import ANNA, Served


def register(served: Served, name: str = "李娜", number: str | None = None) -> RegisterPerson:
    return RegisterPerson(
        name=named(served, name),
        language=PersonLanguage.ZH,
        employee_number=None if number is None else named(served, number),
        kind=PersonKind.PERSON,
        expires_at=None,
    )


def anew(known: PersonRecord) -> ChangePerson:
    return ChangePerson(
        person_id=known.person_id,
        name=known.name,
        language=known.language,
        employee_number=known.employee_number,
        kind=known.kind,
        expires_at=known.expires_at,
    )


async def test_people_are_numbered_and_named_by_what_they_were_called_then() -> None:
    served = await with_administrator()
    known = await served.service.do(register(served, number="2207"), ADMINISTRATOR)
    assert (known.person_id, known.language) == ("p-0002", PersonLanguage.ZH)
    assert (known.registered_by, known.registered_how) == (CHEN, How.PASSWORD)
    names = served.database.read_now(names_in)
    then = known.registered_entry
    shown = person(names, known.person_id, How.BADGE, then)
    assert (shown.name, shown.in_sentence, shown.is_verified) == ("李娜", "李娜", True)
    married = replace(anew(known), name=named(served, "王娜"))
    await served.service.do(married, ADMINISTRATOR)
    names = served.database.read_now(names_in)
    assert person(names, known.person_id, How.BADGE, then).name == "李娜"
    assert person(names, known.person_id, How.BADGE, then + 1).name == "王娜"


async def test_somebody_whose_name_was_erased_is_shown_by_their_number() -> None:
    """D51."""
    served = await with_administrator()
    assert person(Names(), CHEN, How.PASSWORD, 0).name == CHEN
    assert person(served.database.read_now(names_in), CHEN, How.PASSWORD, 0).name == "Chen"


async def test_an_employee_number_is_one_persons() -> None:
    served = await with_administrator()
    first = await served.service.do(register(served, "A", "2207"), ADMINISTRATOR)
    await served.service.do(DisablePerson(person_id=first.person_id), ADMINISTRATOR)
    assert await refused(served, register(served, "B", "2207")) == "employee_number_taken"
    second = await served.service.do(register(served, "B", "2208"), ADMINISTRATOR)
    taken = replace(anew(second), employee_number=first.employee_number)
    assert await refused(served, taken) == "employee_number_taken"
    await served.service.do(replace(anew(second), language=None), ADMINISTRATOR)


@pytest.mark.parametrize("written", ["e-1", "\uff25-1", "E\uff0d1", "E\u20101", "E- 1"])
async def test_an_employee_number_that_reads_alike_is_the_same_one(written: str) -> None:
    """Else two people had one number, and neither signed in by it any more."""
    served = await with_administrator()
    first = await served.service.do(register(served, "A", "E-1"), ADMINISTRATOR)
    second = await served.service.do(register(served, "B", "E-2"), ADMINISTRATOR)
    assert await refused(served, register(served, "C", written)) == "employee_number_taken"
    taken = replace(anew(second), employee_number=named(served, written))
    assert await refused(served, taken) == "employee_number_taken"
    own = replace(anew(first), employee_number=named(served, written))
    await served.service.do(own, ADMINISTRATOR)


async def test_nobody_is_called_by_the_number_of_another() -> None:
    """Neither by a badge that is taught in: who reads it, or signs in by it, means the other one."""
    served = await with_administrator()
    first = await served.service.do(register(served, "A", "2207"), ADMINISTRATOR)
    assert await refused(served, register(served, "2207")) == "name_is_a_number"
    assert await refused(served, register(served, "B", "Chen")) == "name_is_a_number"
    assert await refused(served, register(served, "\uff12\uff12\uff10\uff17")) == "name_is_a_number"
    assert await refused(served, register(served, "B", "CHEN")) == "name_is_a_number"
    second = await served.service.do(register(served, "B", "e2208"), ADMINISTRATOR)
    assert await refused(served, register(served, "C", "\uff42")) == "name_is_a_number"
    assert await refused(served, register(served, "E2208")) == "name_is_a_number"
    taken = replace(anew(second), name=named(served, "2207"))
    assert await refused(served, taken) == "name_is_a_number"
    await served.service.do(replace(anew(first), name=named(served, "2207")), ADMINISTRATOR)


async def test_an_end_of_an_account_is_to_come() -> None:
    served = await with_administrator()
    ask = register(served)
    assert await refused(served, replace(ask, expires_at=BEGIN)) == "end_is_past"
    far = datetime(2101, 1, 1, tzinfo=UTC)
    assert await refused(served, replace(ask, expires_at=far)) == "instant_out_of_range"
    week = BEGIN + timedelta(days=7)
    known = await served.service.do(replace(ask, expires_at=week), ADMINISTRATOR)
    served.pass_time(8 * 86400)
    await served.service.do(
        replace(anew(known), language=None), ADMINISTRATOR
    )  # it stays as it was


async def test_who_is_disabled_may_nothing_until_enabled_again() -> None:
    served = await with_administrator()
    li = await a_person(served, "Li", Role.ADMINISTRATOR, line=None)
    disable = DisablePerson(person_id=PersonId(li.id))
    enable = EnablePerson(person_id=PersonId(li.id))
    assert await refused(served, enable) == "person_not_disabled"
    await served.service.do(disable, ADMINISTRATOR)
    assert await refused(served, register(served), li) == "not_permitted"
    assert await refused(served, disable) == "person_disabled"
    await served.service.do(enable, ADMINISTRATOR)
    await served.service.do(register(served), li)


async def test_the_last_administrator_is_neither_disabled_nor_given_an_end() -> None:
    """K12."""
    served = await with_administrator()
    chen = served.database.read_now(lambda reader: reader.get(PersonRecord, CHEN))
    assert chen is not None
    ends = replace(anew(chen), expires_at=BEGIN + timedelta(days=30))
    assert await refused(served, DisablePerson(person_id=CHEN)) == "last_administrator"
    assert await refused(served, ends) == "last_administrator"
    li = await a_person(served, "Li", Role.ADMINISTRATOR, line=None)
    await served.service.do(DisablePerson(person_id=CHEN), li)
    assert await refused(served, DisablePerson(person_id=PersonId(li.id)), li) == (
        "last_administrator"
    )


async def test_who_is_unknown_is_named_so() -> None:
    served = await with_administrator()
    nobody = PersonId("p-0099")
    for act in (
        DisablePerson(person_id=nobody),
        EnablePerson(person_id=nobody),
        GrantRole(person_id=nobody, role=Role.OPERATOR, line=LINE),
    ):
        assert await refused(served, act) == "no_such_person"


async def test_an_auditor_keeps_an_end_that_is_near() -> None:
    """K12: 90 days at most."""
    served = await with_administrator()
    ask = replace(register(served), expires_at=BEGIN + timedelta(days=80))
    auditor = await served.service.do(ask, ADMINISTRATOR)
    given = GrantRole(person_id=auditor.person_id, role=Role.AUDITOR, line=None)
    await served.service.do(given, ADMINISTRATOR)
    for later in (None, BEGIN + timedelta(days=91)):
        assert await refused(served, replace(anew(auditor), expires_at=later)) == (
            "auditor_needs_end"
        )
    sooner = replace(anew(auditor), expires_at=BEGIN + timedelta(days=10))
    await served.service.do(sooner, ADMINISTRATOR)


@pytest.mark.parametrize("line", [None, LINE])
async def test_somebody_who_will_be_an_auditor_keeps_an_end_that_is_near(
    line: LineId | None,
) -> None:
    """The grant was looked at, the account then given no end, and the auditor stayed for good once it began."""
    served = await with_administrator()
    ask = replace(register(served), expires_at=BEGIN + timedelta(days=80))
    auditor = await served.service.do(ask, ADMINISTRATOR)
    begins = BEGIN + timedelta(days=30)
    given = GrantRole(
        person_id=auditor.person_id,
        role=Role.AUDITOR,
        line=line,
        from_at=begins,
        until_at=begins + timedelta(days=10),
    )
    await served.service.do(given, ADMINISTRATOR)
    without_end = replace(anew(auditor), expires_at=None)
    assert await refused(served, without_end) == "auditor_needs_end"
    served.clock.advance_to(served.clock.steady + timedelta(days=40))
    assert (await served.service.do(without_end, ADMINISTRATOR)).expires_at is None


async def test_nobody_is_registered_in_a_stated_name() -> None:
    served = await Served.opened()
    assert await refused(served, register(served), ANNA) == "person_required"


async def test_a_second_person_of_a_name_is_known_to_be_one() -> None:
    served = await with_administrator()
    first = await served.service.do(register(served, "Li Na"), ADMINISTRATOR)
    again = register(served, "li  na")
    assert await refused(served, again) == "same_name"
    await served.service.do(DisablePerson(person_id=first.person_id), ADMINISTRATOR)
    assert await refused(served, again) == "same_name"  # who left may have come back
    second = await served.service.do(replace(again, same_name=True), ADMINISTRATOR)
    other = await served.service.do(register(served, "Wang"), ADMINISTRATOR)
    renamed = replace(anew(other), name=first.name)
    assert await refused(served, renamed) == "same_name"
    await served.service.do(replace(renamed, same_name=True), ADMINISTRATOR)
    number = replace(anew(second), employee_number=named(served, "2207"))
    await served.service.do(number, ADMINISTRATOR)  # the name stays: nobody is asked again
