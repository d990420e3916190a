"""What people and programs are trusted with: nine roles (D65)."""

from enum import StrEnum


class Role(StrEnum):
    """What a person, or a program, is trusted with (D65)."""

    OPERATOR = "operator"
    SHIFT_LEADER = "shift_leader"
    MAINTENANCE = "maintenance"
    PROCESS_ENGINEER = "process_engineer"
    PARTS_KEEPER = "parts_keeper"
    QUALITY_ENGINEER = "quality_engineer"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"
    SERVICE = "service"
    """A program with a token, which acts on somebody's behalf."""
