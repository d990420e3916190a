"""What the pages of people and tokens show."""

from datetime import timedelta

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.badge import BadgeIssued
from redrabbit.domain.facts.token import Scope
from redrabbit.domain.identity import BadgeId, PersonId
from redrabbit.domain.role import Role
from redrabbit.services.queries.registered_people import (
    PersonPage,
    people_page,
    person_page,
    tokens_page,
)
from tests.services.test_sign_in import Plant


def page_of(plant: Plant, person: PersonId, session: str = "") -> PersonPage:
    now, known = plant.clock.now(), plant.showcase.plant
    return plant.showcase.ask(
        lambda reader: person_page(reader, known, person, now, session=session)
    )


def test_people_come_by_name_and_those_without_rights_last() -> None:
    plant = Plant()
    plant.people.register("Wang Wei", Role.OPERATOR, Role.SHIFT_LEADER, number="204711")
    plant.people.disable(plant.people.register("Bao"))
    later = plant.clock.now() + timedelta(seconds=1)
    plant.people.register("An", Role.AUDITOR, expires_at=later)
    plant.people.register("li na")
    plant.clock.jump(2)
    now = plant.clock.now()
    rows = plant.showcase.ask(lambda reader: people_page(reader, now)).people
    assert [(row.name, row.state) for row in rows] == [
        *(("li na", "active"), ("Wang Wei", "active"), ("An", "expired"), ("Bao", "disabled")),
    ]
    assert (rows[1].roles, rows[1].employee_number) == (
        (Role.OPERATOR, Role.SHIFT_LEADER),
        "204711",
    )
    assert rows[2].roles == ()


def test_the_list_says_where_and_until_when_each_role_is_held() -> None:
    """An account without an end hid that all its roles end."""
    plant = Plant()
    later = plant.clock.now() + timedelta(seconds=1)
    li_na = plant.people.register("Li Na", Role.OPERATOR, line="line1", until_at=later)
    plant.people.register("Wang Wei", Role.AUDITOR)
    now = plant.clock.now()
    rows = plant.showcase.ask(lambda reader: people_page(reader, now)).people
    assert [[(each.role, each.line, each.until_at) for each in row.held] for row in rows] == [
        [(Role.OPERATOR, "line1", later)],
        [(Role.AUDITOR, None, None)],
    ]
    assert [each.deputy_for for row in rows for each in row.held] == ["", ""]
    plant.clock.jump(2)
    assert page_of(plant, li_na).row.held == ()


def test_a_person_has_what_stands_for_them_now() -> None:
    plant = Plant()
    li_na = plant.people.register("Li Na", Role.OPERATOR, line="line1")
    plant.people.register("Other", Role.AUDITOR)
    badge = BadgeId("b" * 64)
    plant.people.tell(BadgeIssued(badge_id=badge, person_id=li_na, provisional_until=None))
    secret = plant.people.session(li_na)
    page = page_of(plant, li_na, plant.session(secret).digest)
    assert [(grant.role, grant.line, grant.is_in_force) for grant in page.grants] == [
        (Role.OPERATOR, "line1", True)
    ]
    assert [each.badge for each in page.badges] == [badge]
    assert [one.is_this for one in page.sessions] == [True]
    assert len(page.credentials) == 1
    assert Role.SERVICE not in page.roles


def test_a_role_that_has_ended_is_shown_no_more() -> None:
    plant = Plant()
    later = plant.clock.now() + timedelta(seconds=1)
    li_na = plant.people.register("Li Na", Role.OPERATOR, until_at=later)
    assert len(page_of(plant, li_na).grants) == 1
    plant.clock.jump(2)
    assert page_of(plant, li_na).grants == ()


def test_a_person_who_is_not_there_is_refused() -> None:
    with pytest.raises(Refusal, match="no_such_person"):
        page_of(Plant(), PersonId("p-0007"))


def test_tokens_tell_whether_they_still_hold() -> None:
    plant = Plant()
    owner, gone = plant.people.register("Li Na"), plant.people.register("Gone")
    plant.people.token(owner, [Scope.RUN, Scope.READ])
    plant.people.token(gone, [Scope.READ])
    plant.people.disable(gone)
    now, known = plant.clock.now(), plant.showcase.plant
    page = plant.showcase.ask(lambda reader: tokens_page(reader, known, now))
    assert [(row.owner_name, row.holds, row.scopes) for row in page.tokens] == [
        ("Li Na", True, (Scope.READ, Scope.RUN)),
        ("Gone", False, (Scope.READ,)),
    ]
    assert [row.name for row in page.owners] == ["Li Na"]
