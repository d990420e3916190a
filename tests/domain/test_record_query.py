"""Conditions are values: what is asked can be read, compared and kept."""

from redrabbit.domain.record_query import Where, equals


def test_the_commonest_condition_is_that_a_field_equals_a_value() -> None:
    assert equals("state", "open") == Where("state", "=", "open")
