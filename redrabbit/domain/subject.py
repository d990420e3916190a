"""What kinds of things are signed (R20)."""

from enum import StrEnum


class Subject(StrEnum):
    """What kind of record is signed."""

    RUN = "run"
    CONTAINMENT = "containment"
    PART = "part"
    EXCUSE = "excuse"
    """A scheduled check that a person excused."""
    PLAN = "plan"
    """A revision of the control plan that was approved."""
    REQUEST = "request"
    """An act that waits until another person approves it (D45); its entry says which."""
