"""The plant as a database says it was adopted: read in memory, never written anywhere (D14, D24).

The database may be a stranger's. Its file names are only names; a text that is not what was adopted
is told as damage, and nothing is computed from it. What the ledger keeps is redacted where a secret
had slipped in; the digest is over the true texts, so there the signed entry is what the row must
equal. `redrabbit verify` tells all of it, and whether the ledger itself is what was signed.
"""

import json
import logging
from collections.abc import Mapping

from redrabbit.base.redaction import REMOVED
from redrabbit.base.sentence import sentence
from redrabbit.config.plant import digest_of, load_plant
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.domain.facts.plant import ConfigurationAdopted
from redrabbit.domain.plant import Plant
from redrabbit.domain.record_query import latest
from redrabbit.domain.records import ConfigurationRecord
from redrabbit.services.errors import DamagedDatabase, StoreTrouble
from redrabbit.services.ports import Reader

log = logging.getLogger("redrabbit.service")


def plant_in_force(reader: Reader) -> Plant:
    """Return the plant as last adopted.

    Raises StoreTrouble if none was, DamagedDatabase if what is kept of it is not what was adopted,
    and ConfigurationProblems if this version of the program can't read it.
    """
    last = latest(reader, ConfigurationRecord, by="entry")
    if last is None:
        raise StoreTrouble(sentence("this database has not adopted any configuration yet"))
    return load_plant(_kept_texts(reader, last), adopted=True)


def previous_plant(reader: Reader) -> Plant | None:
    """Return the plant in force until now, for what it still owes; None where it can't be known."""
    if not reader.count(ConfigurationRecord):
        return None
    try:
        return plant_in_force(reader)
    except ConfigurationProblems as problems:
        log.warning(
            "configuration in force can't be read any more", extra={"reason": str(problems)}
        )
        return None


def adopted_files(reader: Reader) -> Mapping[str, str] | None:
    """Return the texts of the configuration in force until now, by file name; None where none was adopted.

    Raises DamagedDatabase if what is kept of it is not what was adopted.
    """
    last = latest(reader, ConfigurationRecord, by="entry")
    return None if last is None else _kept_texts(reader, last)


def _kept_texts(reader: Reader, record: ConfigurationRecord) -> Mapping[str, str]:
    """Return the row's texts, once they are known to be those that were adopted."""
    try:
        texts = json.loads(record.content)
    except (ValueError, RecursionError):
        texts = None
    if not isinstance(texts, dict) or not all(isinstance(text, str) for text in texts.values()):
        raise _damaged(record)
    if digest_of(texts) != record.digest and not (
        REMOVED in record.content and _stands_in_the_ledger(reader, record, texts)
    ):
        raise _damaged(record)
    return texts


def _stands_in_the_ledger(
    reader: Reader, record: ConfigurationRecord, texts: Mapping[str, str]
) -> bool:
    said = {"digest": record.digest, "files": texts}
    return any(
        entry.payload is not None  # else erased (D51)
        and {name: entry.payload[name] for name in said} == said
        for entry in reader.entries_of(ConfigurationAdopted.TYPE)
    )


def _damaged(record: ConfigurationRecord) -> DamagedDatabase:
    return DamagedDatabase(
        sentence(
            "configurations[{digest}]: its files are not those that were adopted under this digest: they "
            "were changed. Nothing is computed from them; `redrabbit verify --database` tells all, a backup "
            "from before brings them back",
            digest=record.digest,
        )
    )
