"""Who stands at a station's page: badges, PINs, and badges that are taught in (D45, B28, B40).

As long as nobody is registered a name is stated, as ever. From the first person on a scan at an enrolled screen is looked at: a badge says who is there, whatever the
page waits for, and the rest is done in their name.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from starlette.requests import Request

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import StationId, person_name
from redrabbit.domain.people_acts import TeachInBadge
from redrabbit.domain.plant import Plant
from redrabbit.domain.scanned_code import CodeKind, scanned
from redrabbit.services.askers import Asker
from redrabbit.web.pages.forms import Form
from redrabbit.web.pages.scans import badge_code, one_of, with_one_code
from redrabbit.web.site import Site
from redrabbit.web.visitor import actor, asker_at, identify_again, place_of, refuse_code

AtScreen = Callable[[Site, Request, Form, str], Awaitable[None]]
"""What somebody does about themselves or others at a station's screen."""


async def named(site: Site, request: Request, form: Form, station_id: str) -> str:
    """Return the name that this browser keeps, empty where the station knows who is there, or they want to be nobody.

    Refusal for what is no name, and for a code of something else.
    """
    said = form.get("name", "").strip()
    asker = asker_at(request)
    if asker.is_anybody or asker.screen is None:
        return _as_name(site.service.plant, said) if said else ""
    station = own_station(site.service.plant, asker, station_id)
    if not said:
        site.sign_in.at_stations.leave(station)
        return ""
    scan = await site.sign_in.at_stations.scan(station, said)
    if scan.came is not None:
        return ""
    code = scan.codes[0]
    if code.kind is not None:
        is_somebody_there = asker.there is not None or asker.named
        raise Refusal(
            "scan_without_run" if is_somebody_there else "scan_is_no_badge", scan=code.text
        )
    if form.get("scanned"):  # a scanner types no name: an unknown badge makes nobody of anybody
        raise Refusal("badge_unknown")
    refuse_code(said)
    await site.sign_in.at_stations.state(station, person_name(said))
    return ""


def _as_name(plant: Plant, said: str) -> str:
    """Return a name that is stated; Refusal for the code of a part, a place, a device or a line."""
    codes = scanned(said, plant.codes, plant.known_codes)
    if any(code.kind not in {None, CodeKind.BADGE} for code in codes):
        raise Refusal("scan_without_run", scan=said)
    return person_name(said)


@dataclass(frozen=True, slots=True)
class Meant:
    """What a form at a station's page means."""

    form: Form | None
    """With the one code that is meant; None where the scan was only a badge."""
    counted_at: StationId | None = None
    """The station at which its code counts as a badge that was guessed."""


async def scanned_here(site: Site, request: Request, form: Form, station_id: str) -> Meant:
    """Return what a form means: a badge in it says who is there."""
    asker = asker_at(request)
    if asker.is_anybody or asker.screen is None or not form.get("code", "").strip():
        await site.refuse_shown_to_another(request, form)
        return Meant(with_one_code(form, site.service.plant))
    station = own_station(site.service.plant, asker, station_id)
    scan = await site.sign_in.at_stations.scan(station, form["code"])
    if scan.came is not None:
        await identify_again(site.sign_in, request)
    else:
        await site.refuse_shown_to_another(request, form)
    if not scan.codes:
        return Meant(None)
    meant = {**form, "code": one_of(scan.codes).text}
    return Meant(meant, station if scan.is_counted else None)


async def told(site: Site, meant: Meant) -> None:
    """Note that a page's code was taken as what it had asked to be told: a side, a pallet; nobody guessed a badge."""
    if meant.counted_at is not None:
        await site.sign_in.at_stations.was_asked_for(meant.counted_at)


async def prove(site: Site, request: Request, form: Form, station_id: str) -> None:
    """Take the PIN of who is there; Refusal where others could read it along, and for a wrong one."""
    asker = asker_at(request)
    station = own_station(site.service.plant, asker, station_id)
    if asker.there is None:
        raise Refusal("nobody_here")
    place = place_of(request)
    await site.sign_in.show_pin(station, asker.there.person_id, form.get("pin", "").strip(), place)


async def taught_in(site: Site, request: Request, form: Form, station_id: str) -> None:
    """Let an unknown badge stand for somebody for a day, and let them be there.

    It counts as a badge that was guessed unless it is taught in, and is counted before anything is told: whose a known one is, for example.
    """
    station = own_station(site.service.plant, asker_at(request), station_id)
    code = badge_code(form.get("badge", ""), site.service.plant)
    leader = await actor(site.service, request, "", at=station_id)
    refuse_code(form.get("name", ""))
    act = TeachInBadge(
        badge_id=site.sign_in.at_stations.badge_id(code),
        station=station,
        name="",
        same_name=bool(form.get("same_name")),
    )
    await site.service.require(act, leader)
    await site.sign_in.at_stations.count_try(station)
    newcomer = await site.service.stated(form.get("name", ""))
    names = () if newcomer.new_name is None else (newcomer.new_name,)
    await site.service.do(replace(act, name=newcomer.id), leader, names=names)
    await site.sign_in.at_stations.was_asked_for(station)
    await site.sign_in.at_stations.scan(station, code)


def own_station(plant: Plant, asker: Asker, station_id: str) -> StationId:
    """Return the station of the screen; Refusal for another one's page, for none, and for a screen that is nobody's."""
    if station_id not in {station.id for station in plant.stations}:
        raise Refusal("no_such_station", station=station_id)
    if asker.screen is None:
        raise Refusal("no_own_screen")
    if asker.screen.station != station_id:
        raise Refusal("other_station", station=station_id, here=asker.screen.station)
    return StationId(station_id)
