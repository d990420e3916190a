"""The signatures of a record as pages and programs read them (R20)."""

import pytest

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.records import PersonRecord
from redrabbit.domain.signing import Meaning
from redrabbit.domain.subject import Subject
from redrabbit.services.queries.people import names_in
from redrabbit.services.queries.signatures import (
    entry_to_sign,
    sign_page,
    signatures_of,
    some_signatures,
    text_signed,
)
from tests.services.test_signing import BENT, PART, Desk


async def test_whoever_asks_is_told_what_is_theirs_to_sign() -> None:
    desk = await Desk.opened()
    await desk.served.service.do(BENT, desk.chen)
    await desk.served.service.do(acts.ReleasePart(part_id=PART), desk.wu)
    entry = desk.ask(lambda reader: entry_to_sign(reader, Subject.PART, PART))

    def meanings(person_id: str) -> tuple[Meaning, ...]:
        now, plant = desk.served.clock.now(), desk.served.plant
        found: tuple[Meaning, ...] = desk.ask(
            lambda reader: (
                sign_page(
                    reader,
                    plant,
                    entry,
                    reader.get(PersonRecord, person_id),
                    language=PersonLanguage.EN,
                    now=now,
                ).meanings
            )
        )
        return found

    assert meanings(desk.wu.id) == (Meaning.RELEASED,)
    assert meanings(desk.lin.id) == (Meaning.REVIEWED,)
    assert meanings(desk.chen.id) == ()
    await desk.sign(desk.to_sign(Meaning.RELEASED), desk.wu, desk.shown(desk.wu))
    assert meanings(desk.wu.id) == ()  # given already


async def test_signatures_come_in_the_order_in_which_they_were_given() -> None:
    desk = await Desk.opened()
    await desk.sign(desk.to_sign(), desk.wu, desk.shown(desk.wu))
    await desk.sign(desk.to_sign(), desk.lin, desk.shown(desk.lin))

    def names(first: int = 0, limit: int = 9, *, all_of_them: bool = False) -> list[object]:
        entry = None if all_of_them else desk.to_sign().entry
        found: list[object] = desk.ask(
            lambda r: [
                one.by.name
                for one in some_signatures(r, names_in(r), entry=entry, first=first, limit=limit)
            ]
        )
        return found

    for all_of_them in (False, True):
        assert names(all_of_them=all_of_them) == ["Wu", "Lin"]
        assert names(limit=1, all_of_them=all_of_them) == ["Wu"]
        last = len(desk.served.types()) - 1
        assert names(first=last, all_of_them=all_of_them) == ["Lin"]
    assert desk.ask(lambda r: some_signatures(r, names_in(r), entry=0, first=0, limit=9)) == ()


async def test_what_is_not_there_has_neither_signature_nor_text() -> None:
    desk = await Desk.opened()
    assert desk.ask(lambda r: signatures_of(r, names_in(r), Subject.RUN, "line1-R-9")) == ()
    assert desk.ask(lambda r: entry_to_sign(r, Subject.RUN, "line1-R-9")) is None
    with pytest.raises(Refusal, match="no_such_text"):
        desk.ask(lambda reader: text_signed(reader, "0" * 64))
