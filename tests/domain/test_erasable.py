"""What can be erased leaves a digest that tells nothing (D12, D51)."""

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.erasable import (
    SALT_BYTES,
    StatedName,
    name_id,
    payload_digest,
    stands_for_a_name,
)

SALTS = st.binary(min_size=SALT_BYTES, max_size=SALT_BYTES)


@given(SALTS, st.binary(max_size=40))
def test_a_payloads_digest_can_be_made_with_other_peoples_tools(
    salt: bytes, payload: bytes
) -> None:
    assert payload_digest(salt, payload) == hashlib.sha256(salt + payload).hexdigest()


@given(SALTS, SALTS, st.binary(max_size=40))
def test_the_same_payload_under_another_salt_has_another_digest(
    salt: bytes, other: bytes, payload: bytes
) -> None:
    """So nobody can try payloads out until one fits."""
    assert (payload_digest(salt, payload) == payload_digest(other, payload)) is (salt == other)


@given(SALTS, st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
def test_a_stated_name_stands_behind_its_id(salt: bytes, name: str) -> None:
    stated = StatedName(name=name, salt=salt)
    assert stated.id == name_id(salt, name)
    assert stated.id == "name:" + hashlib.sha256(salt + name.encode()).hexdigest()[:32]
    assert stands_for_a_name(stated.id)


def test_the_same_person_at_two_plants_has_two_ids() -> None:
    assert name_id(bytes(16), "Anna Li") != name_id(bytes(15) + b"\x01", "Anna Li")
    assert name_id(bytes(16), "Anna Li") != name_id(bytes(16), "Anna Le")


def test_a_number_a_name_in_clear_and_the_software_stand_for_themselves() -> None:
    for actor in ("p-0042", "Anna Li", "agent", ""):
        assert not stands_for_a_name(actor)
