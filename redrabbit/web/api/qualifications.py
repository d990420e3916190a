"""Qualifications for programs: for what somebody was trained, and until when (R19)."""

from typing import Final

from fastapi import APIRouter

from redrabbit.domain.identity import PersonId, QualificationId
from redrabbit.domain.people_acts import RecordQualification, WithdrawQualification
from redrabbit.domain.records import QualificationRecord
from redrabbit.services.queries.people import names_in
from redrabbit.services.queries.qualifications import qualification_row
from redrabbit.web.api.doing import By, done
from redrabbit.web.api.people_models import NewQualification, Qualification
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.values import Slug
from redrabbit.web.site import Site

OF_QUALIFICATIONS: Final = (
    "end_is_past",
    "instant_out_of_range",
    "no_such_person",
    "own_grant",
    "person_disabled",
    "qualified_for_nothing_known",
    "qualified_for_one_thing",
)


def qualifications_router(site: Site) -> APIRouter:
    """Return how qualifications are recorded and withdrawn; a person's are read with the person.

    Each answer is the qualification alone: quality engineers record them, and don't read what else is kept of people.
    """
    router = APIRouter(tags=["people"])

    @router.post(
        "/people/{person_id}/qualifications",
        status_code=201,
        openapi_extra=refuses(*OF_QUALIFICATIONS),
    )
    async def record_qualification(
        person_id: Slug, body: NewQualification, by: By
    ) -> Qualification:
        """Say that somebody else was trained for one of: a station, a device, a check."""
        act = RecordQualification(
            person_id=PersonId(person_id),
            station=body.station,
            device=body.device,
            check_id=body.check_id,
            valid_until=body.valid_until,
        )
        return await _told(site, await done(site, act, by))

    @router.delete(
        "/people/{person_id}/qualifications/{qualification_id}",
        openapi_extra=refuses("no_such_qualification"),
    )
    async def withdraw_qualification(
        person_id: Slug, qualification_id: Slug, by: By
    ) -> Qualification:
        """Say that a qualification counts no longer; it is answered as it was."""
        act = WithdrawQualification(
            person_id=PersonId(person_id), qualification_id=QualificationId(qualification_id)
        )
        return await _told(site, await done(site, act, by))

    return router


async def _told(site: Site, held: QualificationRecord) -> Qualification:
    names, now = await site.service.read(names_in), site.clock.now()
    return Qualification.model_validate(qualification_row(held, names, now))
