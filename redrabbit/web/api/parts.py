"""Challenge parts and good masters: where they are, and whether they may be used (R04, L5, L6)."""

from fastapi import APIRouter

from redrabbit.domain.identity import PartId
from redrabbit.domain.records import ChallengePartRecord
from redrabbit.web.api.models import ChallengePart
from redrabbit.web.api.problems import ALWAYS, FOR_ACTS, FOR_NEW
from redrabbit.web.api.requests import Act, WithReason
from redrabbit.web.api.values import Slug
from redrabbit.web.site import Site


def parts_router(site: Site) -> APIRouter:
    """Return the challenge parts, and what people decide about them."""
    router = APIRouter(tags=["challenge parts"], responses=ALWAYS)
    service = site.service

    @router.get("/challenge-parts")
    async def list_challenge_parts() -> list[ChallengePart]:
        """Return every challenge part and good master."""
        found = await service.read(lambda reader: reader.find(ChallengePartRecord))
        return [ChallengePart.model_validate(record) for record in found]

    @router.post("/challenge-parts/{part_id}/quarantine", responses=FOR_NEW)
    async def quarantine_part(part_id: Slug, body: WithReason) -> ChallengePart:
        """Take a part out of use until it is released again."""
        record = await service.quarantine(PartId(part_id), reason=body.reason, actor=body.actor)
        return ChallengePart.model_validate(record)

    @router.post("/challenge-parts/{part_id}/release", responses=FOR_ACTS)
    async def release_part(part_id: Slug, body: Act) -> ChallengePart:
        """Release a part for use."""
        record = await service.release(PartId(part_id), actor=body.actor)
        return ChallengePart.model_validate(record)

    @router.post("/challenge-parts/{part_id}/found", responses=FOR_ACTS)
    async def find_part(part_id: Slug, body: Act) -> ChallengePart:
        """Note that a missing part is back in its place (L5)."""
        record = await service.found_again(PartId(part_id), actor=body.actor)
        return ChallengePart.model_validate(record)

    return router
