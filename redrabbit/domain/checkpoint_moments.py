"""When a checkpoint of the ledger is due to those who keep it elsewhere (D62).

At each end of a shift of any line; and at the end of a day of the plant on which no shift ended: so there is one for
each day, at a weekend and in a plant without shifts, too, and never two for one moment. A shift that ends at midnight
ends on the day that ends with it.
"""

from collections.abc import Iterable
from datetime import datetime, time
from zoneinfo import ZoneInfo

from redrabbit.domain.shift_calendar import (
    ONE_DAY,
    ShiftCalendar,
    instant_of,
    plant_date,
    shift_windows,
)


def last_moment(calendars: Iterable[ShiftCalendar], zone: ZoneInfo, now: datetime) -> datetime:
    """Return the last moment up to now at which a checkpoint became due; UTC."""
    today = plant_date(zone, now)
    yesterday_began_at = instant_of(zone, today - ONE_DAY, time())
    ends = (
        window.ends_at
        for calendar in calendars
        for window in shift_windows(calendar, yesterday_began_at, now)
        if window.ends_at <= now
    )
    return max(ends, default=instant_of(zone, today, time()))
