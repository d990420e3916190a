"""How many parts are suspect, and how far that can be trusted (D5, D6)."""

import pytest

from redrabbit.domain.suspect_window import SuspectParts, parts_between


@pytest.mark.parametrize(
    ("counter_from", "counter_to", "quantity", "is_lower_bound"),
    [
        pytest.param(1000, 1214, 214, False, id="counted between two good readings"),
        pytest.param(1000, 1000, 0, False, id="nothing was made in between"),
        pytest.param(1000, 40, 40, True, id="the counter was reset in the window"),
        pytest.param(None, 1214, 1214, True, id="no earlier good check"),
        pytest.param(1000, None, None, True, id="the counter can't be read"),
        pytest.param(None, None, None, True, id="the station counts nothing"),
    ],
)
def test_parts_between_two_readings(
    counter_from: int | None, counter_to: int | None, quantity: int | None, is_lower_bound: bool
) -> None:
    found = parts_between(counter_from, counter_to)
    assert found == SuspectParts(quantity=quantity, is_lower_bound=is_lower_bound)
