"""What a plant decides about people where it says nothing."""

from redrabbit.domain.people_rules import USUAL_RULES, StatedNames


def test_a_stated_name_is_usually_allowed_at_stations() -> None:
    """D47."""
    assert USUAL_RULES.stated_names is StatedNames.AT_STATIONS
    assert {word.value for word in StatedNames} == {"at_stations", "never"}
