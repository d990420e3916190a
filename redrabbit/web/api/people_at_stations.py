"""People at stations, and the screens that stand there: badges, PINs, and codes to enrol a tablet (D45, B28)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import How, StationId
from redrabbit.domain.one_time_code import LASTS, CodePurpose
from redrabbit.domain.people_acts import EnrolScreen
from redrabbit.services.askers import Asker
from redrabbit.services.enrolling import CHARACTERS, enrol, make_code
from redrabbit.web.api.models import Model
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.requests import Act
from redrabbit.web.api.session import OF_PASSWORDS
from redrabbit.web.api.values import Code, Slug
from redrabbit.web.pages.enrolment import keep_screen
from redrabbit.web.pages.people_at_station import own_station
from redrabbit.web.site import Site
from redrabbit.web.visitor import actor, asker_at, identify_again, place_of

OF_SCREENS = ("no_own_screen", "no_such_station", "other_station")


class BadgeScanned(Model):
    """A badge that was scanned at a station's own screen."""

    code: Code


class PinGiven(Model):
    """The PIN of who is there."""

    pin: str = Field(min_length=1, max_length=12)


class PersonThere(Model):
    """Who is at a station."""

    person: str
    name: str
    how: How = Field(description="`badge`, `taught_in` or `badge_pin`.")
    came_at: datetime
    run: str | None = Field(
        description="The run that they are at, until it is closed; null: they are asked anew after five minutes."
    )


class EnrolmentCode(Model):
    """A code that makes one screen a station's own."""

    code: str = Field(examples=["K7RM2XQ9"])
    expires_at: datetime


class Enrolment(Model):
    """A screen that shows its code."""

    code: Annotated[str, Field(min_length=CHARACTERS, max_length=20)]
    name: Annotated[str, Field(min_length=1, max_length=60, examples=["tablet left"])]


class Enrolled(Model):
    """A screen that is a station's own now; the answer brings its cookie."""

    screen: str
    station: str
    name: str


def people_at_stations_router(site: Site) -> APIRouter:
    """Return who is at stations, and how screens are enrolled."""
    router = APIRouter(tags=["people"])

    @router.post(
        "/stations/{station_id}/badge",
        openapi_extra=refuses(
            *OF_SCREENS, "badge_unknown", "nothing_scanned", "scan_is_no_badge", "too_many_tries"
        ),
    )
    async def scan_badge(request: Request, station_id: Slug, body: BadgeScanned) -> PersonThere:
        """Say by a badge who is at the station from now on."""
        station = own_station(site.service.plant, asker_at(request), station_id)
        scan = await site.sign_in.at_stations.scan(station, body.code)
        if scan.came is None:
            raise Refusal("scan_is_no_badge", scan=scan.codes[0].text)
        return _there(await identify_again(site.sign_in, request))

    @router.post(
        "/stations/{station_id}/pin",
        openapi_extra=refuses(*OF_SCREENS, *OF_PASSWORDS, "nobody_here", "wrong_pin"),
    )
    async def give_pin(request: Request, station_id: Slug, body: PinGiven) -> PersonThere:
        """Prove by a PIN who is at the station; it counts until they go."""
        asker = asker_at(request)
        station = own_station(site.service.plant, asker, station_id)
        if asker.there is None:
            raise Refusal("nobody_here")
        await site.sign_in.show_pin(station, asker.there.person_id, body.pin, place_of(request))
        return _there(await identify_again(site.sign_in, request))

    @router.delete(
        "/stations/{station_id}/person", status_code=204, openapi_extra=refuses(*OF_SCREENS)
    )
    async def leave(request: Request, station_id: Slug) -> None:
        """Say that nobody is at the station any more."""
        site.sign_in.at_stations.leave(
            own_station(site.service.plant, asker_at(request), station_id)
        )

    _add_enrolment(router, site)
    return router


def _add_enrolment(router: APIRouter, site: Site) -> None:
    @router.post(
        "/stations/{station_id}/enrolment-codes",
        status_code=201,
        openapi_extra=refuses(
            *("no_such_station", "not_permitted", "not_permitted_on_line"),
            *("person_required", "proof_required"),
        ),
    )
    async def make_enrolment_code(request: Request, station_id: Slug, body: Act) -> EnrolmentCode:
        """Make a code with which one screen becomes the station's own, once, within ten minutes."""
        if station_id not in {station.id for station in site.service.plant.stations}:
            raise Refusal("no_such_station", station=station_id)
        act = EnrolScreen(station=StationId(station_id), name="-")
        by = await actor(site.service, request, body.operator or "", act)
        code = await make_code(site.sign_in, site.service, StationId(station_id), by)
        return EnrolmentCode(
            code=code, expires_at=site.clock.now() + LASTS[CodePurpose.ENROL_SCREEN]
        )

    @router.post(
        "/enrolments",
        status_code=201,
        openapi_extra=refuses(
            "code_does_not_work",
            "not_confidential",
            "no_such_station",
            "not_permitted",
            "not_permitted_on_line",
            "text_missing",
            "too_many_tries",
        ),
    )
    async def enrol_screen(request: Request, body: Enrolment, response: Response) -> Enrolled:
        """Make the screen that asks a station's own: the answer brings the cookie by which it is known."""
        found = await enrol(site.sign_in, site.service, body.code, body.name, place_of(request))
        keep_screen(response, request, found)
        screen = found.screen
        return Enrolled(screen=screen.screen_id, station=screen.station, name=screen.name)


def _there(asker: Asker) -> PersonThere:
    if asker.there is None or asker.person is None:
        raise Refusal("nobody_here")
    return PersonThere(
        person=asker.person.person_id,
        name=asker.name,
        how=asker.there.how,
        came_at=asker.there.came_at,
        run=asker.there.run_id,
    )
