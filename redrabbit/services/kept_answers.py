"""The answer that is kept of an act: the record as it was then, or the refusal that was recorded (D65).

Whatever wrote an entry is remembered under its key. A refused scan is one (B25): its refusal is the
answer, and is given again in the same words.
"""

import json

from redrabbit.base.sentence import sentence
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.codec import decode, encode, field_names, plain
from redrabbit.domain.facts.fact import Record, found
from redrabbit.domain.ledger import canonical_text
from redrabbit.domain.records import KINDS
from redrabbit.services.errors import DamagedDatabase
from redrabbit.services.ports import KeptAct, Reader


def answer_with(result: Record) -> str:
    """Return the answer that is the record an act changed."""
    return canonical_text({"table": type(result).TABLE, "record": encode(result)})


def answer_refused(refusal: Refusal) -> str:
    """Return the answer that is a refusal."""
    params = {name: plain(value) for name, value in refusal.params.items()}
    return canonical_text({"refusal": refusal.code, "params": params})


def answer_again(kept: KeptAct, reader: Reader) -> Record:
    """Return the record that was answered, or raise the Refusal.

    Where a version answered whose records had other fields, the record as it stands now is returned: the act was done, and
    nobody may be told otherwise. DamagedDatabase where it is no answer of ours.
    """
    try:
        answer = json.loads(kept.answer)
        if "refusal" not in answer:
            kind, told = KINDS[answer["table"]], answer["record"]
            if told.keys() == field_names(kind):
                record: Record = decode(kind, told)
                return record
            return found(reader.get, kind, *(told[name] for name in kind.KEY))
        refusal = Refusal(str(answer["refusal"]), **answer["params"])
    except (LookupError, RecursionError, TypeError, ValueError) as error:
        raise DamagedDatabase(
            sentence("acts[{key}]: no answer that can be read", key=kept.key)
        ) from error
    raise refusal
