"""The ledger for whoever wants to know whether it can be trusted: how large, how far verified, how to check it."""

from dataclasses import dataclass
from datetime import datetime

from redrabbit.domain.facts.catalogue import fact_of
from redrabbit.domain.facts.key_changed import KeyChanged
from redrabbit.domain.facts.plant import HistoryLost
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import AlarmRecord
from redrabbit.services.accepting_loss import losses_to_acknowledge
from redrabbit.services.log_keys import changes_of_key
from redrabbit.services.noting_stream_heads import last_said
from redrabbit.services.ports import Reader
from redrabbit.services.queries.checkpoint_keepers import CheckpointKeeper, checkpoint_keepers
from redrabbit.services.queries.people import Names, Person, names_in, person
from redrabbit.services.remembered import RememberedState
from redrabbit.services.verifying import VerificationState, damage_known

MOST_LOSSES = 20
"""Shown, the last first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """History that was lost, and who went on without it (D62)."""

    size: int
    found_size: int
    accepted_at: datetime
    accepted_by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A key of the ledger, and since when it signs."""

    text: str
    """The public key."""
    since_entry: int | None
    """The entry from which on it signs; None: it is the first."""
    since_at: datetime | None
    changed_by: Person | None
    signs_now: bool

    @property
    def key_id(self) -> str:
        """By which signatures name it."""
        return key_id_in(self.text)


@dataclass(frozen=True, slots=True, kw_only=True)
class LedgerPage:
    """The ledger as last committed."""

    size: int
    checkpoint: str | None
    """The signed note, as it is kept elsewhere; None while damage is known, for which it would vouch (D62)."""
    keys: tuple[SigningKey, ...]
    """The first one first; the last one signs now."""
    complete_until: datetime | None
    """When it was said last where the streams stand: an export is proved complete up to then."""
    losses: tuple[Loss, ...]
    to_acknowledge: tuple[AlarmRecord, ...]
    """Alarms about losses that no person has acknowledged yet."""
    remembered: RememberedState
    """What is remembered beside the key."""
    keepers: tuple[CheckpointKeeper, ...]
    """The receivers that are sent checkpoints."""
    is_held_back: bool
    """Whether no checkpoint leaves, because damage is known."""
    verification: VerificationState
    share: float | None
    """How much of what is being read is read, from 0 to 1; None between two passes, or where that is not known."""

    @property
    def newer(self) -> int:
        """How many entries came since those that were verified."""
        return max(0, self.size - self.verification.verified_size)

    @property
    def is_sound(self) -> bool:
        """Tell whether entries were verified, be it before a restart, and nothing is known to be damaged."""
        return self.verification.verified_at is not None and not self.verification.findings


def ledger_page(
    reader: Reader,
    plant: Plant,
    now: datetime,
    *,
    key: str,
    verification: VerificationState,
    remembered: RememberedState,
) -> LedgerPage:
    """Return the page as the ledger stands at `now`, and as far as it is verified."""
    head, said = reader.head(), last_said(reader)
    is_held_back = damage_known(reader, verification) is not None
    is_known = verification.reading is not None and verification.of
    return LedgerPage(
        size=head.size,
        checkpoint=None if is_held_back else head.checkpoint,
        keys=signing_keys(reader, key),
        complete_until=said.recorded_at if said is not None else None,
        losses=_losses(reader),
        to_acknowledge=tuple(losses_to_acknowledge(reader)),
        remembered=remembered,
        keepers=tuple(checkpoint_keepers(reader, plant, now).values()),
        is_held_back=is_held_back,
        verification=verification,
        share=min(1.0, verification.done / verification.of) if is_known else None,
    )


def key_id_in(key: str) -> str:
    """Return the key id in the text of a public key: what stands between name and key, which may have a "+" of its own."""
    return key.partition("+")[2].partition("+")[0]


def signing_keys(reader: Reader, signs_now: str) -> tuple[SigningKey, ...]:
    """Return the keys of the ledger by its entries, the first one first; "" as the key that signs now: none is known."""
    entries = changes_of_key(reader)
    told = [(entry, fact) for entry in entries if isinstance(fact := fact_of(entry), KeyChanged)]
    if not told:
        return (_first_key(signs_now, signs_now=True),) if signs_now else ()
    names = names_in(reader)
    return (
        _first_key(told[0][1].old_key, signs_now=False),
        *(
            SigningKey(
                text=fact.new_key,
                since_entry=entry.index,
                since_at=entry.recorded_at,
                changed_by=person(names, entry.actor.id, entry.actor.how, entry.index),
                signs_now=fact.new_key == signs_now,
            )
            for entry, fact in told
        ),
    )


def _first_key(text: str, *, signs_now: bool) -> SigningKey:
    return SigningKey(
        text=text, since_entry=None, since_at=None, changed_by=None, signs_now=signs_now
    )


def _losses(reader: Reader) -> tuple[Loss, ...]:
    found = reader.entries_of(HistoryLost.TYPE, descending=True, limit=MOST_LOSSES)
    names = names_in(reader) if found else Names()
    return tuple(
        Loss(
            size=fact.size,
            found_size=fact.found_size,
            accepted_at=entry.recorded_at,
            accepted_by=person(names, entry.actor.id, entry.actor.how, entry.index),
        )
        for entry in found
        if isinstance(fact := fact_of(entry), HistoryLost)
    )
