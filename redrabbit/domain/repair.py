"""What was repaired after a miss: one word out of a plain list, which one tap gives (D35).

The list says what people found and did, and not who is to blame. Its words in both languages stand in
the catalogues, `repair.…`.
"""

from enum import StrEnum


class RepairCode(StrEnum):
    """What was done so that the device detects again."""

    LENS_CLEANED = "lens_cleaned"
    SENSOR_MOVED = "sensor_moved"
    """It had moved, and was set back."""
    SETTING_RESTORED = "setting_restored"
    """A limit or parameter had been changed."""
    PROGRAM_RESTORED = "program_restored"
    DEVICE_REPLACED = "device_replaced"
    WIRING_MENDED = "wiring_mended"
    """Cable, plug, supply, signal."""
    PART_WORN = "part_worn"
    """The challenge part no longer has its defect."""
    PART_PUT_IN_WRONGLY = "part_put_in_wrongly"
    NOTHING_FOUND = "nothing_found"
    OTHER = "other"
    """A person's words stand beside."""
