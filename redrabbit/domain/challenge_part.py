"""Challenge parts (red rabbits) and good masters: what they are and whether they are fit (L6, R04).

The definition comes from the plant's files; state, uses and custody live in the ledger (D14).
"""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import FailureMode, PartId, PartKindId
from redrabbit.domain.text import Text


class Category(StrEnum):
    """样件类别, as the source names them."""

    TORQUE = "torque"
    ELECTRICAL = "electrical"
    MAJOR_ISSUE = "major_issue"
    DIMENSION = "dimension"
    PRESENCE = "presence"
    LEAK = "leak"
    VISION = "vision"
    LABEL = "label"


class PartState(StrEnum):
    """Whether a part may be used."""

    RELEASED = "released"
    UNRELEASED = "unreleased"
    QUARANTINED = "quarantined"
    RETIRED = "retired"


class Custody(StrEnum):
    """Where a part is on its way out and back (L5, R32)."""

    STORED = "stored"
    ISSUED = "issued"
    PRESENTED = "presented"
    MISSING = "missing"
    """Not back in time, or seen where it must not be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CertifiedValue:
    """What a part measures, by its certificate, and how far another measurement may be from it."""

    value: float
    tolerance: float
    unit: str | None

    def is_met_by(self, measured: float) -> bool:
        """Return whether a measured value, in the same unit, can be this part's."""
        return abs(measured - self.value) <= self.tolerance


@dataclass(frozen=True, slots=True, kw_only=True)
class ChallengePart:
    """One labelled part with one known failure mode, or a good master with none."""

    id: PartId
    """Also the code on its label, as scanners read it, for example `RR-0007`."""
    kind: PartKindId
    """Of what kind it is a piece (D36); a part of its own kind where the file names none."""
    name: Text
    category: Category
    failure_mode: FailureMode | None
    """None: a good master, which must be accepted."""
    storage: str
    """Where it lives, for example `drawer B3`."""
    valid_until: date
    """Plant-local date; the last day on which it may be used."""
    released: bool
    wear_limit_uses: int | None = None
    certified_on: date | None = None
    measured: str | None = None
    """The measured value with its unit, from certification."""
    certified: CertifiedValue | None = None
    """`measured` as a number with its tolerance; None: no measurement can contradict it (D29)."""
    drawing_revision: str | None = None

    @property
    def is_good_master(self) -> bool:
        """True for a known good part."""
        return self.failure_mode is None


def refuse_unfit(part: ChallengePart, state: PartState, *, uses: int, today: date) -> None:
    """Refuse a part that may not start a run today (L6).

    `today` is the plant-local date. Raises Refusal with the first reason that holds.
    """
    if state is not PartState.RELEASED:
        raise Refusal(f"part_{state.value}", part=part.id)
    if today > part.valid_until:
        raise Refusal("part_expired", part=part.id, valid_until=part.valid_until.isoformat())
    if part.wear_limit_uses is not None and uses >= part.wear_limit_uses:
        raise Refusal("part_worn_out", part=part.id, uses=uses, limit=part.wear_limit_uses)
