"""A control plan that was tried out, with all that it comes to: what the command and the page show."""

from collections.abc import Sequence
from dataclasses import dataclass

from redrabbit.domain.plant import Plant
from redrabbit.domain.try_out import Basis, Played, play
from redrabbit.domain.try_out_figures import (
    Exposure,
    LineWork,
    PartUsed,
    exposures,
    parts_used,
    work_of_lines,
)
from redrabbit.domain.try_out_savings import Merge, Turns, merges, taking_turns


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedPlan:
    """One plan over one time."""

    number: str
    revision: str
    played: Sequence[Played]
    lines: Sequence[LineWork]
    exposures: Sequence[Exposure]
    parts: Sequence[PartUsed]
    merges: Sequence[Merge]
    turns: Sequence[Turns]


def tried_plan(plant: Plant, basis: Basis) -> TriedPlan:
    """Try a plant's plan out; Refusal where far too much would be due."""
    played = play(plant, basis)
    return TriedPlan(
        number=plant.plan.number,
        revision=plant.plan.revision,
        played=played,
        lines=work_of_lines(plant, basis, played),
        exposures=exposures(plant, basis, played),
        parts=parts_used(plant, basis, played),
        merges=merges(basis, played),
        turns=taking_turns(plant, basis, played),
    )
