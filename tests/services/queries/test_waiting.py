"""What waits, and for whom: by the table of acts, on the line of each thing; nothing is left out for anybody."""

import pytest

from redrabbit.domain.role import Role
from redrabbit.services.queries.waiting import Kind, RolesOn, WaitsFor, what_waits
from tests.showcase_story import OPEN_CASE, Showcase

ALL = frozenset(Role)
NONE: frozenset[Role] = frozenset()


def waits(showcase: Showcase, roles: RolesOn) -> tuple[WaitsFor, ...]:
    now = showcase.clock.now()
    return showcase.ask(lambda r: what_waits(r, showcase.plant, None, roles, now))


def mine(found: tuple[WaitsFor, ...]) -> set[Kind]:
    return {each.kind for each in found if each.is_mine}


def counted(found: tuple[WaitsFor, ...], kind: Kind) -> int:
    return sum(int(str(each.words.params["n"])) for each in found if each.kind is kind)


@pytest.mark.parametrize(
    ("role", "kinds"),
    [
        (Role.AUDITOR, set()),
        (Role.OPERATOR, {Kind.CASE, Kind.OVERDUE, Kind.ALARMS, Kind.NOT_DELIVERED}),
        (Role.PARTS_KEEPER, {Kind.ALARMS, Kind.NOT_DELIVERED, Kind.PARTS_EXPIRE}),
        (
            Role.QUALITY_ENGINEER,
            {
                *(Kind.CASE, Kind.OVERDUE, Kind.ALARMS, Kind.NOT_DELIVERED),
                *(Kind.LAPSES, Kind.PARTS_EXPIRE, Kind.PLAN),
            },
        ),
    ],
)
def test_each_role_has_what_it_may_do(showcase: Showcase, role: Role, kinds: set[Kind]) -> None:
    found = waits(showcase, lambda _line: frozenset({role}))
    assert mine(found) == kinds
    assert {each.kind for each in found} == mine(waits(showcase, lambda _line: ALL))


def test_a_line_divides_and_loses_nothing(showcase: Showcase) -> None:
    every = waits(showcase, lambda _line: ALL)
    some = waits(showcase, lambda line: ALL if line == "line2" else NONE)
    for kind in (Kind.OVERDUE, Kind.ALARMS, Kind.LAPSES):
        assert counted(some, kind) == counted(every, kind) > 0
    (case,) = [each for each in some if each.kind is Kind.CASE]
    assert (case.href, case.is_mine) == (f"/containments/{OPEN_CASE}", True)
    assert Kind.PLAN not in mine(some), "the plan belongs to no line"


def test_the_gravest_comes_first(showcase: Showcase) -> None:
    order = list(Kind)
    kinds = [order.index(each.kind) for each in waits(showcase, lambda _line: ALL)]
    assert kinds == sorted(kinds)
