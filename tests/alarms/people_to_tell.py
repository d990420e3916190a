"""People who are told, for tests of deliveries."""

from zoneinfo import ZoneInfo

from redrabbit.alarms.message_words import MessageWords
from redrabbit.alarms.people_told import PeopleReached
from redrabbit.domain.way import Way

WORDS = MessageWords(plant="Changchun", zone=ZoneInfo("Asia/Shanghai"), address="https://rr")


async def _nothing() -> list[str]:
    return []


async def _no_way(way_id: str) -> tuple[Way, str | None] | None:
    del way_id
    return None


NOBODY_TOLD = PeopleReached(find=_no_way, waiting=_nothing, mail_server=None, words=WORDS)
