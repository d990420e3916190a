"""Where somebody may do something: on the lines of their role, on all, or on none."""

from dataclasses import replace

from redrabbit.domain.acts import DeclarePause
from redrabbit.domain.ledger import PLANT_STREAM
from redrabbit.domain.role import Role
from redrabbit.services.askers import ANYBODY, Asker
from redrabbit.services.queries.own_lines import lines_where, roles_on
from tests.domain.people import NOW, grant, person, token
from tests.plants import LINE
from tests.services.test_permitting import OTHER_LINE, Desk

ALL = {None, LINE, OTHER_LINE}


def lines_of(desk: Desk, asker: Asker) -> frozenset[str | None]:
    return desk.database.read_now(
        lambda reader: lines_where(reader, desk.plant, asker, DeclarePause, NOW)
    )


def test_a_role_is_on_its_line_or_on_all() -> None:
    somebody = Asker(person=person(1))
    of_line = Desk(person(1), grant(1, 1, Role.SHIFT_LEADER, line=LINE))
    assert lines_of(of_line, somebody) == {LINE}
    assert lines_of(Desk(person(1), grant(1, 1, Role.SHIFT_LEADER)), somebody) == ALL
    assert lines_of(Desk(person(1), grant(1, 1, Role.OPERATOR)), somebody) == frozenset()


def test_where_nobody_is_known_and_for_a_program_the_command_decides() -> None:
    desk = Desk(person(1))
    program = replace(Asker(person=person(1)), token=token(1))
    for asker in (ANYBODY, Asker(), program):
        assert lines_of(desk, asker) == ALL
    found = desk.database.read_now(
        lambda reader: [roles_on(reader, one, NOW)(PLANT_STREAM) for one in (ANYBODY, program)]
    )
    assert found == [frozenset(Role), frozenset()]
