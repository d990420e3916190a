"""How long the answers of a station last: what was learnt, and the acts on it (D30)."""

from datetime import datetime
from typing import Final

from fastapi import APIRouter
from pydantic import Field

from redrabbit.domain import acts
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.pulse import PulseWhy
from redrabbit.domain.identity import SignalName, StationId
from redrabbit.domain.station import Station
from redrabbit.services.ports import Reader
from redrabbit.services.queries.people import Names, name_then, names_in
from redrabbit.services.queries.pulses import Learning, PulseShown, pulses_shown
from redrabbit.web.api.doing import By, Caller, do
from redrabbit.web.api.models import Model, Page, Who, WhoHow
from redrabbit.web.api.paging import Limit, part_of
from redrabbit.web.api.problems import refuses
from redrabbit.web.api.requests import OnPulse
from redrabbit.web.api.values import IdCursor, Slug
from redrabbit.web.site import Site


class Answer(Model):
    """How long one answer lasted, as far as the readings show it."""

    at_least_s: float
    at_most_s: float


class Pulse(Model):
    """What was learnt of how long the answers of one signal last."""

    signal: str
    state: Learning
    answers: list[Answer] = Field(description="From which it was learnt, oldest first.")
    answers_so_far: int
    why: PulseWhy | None
    at_least_s: float | None = Field(description="The shortest of them lasted at least so long.")
    at_most_s: float | None
    in_use_s: float | None = Field(description="What verdicts are judged by; null: three polls.")
    poll_interval_s: float | None = Field(description="With which it was learnt.")
    harmless_gap_s: float | None = Field(
        description="So long between two readings, and nothing is hidden."
    )
    polls_are_too_slow: bool
    wanted_poll_interval_s: float | None = Field(
        description="Given where polls are too slow: the interval that is needed."
    )
    proposed_at: datetime | None
    proposed_entry: int | None = Field(description="To be told with the act that decides it.")
    decided_at: datetime | None
    decided_by: Who | None
    decided_how: WhoHow | None


OF_PULSES: Final = ("no_such_station", "no_such_pulse", "pulse_decided", "pulse_proposed_anew")


def pulses_router(site: Site) -> APIRouter:
    """Return the pulses of a station, and the acts that confirm or refuse one."""
    router = APIRouter(tags=["plant"])

    def station(station_id: str) -> Station:
        for one in site.service.plant.stations:
            if one.id == station_id:
                return one
        raise Refusal("no_such_station", station=station_id)

    async def decide(
        station_id: str, signal: str, body: OnPulse, by: Caller, *, yes: bool
    ) -> Pulse:
        act = acts.DecidePulse(
            station=StationId(station_id),
            signal=SignalName(signal),
            proposed_entry=body.proposed_entry,
            confirmed=yes,
        )
        await do(site, body, act, by)
        return next(each for each in await shown(station_id) if each.signal == signal)

    async def shown(station_id: str) -> list[Pulse]:
        one = station(station_id)

        def asked(reader: Reader) -> list[Pulse]:
            names = names_in(reader)
            return [pulse_model(each, names) for each in pulses_shown(reader, one)]

        return await site.service.read(asked)

    @router.get("/stations/{station_id}/pulses", openapi_extra=refuses("no_such_station"))
    async def list_pulses(
        station_id: Slug, limit: Limit = 50, cursor: IdCursor = None
    ) -> Page[Pulse]:
        """Return the signals whose pulse is not declared, with what was learnt of each."""
        found, following = part_of(
            await shown(station_id), lambda pulse: pulse.signal, limit=limit, cursor=cursor
        )
        return Page(items=list(found), next=following)

    @router.post(
        "/stations/{station_id}/pulses/{signal}/confirm", openapi_extra=refuses(*OF_PULSES)
    )
    async def confirm_pulse(station_id: Slug, signal: Slug, body: OnPulse, by: By) -> Pulse:
        """Confirm what was learnt of a signal: verdicts are judged by it from now on."""
        return await decide(station_id, signal, body, by, yes=True)

    @router.post("/stations/{station_id}/pulses/{signal}/refuse", openapi_extra=refuses(*OF_PULSES))
    async def refuse_pulse(station_id: Slug, signal: Slug, body: OnPulse, by: By) -> Pulse:
        """Refuse what was learnt of a signal; what was confirmed of it before stays so."""
        return await decide(station_id, signal, body, by, yes=False)

    return router


def pulse_model(shown: PulseShown, names: Names) -> Pulse:
    """Return what was learnt of a signal as programs read it."""
    pulse, reach = shown.pulse, shown.reach
    slow = reach is not None and reach.polls_are_too_slow
    by = pulse.decided_by if pulse is not None else None
    return Pulse(
        signal=shown.signal,
        state=shown.state,
        answers=[Answer.model_validate(each) for each in pulse.sample] if pulse else [],
        answers_so_far=shown.answers,
        why=pulse.why if pulse else None,
        at_least_s=pulse.at_least_s if pulse else None,
        at_most_s=pulse.at_most_s if pulse else None,
        in_use_s=pulse.in_use_s if pulse else None,
        poll_interval_s=pulse.poll_interval_s if pulse else None,
        harmless_gap_s=reach.harmless_gap_s if reach else None,
        polls_are_too_slow=slow,
        wanted_poll_interval_s=reach.wanted_poll_s if reach is not None and slow else None,
        proposed_at=pulse.proposed_at if pulse else None,
        proposed_entry=pulse.proposed_entry if pulse else None,
        decided_at=pulse.decided_at if pulse else None,
        decided_by=name_then(names, by, pulse.decided_entry) if pulse and by is not None else None,
        decided_how=pulse.decided_how if pulse else None,
    )
