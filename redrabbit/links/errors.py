"""What the links raise among themselves; nothing of it leaves `run`.

    Exception
    ├── StationTrouble   nothing came of it: no connection, no answer, not the answer asked for
    └── StationRefusal   the station answered, with a Modbus exception code

Third-party exceptions are translated in the module that calls the third party.
"""

from redrabbit.domain.observation import Reason


class StationTrouble(Exception):
    """A poll or a connection failed; `reason` is for the record, `detail` for diagnostics."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason.value}: {detail}")


class StationRefusal(Exception):
    """The station refused one request with a Modbus exception code."""

    def __init__(self, code: int) -> None:
        self.code = code
        super().__init__(f"Modbus exception {code}")
