"""Challenge parts and good masters: where they are, and whether they may be used (R04, L5, L6)."""

from fastapi import APIRouter
from starlette.responses import Response

from redrabbit.domain import acts
from redrabbit.domain.identity import PartId
from redrabbit.domain.records import ApprovalRecord, ChallengePartRecord
from redrabbit.services.ports import Reader
from redrabbit.services.queries.people import Names, names_in
from redrabbit.web.api.approval_models import OF_REQUESTS, WAITS, waiting_answer
from redrabbit.web.api.doing import By, do
from redrabbit.web.api.models import ChallengePart, Page, model_of
from redrabbit.web.api.paging import Limit, part_of
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.requests import Act, WithReason
from redrabbit.web.api.values import IdCursor, Slug
from redrabbit.web.site import Site


def parts_router(site: Site) -> APIRouter:
    """Return the challenge parts, and what people decide about them."""
    router = APIRouter(tags=["challenge parts"])

    @router.get("/challenge-parts")
    async def list_challenge_parts(
        limit: Limit = 50, cursor: IdCursor = None
    ) -> Page[ChallengePart]:
        """Return the challenge parts and good masters."""

        def query(reader: Reader) -> Page[ChallengePart]:
            found, following = part_of(
                reader.find(ChallengePartRecord), _id_of, limit=limit, cursor=cursor
            )
            names = names_in(reader)
            return Page(items=[part_model(record, names) for record in found], next=following)

        return await site.service.read(query)

    @router.post("/challenge-parts/{part_id}/quarantine", openapi_extra=refuses("no_such_part"))
    async def quarantine_part(part_id: Slug, body: WithReason, by: By) -> ChallengePart:
        """Take a part out of use until it is released again."""
        act = acts.QuarantinePart(part_id=PartId(part_id), reason=body.reason)
        return part_model(*await do(site, body, act, by))

    @router.post(
        "/challenge-parts/{part_id}/release",
        response_model=ChallengePart,
        responses=WAITS,
        openapi_extra=refuses(
            *OF_REQUESTS,
            "same_person",
            "no_such_part",
            "part_already_released",
            "part_already_retired",
        ),
    )
    async def release_part(part_id: Slug, body: Act, by: By) -> ChallengePart | Response:
        """Release a part for use."""
        act = acts.ReleasePart(part_id=PartId(part_id))
        done, names = await do(site, body, act, by)
        if isinstance(done, ApprovalRecord):
            return await waiting_answer(site, done)
        return part_model(done, names)

    @router.post(
        "/challenge-parts/{part_id}/found",
        openapi_extra=refuses("no_such_part", "part_is_out", "part_not_missing"),
    )
    async def find_part(part_id: Slug, body: Act, by: By) -> ChallengePart:
        """Note that a missing part is back in its place."""
        act = acts.FindPart(part_id=PartId(part_id))
        return part_model(*await do(site, body, act, by))

    return router


def _id_of(record: ChallengePartRecord) -> str:
    return record.part_id


def part_model(record: ChallengePartRecord, names: Names) -> ChallengePart:
    """Return a part as programs read it."""
    return model_of(ChallengePart, record, names)
