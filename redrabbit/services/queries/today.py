"""Today: what happened since whoever asks was last here, and what waits for them (R14, B34)."""

from dataclasses import dataclass
from datetime import datetime

from redrabbit.domain.plant import Plant
from redrabbit.services.askers import Asker
from redrabbit.services.last_looks import seen_until
from redrabbit.services.ports import Reader
from redrabbit.services.queries.approvals import ApprovalShown, answers_since
from redrabbit.services.queries.own_lines import roles_on
from redrabbit.services.queries.since import Since, since
from redrabbit.services.queries.waiting import WaitsFor, what_waits


@dataclass(frozen=True, slots=True, kw_only=True)
class TodayPage:
    """The first page of a working day."""

    now: datetime
    since: Since
    mine: tuple[WaitsFor, ...]
    """What waits for whoever asks."""
    others: tuple[WaitsFor, ...]
    """What waits for somebody else."""
    answers: tuple[ApprovalShown, ...]
    """What became of their requests since then, the newest first."""
    can_note: bool
    """Whether it can be kept that whoever asks has seen this: they are signed in."""


def today_page(reader: Reader, plant: Plant, asker: Asker, now: datetime) -> TodayPage:
    """Return the page as it stands for whoever asks."""
    is_signed_in = asker.session is not None and not asker.is_office_at_station
    person = asker.person if asker.token is None else None
    mark = seen_until(reader, person.person_id) if person is not None and is_signed_in else None
    waiting = what_waits(
        reader,
        plant,
        person.person_id if person is not None else None,
        roles_on(reader, asker, now),
        now,
    )
    told = since(reader, mark, now)
    return TodayPage(
        now=now,
        since=told,
        mine=tuple(each for each in waiting if each.is_mine),
        others=tuple(each for each in waiting if not each.is_mine),
        answers=answers_since(reader, person.person_id, told.begin, now) if person else (),
        can_note=is_signed_in,
    )
