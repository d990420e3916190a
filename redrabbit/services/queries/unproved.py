"""What is said of parts that were made while nothing proved their device (D34, D42)."""

from collections.abc import Iterable

from redrabbit.base.messages import Message
from redrabbit.domain.unproved import UnprovedParts
from redrabbit.services.queries.wording import message


def unproved_shown(unproved: Iterable[UnprovedParts]) -> tuple[Message, ...]:
    """Return one sentence for each period in which anything was made, or may have been."""
    return tuple(_shown(each) for each in unproved if each.parts != 0)


def _shown(made: UnprovedParts) -> Message:
    return message(f"unproved.{made.why.value}", parts=_parts(made), since=made.since)


def _parts(made: UnprovedParts) -> Message:
    if made.parts is None:
        return message("unproved.parts_unknown")
    return message("unproved.parts_at_least" if made.at_least else "unproved.parts", n=made.parts)
