"""The digest of a set: the same for the same members, another for others, whatever the way to it (D26)."""

import hashlib
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.set_digest import LANES, STATE_BYTES, SetDigest

CONTENT = st.binary(max_size=40)


def by_lanes(members: list[bytes]) -> bytes:
    """Return what the definition gives: a sum of each lane, modulo 2 ** 16."""
    sums = [0] * LANES
    for member in members:
        spread = hashlib.shake_256(member).digest(STATE_BYTES)
        for lane in range(LANES):
            sums[lane] += int.from_bytes(spread[2 * lane : 2 * lane + 2], "little")
    return b"".join((each % 65536).to_bytes(2, "little") for each in sums)


def digest_of(members: list[bytes]) -> SetDigest:
    digest = SetDigest()
    for member in members:
        digest = digest.with_member(member)
    return digest


@given(st.lists(CONTENT, max_size=6))
def test_it_is_the_sum_of_each_lane(members: list[bytes]) -> None:
    assert digest_of(members).to_bytes() == by_lanes(members)


@given(st.lists(CONTENT, max_size=8), st.lists(CONTENT, max_size=8), st.randoms())
def test_the_way_to_a_set_does_not_matter(
    stays: list[bytes], goes: list[bytes], chance: Random
) -> None:
    steps = [*stays, *goes]
    chance.shuffle(steps)
    digest = digest_of(steps)
    chance.shuffle(goes)
    for member in goes:
        digest = digest.without_member(member)
    assert digest == digest_of(stays)


@given(st.lists(CONTENT, min_size=1, max_size=5), st.data())
def test_another_member_gives_another_digest(members: list[bytes], data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(members) - 1))
    other = data.draw(CONTENT.filter(lambda content: content != members[place]))
    changed = [*members[:place], other, *members[place + 1 :]]
    assert digest_of(changed).short != digest_of(members).short


def test_a_state_is_gone_on_with() -> None:
    digest = digest_of([b"a", b"b"])
    assert SetDigest.from_bytes(digest.to_bytes()) == digest
    assert SetDigest().to_bytes() == bytes(STATE_BYTES)
    with pytest.raises(ValueError, match="3 bytes"):
        SetDigest.from_bytes(b"abc")


def test_the_state_stays_what_it_is_for_ever() -> None:
    """What is written for ever: a change of this breaks every database."""
    assert digest_of([b"", b"red rabbit"]).short.hex() == (
        hashlib.sha256(by_lanes([b"", b"red rabbit"])).hexdigest()
    )
