"""Challenge parts and good masters: where they are, and whether they may be used (R04, L5, L6)."""

from fastapi import APIRouter

from redrabbit.domain import acts
from redrabbit.domain.identity import PartId
from redrabbit.domain.records import ChallengePartRecord
from redrabbit.services.ports import Reader
from redrabbit.services.queries.people import Names
from redrabbit.web.api.doing import do
from redrabbit.web.api.models import ChallengePart, model_of
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.requests import Act, WithReason
from redrabbit.web.api.values import Key, Slug
from redrabbit.web.site import Site


def parts_router(site: Site) -> APIRouter:
    """Return the challenge parts, and what people decide about them."""
    router = APIRouter(tags=["challenge parts"])

    def all_parts(reader: Reader) -> list[ChallengePart]:
        names = reader.names()
        return [part_model(record, names) for record in reader.find(ChallengePartRecord)]

    @router.get("/challenge-parts")
    async def list_challenge_parts() -> list[ChallengePart]:
        """Return every challenge part and good master."""
        return await site.service.read(all_parts)

    @router.post("/challenge-parts/{part_id}/quarantine", openapi_extra=refuses("no_such_part"))
    async def quarantine_part(part_id: Slug, body: WithReason, key: Key = None) -> ChallengePart:
        """Take a part out of use until it is released again."""
        act = acts.QuarantinePart(part_id=PartId(part_id), reason=body.reason)
        return part_model(*await do(site, body, act, key))

    @router.post(
        "/challenge-parts/{part_id}/release",
        openapi_extra=refuses("no_such_part", "part_already_released", "part_already_retired"),
    )
    async def release_part(part_id: Slug, body: Act, key: Key = None) -> ChallengePart:
        """Release a part for use."""
        act = acts.ReleasePart(part_id=PartId(part_id))
        return part_model(*await do(site, body, act, key))

    @router.post(
        "/challenge-parts/{part_id}/found",
        openapi_extra=refuses("no_such_part", "part_is_out", "part_not_missing"),
    )
    async def find_part(part_id: Slug, body: Act, key: Key = None) -> ChallengePart:
        """Note that a missing part is back in its place."""
        act = acts.FindPart(part_id=PartId(part_id))
        return part_model(*await do(site, body, act, key))

    return router


def part_model(record: ChallengePartRecord, names: Names) -> ChallengePart:
    """Return a part as programs read it."""
    return model_of(ChallengePart, record, names)
