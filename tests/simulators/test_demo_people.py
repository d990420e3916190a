"""The demo's people: known by what is made anew each time, and by nothing that stands in the code."""

import stat
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from redrabbit.demo_people import FILE, keep, register, sign_in_words, things_carried
from redrabbit.domain.badge_code import badge_id
from redrabbit.domain.records import BadgeRecord, PersonRecord, RoleGrantRecord
from redrabbit.domain.role import Role
from simulators.api_operator import Product
from simulators.scenarios.demo import people
from simulators.scenarios.demo.people import Carried, at_work
from simulators.scenarios.demo.story import PEOPLE
from tests.people import BADGE_KEY
from tests.web.conftest import Visitor

BASE = "http://127.0.0.1:8080"


@pytest.fixture
def carried(visitor: Visitor) -> dict[str, Carried]:
    """Everybody, registered at a plant that is served."""
    made, links = things_carried(), dict[str, str]()
    visitor.let(
        visitor.plant.write(
            lambda uow: links.update(
                register(uow, visitor.plant.plant, made, lambda code: badge_id(BADGE_KEY, code))
            )
        )
    )
    visitor.plant.agent.note_commit()
    return {
        name: replace(has, link=f"/welcome/{links[name]}") if name in links else has
        for name, has in made.items()
    }


def test_everybody_is_registered_with_their_role_and_a_badge(
    visitor: Visitor, carried: dict[str, Carried]
) -> None:
    assert set(carried) == {person.name for person in PEOPLE}
    found = visitor.plant.ask(lambda reader: reader.find(PersonRecord))
    assert len(found) == len(PEOPLE)
    granted = {one.role for one in visitor.plant.ask(lambda reader: reader.find(RoleGrantRecord))}
    assert granted == set(Role) - {Role.SERVICE}
    badges = visitor.plant.ask(lambda reader: reader.find(BadgeRecord))
    assert {badge.person_id for badge in badges} == {person.person_id for person in found}
    ending = [person.expires_at for person in found if person.expires_at is not None]
    assert len(ending) == 1  # the auditor's
    assert ending[0] < visitor.clock.now() + timedelta(days=90)


def test_everybody_in_the_office_signs_in_and_operators_by_their_badge(
    visitor: Visitor, carried: dict[str, Carried], monkeypatch: pytest.MonkeyPatch
) -> None:
    def new_client(base_url: str, *, token: str | None = None) -> httpx2.AsyncClient:
        headers = {"origin": BASE} if token is None else {"authorization": f"Bearer {token}"}
        transport = httpx2.ASGITransport(app=visitor.client.app)
        return httpx2.AsyncClient(transport=transport, base_url=base_url, headers=headers)

    monkeypatch.setattr(people, "new_client", new_client)

    async def day() -> list[str]:
        async with at_work(BASE, visitor.clock, carried, {"line1-op20": "Wang Lei"}) as floor:
            await floor.office.all_come()
            assert isinstance(floor.product, Product)
            assert await floor.product.occurrences("line1-op20") == []
            quality = await floor.office.quality
            return list((await quality.read("/me"))["roles"])

    assert visitor.let(day()) == ["quality_engineer"]
    there = visitor.plant.ask(lambda reader: reader.names())
    assert {"Wang Lei", "Liu Yang"} <= {known.name for known in there.values()}
    for person in PEOPLE:
        if password := carried[person.name].password:
            answer = visitor.client.post(
                "/api/v1/session",
                json={"name": person.number, "password": password},
                headers={"origin": BASE},
            )
            assert answer.status_code == 201, person
            assert answer.json()["roles"] == [person.role]


def test_no_two_tellings_are_known_by_the_same() -> None:
    first, second = things_carried(), things_carried()
    for name in first:
        if first[name].password:
            assert first[name].password != second[name].password
    badges = [[has.badge for has in made.values()] for made in (first, second)]
    assert len(set(badges[0])) == len(PEOPLE)
    assert badges[0] != badges[1]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_how_one_signs_in_is_told_and_kept_for_its_owner(tmp_path: Path, language: str) -> None:
    made = things_carried()
    words = sign_in_words(BASE, made, language, tmp_path / FILE)
    for _ in range(2):
        keep(tmp_path / FILE, words)
    kept = (tmp_path / FILE).read_text(encoding="utf-8")
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert kept.splitlines() == list(words)
    for has in made.values():
        assert str(has.badge) in kept
        assert has.password in kept
    assert ("审核员" in kept) is (language == "zh")
    assert ("second browser" in kept) is (language == "en")
