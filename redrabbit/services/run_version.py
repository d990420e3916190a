"""Which version of a run somebody has seen: the last ledger entry that changed anything told of it.

A name that was erased since makes no new version: nothing that was done changed with it.
"""

from collections.abc import Iterable

from redrabbit.domain.identity import RunId
from redrabbit.domain.records import PartToldRecord, RemarkRecord, RunRecord, SignatureRecord
from redrabbit.domain.subject import Subject
from redrabbit.services.ports import Reader, equals


def version_of(
    run: RunRecord,
    told: Iterable[PartToldRecord],
    remarks: Iterable[RemarkRecord],
    signatures: Iterable[SignatureRecord],
) -> int:
    """Return the version of a run with what was told and remarked of it, and who signed."""
    return max(
        run.entry,
        *(each.told_entry for each in told),
        *(each.remarked_entry for each in remarks),
        *(each.signed_entry for each in signatures),
        0,
    )


def run_version(reader: Reader, run_id: RunId) -> int | None:
    """Return the version of a run as it is recorded now; None where there is no such run."""
    run = reader.get(RunRecord, run_id)
    if run is None:
        return None
    of_run = equals("run_id", run_id)
    signed = (equals("subject", Subject.RUN), equals("subject_id", run_id))
    return version_of(
        run,
        reader.find(PartToldRecord, of_run),
        reader.find(RemarkRecord, of_run),
        reader.find(SignatureRecord, *signed),
    )
