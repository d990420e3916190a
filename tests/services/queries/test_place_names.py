"""Names of lines, stations and devices, also of those that the files no longer have (D14)."""

from redrabbit.services.queries.place_names import (
    failure_mode_name,
    known_check,
    line_name,
    place_today,
)
from tests.plants import TORQUE_CHECK, a_plant, words


def test_what_the_files_have_is_named_by_them() -> None:
    found = place_today(a_plant(), "line1", "op20", "op20-torque")
    assert (found.line, found.device) == (words("Line 1"), words("Torque lockout"))
    assert (found.station, found.operation) == ("op20", "OP20")


def test_what_was_retired_is_named_by_its_id() -> None:
    found = place_today(a_plant(), "line7", "op99", "op99-leak")
    assert (found.line, found.device) == (words("line7"), words("op99-leak"))
    assert (found.station, found.operation) == ("op99", "op99")


def test_words_of_lines_and_failure_modes_fall_back_to_their_ids() -> None:
    plant = a_plant()
    assert line_name(plant, "line1") == words("Line 1")
    assert failure_mode_name(plant, "torque_low") == words("Torque too low")
    assert failure_mode_name(plant, "gone") == words("gone")
    assert failure_mode_name(plant, None) is None


def test_a_retired_check_is_none() -> None:
    assert known_check(a_plant(), TORQUE_CHECK) is not None
    assert known_check(a_plant(), "gone") is None
