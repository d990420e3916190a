"""All that a station's signals did during a run, unpacked as programs read it (D13)."""

import json
import zlib
from typing import Final

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import RunId
from redrabbit.domain.records import RunRecord
from redrabbit.services.errors import DamagedDatabase
from redrabbit.services.ports import Reader
from redrabbit.web.api.ledger_models import SignalsOfRun

MOST_UNPACKED_BYTES: Final = 16 * 1024 * 1024
"""Far above what 20,000 points take: what is kept may come from a stranger's database (D24)."""


def signals_of(reader: Reader, run_id: RunId) -> SignalsOfRun:
    """Return what the signals did; refused where nothing is kept, DamagedDatabase where it's unreadable."""
    run = reader.get(RunRecord, run_id)
    if run is None:
        raise Refusal("no_such_run", run=run_id)
    packed = reader.blob(run.signals) if run.signals is not None else None
    if packed is None:
        raise Refusal("no_such_signals", run=run_id)
    text = unpacked(packed)
    try:
        if text is None:
            raise ValueError("it can't be unpacked")  # noqa: TRY301  one door out of here
        return SignalsOfRun.model_validate(json.loads(text))
    except (RecursionError, ValueError) as error:  # a validation error is a ValueError
        raise DamagedDatabase(f"blobs[{run.signals}]: no signals of a run") from error


def unpacked(packed: bytes) -> bytes | None:
    """Return the text that was packed; None where it is damaged, or larger than any of ours."""
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(packed, MOST_UNPACKED_BYTES)
    except zlib.error:
        return None
    return text if unpacking.eof else None
