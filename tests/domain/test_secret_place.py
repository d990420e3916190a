"""Where a secret is found: a place, and never the secret (D24)."""

from dataclasses import fields

from redrabbit.domain.secret_place import SecretPlace


def test_a_place_is_a_file_or_a_variable_and_holds_nothing_else() -> None:
    assert [each.name for each in fields(SecretPlace)] == ["file", "env"]
    assert repr(SecretPlace(env="BROKER")) == "SecretPlace(file=None, env='BROKER')"
