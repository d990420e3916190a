"""A way to a person: what is one, and how little of it is shown (D23, D51)."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import How, is_a_person
from redrabbit.domain.way import (
    MOST_CHARACTERS,
    Way,
    WayKind,
    address_of,
    number_of_way,
    person_of_way,
    shown_of,
    way_id,
)

SECRET = "tgram://123456789:abcdefg_hijklmnop/12315544"


@pytest.mark.parametrize(
    ("kind", "said", "kept"),
    [
        (WayKind.MAIL, " li.na+rr@plant.example ", "li.na+rr@plant.example"),
        (WayKind.APPRISE, f"{SECRET}\n", SECRET),
    ],
)
def test_an_address_is_kept_as_it_is_said(kind: WayKind, said: str, kept: str) -> None:
    assert address_of(kind, said) == kept


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (WayKind.MAIL, ""),
        (WayKind.MAIL, "li na@plant.example"),
        (WayKind.MAIL, "a@b,c@d"),
        (WayKind.MAIL, "a&bcc=c@d"),
        (WayKind.APPRISE, "plant.example"),
        (WayKind.APPRISE, "tgram://1 2"),
        (WayKind.APPRISE, "tgram://" + "a" * MOST_CHARACTERS),
    ],
)
def test_what_is_no_address_is_refused_without_being_shown(kind: WayKind, said: str) -> None:
    with pytest.raises(Refusal) as refused:
        address_of(kind, said)
    assert (refused.value.code, refused.value.params) == ("way_unreadable", {"kind": kind.value})


def test_it_is_never_shown_whole() -> None:
    assert shown_of(WayKind.MAIL, "li.na@plant.example") == "l…@plant.example"
    assert shown_of(WayKind.APPRISE, SECRET) == "tgram://…"
    way = Way(
        way_id="p-0001:1",
        person_id="p-0001",
        kind=WayKind.APPRISE,
        address=SECRET,
        set_at=datetime(2026, 1, 1, tzinfo=UTC),
        set_by="p-0001",
        set_how=How.PASSWORD,
    )
    assert way.shown == "tgram://…"
    assert replace(way, kind=WayKind.MAIL, address="a@b.cn").shown == "a…@b.cn"


@given(st.integers(1, 10_000), st.integers(1, 99))
def test_its_id_says_whose_it_is(person: int, number: int) -> None:
    person_id = f"p-{person:04d}"
    assert person_of_way(way_id(person_id, number)) == person_id
    assert number_of_way(way_id(person_id, number)) == number


@given(st.text(max_size=20))
def test_no_other_text_is_one(text: str) -> None:
    owner = person_of_way(text)
    assert owner is None or (is_a_person(owner) and text.startswith(f"{owner}:"))
    assert person_of_way(text.replace(":", "")) is None
