"""Signing over the real service: fresh re-authentication, the text that was shown, and what a change does to it (R20)."""

import asyncio
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.person import PersonLanguage
from redrabbit.domain.identity import Actor, How, PartId
from redrabbit.domain.reauthentication import FRESH, Reauthentication
from redrabbit.domain.records import ChallengePartRecord, SignatureRecord
from redrabbit.domain.role import Role
from redrabbit.domain.signing import Meaning, signable
from redrabbit.domain.subject import Subject
from redrabbit.services.ports import Reader
from redrabbit.services.queries.people import names_in
from redrabbit.services.queries.signatures import sign_page, signatures_of, text_signed
from redrabbit.services.queries.signed_text import digest_of_text, text_to_sign
from redrabbit.services.signables import leaf_of
from tests.services.people_served import a_person, refused, with_administrator
from tests.services.served import Served

PART = PartId("RR-0001")
BENT = acts.QuarantinePart(part_id=PART, reason="bent")


@dataclass
class Desk:
    """A served plant with a quality engineer, a shift leader and an operator."""

    served: Served
    wu: Actor
    lin: Actor
    chen: Actor

    @classmethod
    async def opened(cls) -> "Desk":
        served = await with_administrator()
        people = [
            await a_person(served, name, role)
            for name, role in (
                ("Wu", Role.QUALITY_ENGINEER),
                ("Lin", Role.SHIFT_LEADER),
                ("Chen Wei", Role.OPERATOR),
            )
        ]
        return cls(served, *people)

    def ask(self, query: Any) -> Any:
        return self.served.database.read_now(query)

    def shown(self, actor: Actor) -> Reauthentication:
        """Let somebody show now who they are."""
        clock = self.served.clock
        return Reauthentication(
            person_id=actor.id, how=actor.how, at=clock.now(), steady_s=clock.steady_s()
        )

    def to_sign(
        self,
        meaning: Meaning = Meaning.REVIEWED,
        subject: Subject = Subject.PART,
        subject_id: str = PART,
    ) -> acts.GiveSignature:
        """Return what somebody asks who has read the record as it stands now."""

        def read(reader: Reader) -> acts.GiveSignature:
            found = signable(reader.get, subject, subject_id)
            assert found is not None
            text = text_to_sign(reader, self.served.plant, found, "en")
            return acts.GiveSignature(
                entry=found.entry,
                leaf_hash=leaf_of(reader, found.entry),
                meaning=meaning,
                shown=digest_of_text(text),
                language=PersonLanguage.EN,
            )

        signed: acts.GiveSignature = self.ask(read)
        return signed

    async def sign(
        self,
        asked: acts.GiveSignature,
        actor: Actor,
        shown: Reauthentication | None,
        key: str | None = None,
    ) -> SignatureRecord:
        return await self.served.service.do(asked, actor, key, shown=shown)

    async def refused(
        self, asked: acts.GiveSignature, actor: Actor, shown: Reauthentication | None
    ) -> str:
        """Return with which code a signature is refused; nothing is written then."""
        size = len(self.served.types())
        with pytest.raises(Refusal) as refusal:
            await self.sign(asked, actor, shown)
        assert len(self.served.types()) == size
        return refusal.value.code


async def test_a_signature_says_who_when_in_which_meaning_and_keeps_the_text() -> None:
    desk = await Desk.opened()
    await desk.served.service.do(BENT, desk.chen)
    asked, shown = desk.to_sign(), desk.shown(desk.lin)
    desk.served.pass_time(20)
    kept = await desk.sign(asked, desk.lin, shown)
    assert (kept.signed_by, kept.signed_how, kept.meaning) == (
        desk.lin.id,
        desk.lin.how,
        "reviewed",
    )
    assert (kept.auth_at, kept.signed_at) == (shown.at, desk.served.clock.now())
    text = desk.ask(lambda reader: text_signed(reader, kept.shown))
    assert "RR-0001" in text
    assert "“bent”" in text
    assert f"{desk.chen.id} (badge and PIN)" in text
    assert "Chen" not in text  # a name can be erased, a text that was signed can't
    (shown_now,) = desk.ask(lambda r: signatures_of(r, names_in(r), Subject.PART, PART))
    assert (shown_now.by.name, shown_now.stands) == ("Lin", True)


async def test_a_change_takes_the_signature_away_and_leaves_it_visible() -> None:
    desk = await Desk.opened()
    await desk.served.service.do(BENT, desk.chen)
    await desk.sign(desk.to_sign(), desk.lin, desk.shown(desk.lin))
    await desk.served.service.do(acts.ReleasePart(part_id=PART), desk.wu)
    (one,) = desk.ask(lambda r: signatures_of(r, names_in(r), Subject.PART, PART))
    assert not one.stands
    old = replace(desk.to_sign(), entry=one.record.of_entry)
    assert await desk.refused(old, desk.wu, desk.shown(desk.wu)) == "record_changed"


async def test_nobody_signs_what_was_not_on_their_screen() -> None:
    desk = await Desk.opened()
    lin, shown = desk.lin, desk.shown(desk.lin)
    asked = desk.to_sign()
    assert await desk.refused(replace(asked, shown="0" * 64), lin, shown) == "shown_differs"
    other = replace(asked, language=PersonLanguage.ZH)
    assert await desk.refused(other, lin, shown) == "shown_differs"
    assert await desk.refused(replace(asked, leaf_hash="0" * 64), lin, shown) == "leaf_differs"
    assert await desk.refused(replace(asked, entry=0), lin, shown) == "nothing_to_sign"
    assert await desk.refused(replace(asked, entry=9999), lin, shown) == "no_such_entry"


