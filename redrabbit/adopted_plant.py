"""The plant as last adopted, from the content that the ledger keeps (D14)."""

import json
import logging
import tempfile
from pathlib import Path

from redrabbit.config.plant import load_plant
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import ConfigurationRecord
from redrabbit.services.errors import StoreTrouble
from redrabbit.services.ports import Reader

log = logging.getLogger("redrabbit.service")


def plant_in_force(reader: Reader) -> Plant:
    """Return the plant as last adopted, from the content that the ledger keeps (D14)."""
    latest = reader.find(ConfigurationRecord, order_by="adopted_at", descending=True, limit=1)
    if not latest:
        raise StoreTrouble("this database has not adopted any configuration yet")
    with tempfile.TemporaryDirectory(prefix="redrabbit-") as folder:
        for name, text in json.loads(latest[0].content).items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        return load_plant(Path(folder))


def formerly(reader: Reader) -> Plant | None:
    """Return the plant as it was in force until now, for what it still owes."""
    if not reader.count(ConfigurationRecord):
        return None
    try:
        return plant_in_force(reader)
    except ConfigurationProblems as problems:
        log.warning(
            "configuration in force can't be read any more", extra={"reason": str(problems)}
        )
        return None
