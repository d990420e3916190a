"""What the lists of our form of a control plan offer."""

from typing import Final

from redrabbit.domain.plant import Plant
from redrabbit.plan_import.frequency import parse_frequency
from redrabbit.plan_import.frequency_text import frequency_text
from redrabbit.plan_import.plan_form import Choices
from redrabbit.plan_import.trigger_rules import frequency_of

USUAL: Final = (
    "each shift",
    "start of shift; end of shift",
    "first, middle, last",
    "daily at 06:00",
    "weekly on mon at 06:00",
    "monthly on 1 at 06:00",
    "every 4 h",
    "every 500 pcs",
    "after changeover",
    "after tool change",
    "after maintenance",
    "on demand",
)
"""Wordings that most plans need; a form offers them in its language."""


def choices_of(plant: Plant | None, language: str) -> Choices:
    """Return what the lists of a form offer: the usual frequencies, and what there is in a plant."""
    usual = [frequency_text(parse_frequency(each), language) for each in USUAL]
    if plant is None:
        return Choices(frequencies=tuple(usual))
    planned = [frequency_text(frequency_of(each.schedule), language) for each in plant.plan.checks]
    return Choices(
        devices=tuple(device.id for station in plant.stations for device in station.devices),
        parts=tuple(part.id for part in plant.parts),
        frequencies=tuple(dict.fromkeys([*planned, *usual])),
    )