async def test_nobody_signs_for_another_nor_without_a_right() -> None:
    desk = await Desk.opened()
    await desk.served.service.do(BENT, desk.chen)
    asked = desk.to_sign()
    assert await desk.refused(asked, desk.lin, desk.shown(desk.wu)) == "reauthentication_required"
    assert await desk.refused(asked, desk.chen, desk.shown(desk.chen)) == "not_permitted"
    badge = replace(desk.lin, how=How.BADGE)
    assert await desk.refused(asked, badge, desk.shown(badge)) == "proof_required"
    token = Actor(id=desk.wu.id, how=How.TOKEN, token="t-0001")
    assert await desk.refused(asked, token, desk.shown(token)) == "not_permitted"
    stated = Actor.stated("Lin")
    assert await desk.refused(asked, stated, desk.shown(stated)) == "person_required"


async def test_as_long_as_nobody_is_registered_nobody_signs() -> None:
    served = await Served.opened()
    desk = Desk(served, *[Actor.stated("Lin")] * 3)
    assert await desk.refused(desk.to_sign(), desk.lin, desk.shown(desk.lin)) == "person_required"


async def test_who_released_a_part_signs_so_and_another_approves() -> None:
    desk = await Desk.opened()
    second = await a_person(desk.served, "Zhao", Role.QUALITY_ENGINEER)
    await desk.served.service.do(BENT, desk.chen)
    await desk.served.service.do(acts.ReleasePart(part_id=PART), desk.wu)
    released, approved = desk.to_sign(Meaning.RELEASED), desk.to_sign(Meaning.APPROVED)
    assert await desk.refused(released, second, desk.shown(second)) == "signed_by_who_did_it"
    assert await desk.refused(approved, desk.wu, desk.shown(desk.wu)) == "signed_by_another"
    await desk.sign(released, desk.wu, desk.shown(desk.wu))
    await desk.sign(approved, second, desk.shown(second))
    assert await desk.refused(released, desk.wu, desk.shown(desk.wu)) == "signed_before"
    page = desk.ask(
        lambda r: sign_page(
            r,
            desk.served.plant,
            released.entry,
            None,
            language=PersonLanguage.ZH,
            now=desk.served.clock.now(),
        )
    )
    assert [one.record.meaning for one in page.signatures] == ["released", "approved"]
    assert page.meanings == ()


async def test_nobody_who_quarantined_a_part_looks_it_over_as_another() -> None:
    """Also who did so first, before somebody else quarantined it again."""
    desk = await Desk.opened()
    second = await a_person(desk.served, "Zhao", Role.QUALITY_ENGINEER)
    await desk.served.service.do(BENT, desk.wu)
    await desk.served.service.do(BENT, second)
    release = acts.ReleasePart(part_id=PART)
    for one in (desk.wu, second):
        assert await refused(desk.served, release, one) == "same_person"
        shown = desk.shown(one)
        assert await desk.refused(desk.to_sign(), one, shown) == "signed_by_another"
    await desk.sign(desk.to_sign(), desk.lin, desk.shown(desk.lin))


async def test_a_double_tap_is_one_signature() -> None:
    """D65: under its key, whatever the second tap has shown anew."""
    desk = await Desk.opened()
    asked = desk.to_sign()
    first = await desk.sign(asked, desk.lin, desk.shown(desk.lin), "key")
    desk.served.pass_time(1)
    assert await desk.sign(asked, desk.lin, desk.shown(desk.lin), "key") == first
    assert desk.served.types().count("signature_given") == 1


STEPS = st.lists(
    st.sampled_from(
        ["show", "sign", "wait", "wait long", "set back", "quarantine", "release", "read"]
    ),
    max_size=14,
)


@given(STEPS)
@settings(deadline=None, max_examples=40)
def test_no_signature_without_a_fresh_proof_nor_over_what_was_not_read(steps: list[str]) -> None:
    """No sequence of acts yields a signature that stands over a record that differs from what was signed."""
    asyncio.run(_no_signature_without(steps))


async def _no_signature_without(steps: list[str]) -> None:
    desk = await Desk.opened()
    zhao = await a_person(desk.served, "Zhao", Role.QUALITY_ENGINEER)
    desk.served.pass_time(900)  # so that a clock that is set back is not before their roles
    shown, shown_at, read = None, None, desk.to_sign()
    for step in steps:
        clock = desk.served.clock
        if step == "show":
            shown, shown_at = desk.shown(desk.lin), clock.steady_s()
        elif step == "read":
            read = desk.to_sign()
        elif step == "wait":
            desk.served.pass_time(20)
        elif step == "wait long":
            desk.served.pass_time(61)
        elif step == "set back":
            clock.step_wall(timedelta(seconds=-45))
            clock.reanchor()
        elif step == "sign":
            try:
                await desk.sign(read, desk.lin, shown)
            except Refusal:
                pass
            else:
                assert shown_at is not None
                assert 0 <= clock.steady_s() - shown_at <= FRESH.total_seconds()
                assert read == desk.to_sign()  # just what stood there
        else:
            act = BENT if step == "quarantine" else acts.ReleasePart(part_id=PART)
            try:
                await desk.served.service.do(act, desk.wu if step == "quarantine" else zhao)
            except Refusal:
                continue
        for one in desk.ask(lambda r: signatures_of(r, names_in(r), Subject.PART, PART)):
            if one.stands:
                text = desk.ask(lambda r: _text_now(r, desk))
                assert digest_of_text(text) == one.record.shown
                assert one.record.leaf_hash == desk.to_sign().leaf_hash


def _text_now(reader: Reader, desk: Desk) -> str:
    found = signable(reader.get, Subject.PART, PART)
    assert found is not None
    assert reader.get(ChallengePartRecord, PART) is not None
    return text_to_sign(reader, desk.served.plant, found, "en")
