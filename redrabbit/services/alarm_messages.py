"""The message about an alarm, or about several at once: codes, ids, numbers and instants, no sentences (D17)."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import reduce
from typing import Any

from redrabbit.domain.facts.alarm import AlarmRaised, AlarmRecord
from redrabbit.domain.facts.codec import encode
from redrabbit.domain.facts.fact import read_json
from redrabbit.domain.facts.words import PlaceNames
from redrabbit.domain.ledger import instant_text
from redrabbit.services.gathering import together
from redrabbit.services.ports import OutgoingMessage


def message_of(alarm: AlarmRaised, key: str, at: datetime, page: str) -> OutgoingMessage:
    """Return the message about an alarm that was raised at `at`; `page` is where it is ended."""
    about = encode(alarm)
    kind = about.pop("kind")
    return OutgoingMessage(
        event=alarm.kind.value,
        key=key,
        payload={"event": kind, "raised_at": instant_text(at), "page": page, **about},
        not_to=None if alarm.kind.is_about_its_receiver else alarm.receiver,
    )


def message_about(alarms: Sequence[AlarmRecord], key: str, page: str) -> OutgoingMessage:
    """Return the message about alarms that are on record, one at least."""
    each = [message_of(_raised(alarm), key, alarm.raised_at, page) for alarm in alarms]
    message = reduce(together, each)
    if len(alarms) == 1:
        return message
    told: Any = message.payload["together"]
    kinds = Counter(alarm.kind.value for alarm in alarms)
    about = told | {"page": page, "kinds": dict(kinds), "alarms": [one.alarm_id for one in alarms]}
    return replace(message, payload=message.payload | {"together": about})


def _raised(alarm: AlarmRecord) -> AlarmRaised:
    return AlarmRaised(
        alarm_id=alarm.alarm_id,
        kind=alarm.kind,
        line=alarm.line,
        station=alarm.station,
        device=alarm.device,
        names=read_json(PlaceNames, alarm.names),
        part_id=alarm.part_id,
        run_id=alarm.run_id,
        occurrence_id=alarm.occurrence_id,
        receiver=alarm.receiver,
        answer_kind=alarm.answer_kind,
        runs_without_verdict=alarm.runs_without_verdict,
    )
