"""Pulses that were learnt: proposed from 20 answers, confirmed or refused by a person (D30).

The answers before the twentieth are no facts: they stand beside the ledger, and a proposal tells them all.
A pulse counts from its confirmation on. Where a later answer surely was shorter, that one is proposed, and
counts at once: it makes verdicts weaker, never stronger.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import ClassVar

from redrabbit.domain.facts.codec import decode
from redrabbit.domain.facts.fact import Changes, Fact, Json, Look, Put, Record, found, json_of, made
from redrabbit.domain.identity import How
from redrabbit.domain.learnt_pulse import Cycle, is_shorter
from redrabbit.domain.ledger import Entry, from_json


class PulseWhy(StrEnum):
    """Why a pulse is proposed."""

    LEARNT = "learnt"
    """From so many answers."""
    SHORTER = "shorter"
    """A later answer surely was shorter than what had been learnt."""


class PulseState(StrEnum):
    """What became of what is proposed."""

    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseRecord(Record):
    """What was learnt of one signal of one station."""

    TABLE: ClassVar = "pulses"
    KEY: ClassVar = ("line", "station", "signal")

    line: str
    station: str
    signal: str
    learnt_of: str
    """Digest of where the signal stood, what it answered by and how often it was read: what was learnt
    counts for no other."""
    poll_interval_s: float
    state: PulseState
    why: PulseWhy
    at_least_s: float
    """The shortest of the answers lasted at least so long: this is what counts."""
    at_most_s: float
    cycles: Json
    """The answers: `Cycle` each."""
    proposed_at: datetime
    proposed_entry: int
    confirmed_s: float | None
    """What was confirmed last; None: nothing was."""
    decided_at: datetime | None
    decided_by: str | None
    decided_how: How | None
    decided_entry: int | None

    @property
    def shortest(self) -> Cycle:
        """The bounds of the shortest answer."""
        return Cycle(at_least_s=self.at_least_s, at_most_s=self.at_most_s)

    @property
    def sample(self) -> tuple[Cycle, ...]:
        """The answers from which it was learnt, oldest first."""
        return cycles_of(self.cycles)

    @property
    def in_use_s(self) -> float | None:
        """The pulse that verdicts count on; None: none yet. A shorter one counts before it is confirmed."""
        if self.confirmed_s is None or self.state is not PulseState.PROPOSED:
            return self.confirmed_s
        return min(self.confirmed_s, self.at_least_s)

    @property
    def watched_s(self) -> float | None:
        """The pulse that later answers are compared with; None: it was refused, and none counts."""
        if self.in_use_s is not None:
            return self.in_use_s
        return None if self.state is PulseState.REFUSED else self.at_least_s

    @property
    def sample_watched(self) -> tuple[Cycle, ...]:
        """The answers that bear it out: without those that a person refused to count."""
        if self.state is not PulseState.REFUSED or self.confirmed_s is None:
            return self.sample
        counted_s = self.confirmed_s
        return tuple(cycle for cycle in self.sample if not is_shorter(cycle, counted_s))


@dataclass(frozen=True, slots=True)
class _Kept:
    """Answers as a part of something is read."""

    cycles: tuple[Cycle, ...]


def cycles_of(kept: str) -> tuple[Cycle, ...]:
    """Return the answers that were kept as JSON; ValueError if they are none."""
    return decode(_Kept, {"cycles": from_json(kept)}).cycles


def as_json(cycles: Sequence[Cycle]) -> Json:
    """Return answers as they are kept."""
    return json_of(list(cycles))


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseProposed(Fact):
    """The service learnt how long a signal's answers last; whether it counts is for a person to say."""

    TYPE: ClassVar = "pulse_proposed"

    station: str
    signal: str
    learnt_of: str
    """Digest of where the signal stands, what it answers by and how often it is read."""
    poll_interval_s: float
    why: PulseWhy
    at_least_s: float
    """The shortest of the answers lasted at least so long."""
    at_most_s: float
    cycles: tuple[Cycle, ...]
    """The answers, oldest first."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Let it wait for a person; what was confirmed of the same signal stays so meanwhile."""
        before = look(PulseRecord, entry.stream, self.station, self.signal)
        same = before is not None and before.learnt_of == self.learnt_of
        proposed = made(
            PulseRecord,
            self,
            line=entry.stream,
            state=PulseState.PROPOSED,
            cycles=as_json(self.cycles),
            proposed_at=entry.occurred_at,
            proposed_entry=entry.index,
            confirmed_s=before.confirmed_s if before is not None and same else None,
            decided_at=None,
            decided_by=None,
            decided_how=None,
            decided_entry=None,
        )
        return (Put(proposed),)


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseDecided(Fact):
    """A person confirmed or refused what was learnt of a signal."""

    TYPE: ClassVar = "pulse_decided"

    station: str
    signal: str
    confirmed: bool
    pulse_s: float
    """What it was about."""
    proposed_entry: int
    """The entry that proposed it."""
    cycles: tuple[Cycle, ...]
    """The answers that it was learnt from, as the person could see them."""

    def fold(self, entry: Entry, look: Look) -> Changes:
        """Let it count, or not."""
        known = found(look, PulseRecord, entry.stream, self.station, self.signal)
        decided = replace(
            known,
            state=PulseState.CONFIRMED if self.confirmed else PulseState.REFUSED,
            confirmed_s=self.pulse_s if self.confirmed else known.confirmed_s,
            decided_at=entry.occurred_at,
            decided_by=entry.actor.id,
            decided_how=entry.actor.how,
            decided_entry=entry.index,
        )
        return (Put(decided),)
