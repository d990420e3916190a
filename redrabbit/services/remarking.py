"""Remarks on runs: kept with the run, and changing nothing of it."""

from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.remark import RunRemarked
from redrabbit.domain.identity import Actor, RunId
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import RemarkRecord, RunRecord
from redrabbit.domain.text import MOST_REASON_CHARACTERS, TextProblem, clean_text
from redrabbit.services.ports import UnitOfWork, equals
from redrabbit.services.record_fact import record


def remark(uow: UnitOfWork, run_id: RunId, *, text: str, actor: Actor) -> RemarkRecord:
    """Keep a remark on a run, whether it is under way or closed; refused for an unknown one."""
    words = clean_text(text, MOST_REASON_CHARACTERS)
    if isinstance(words, TextProblem):
        raise Refusal(words.code, **words.params)
    run = uow.get(RunRecord, run_id)
    if run is None:
        raise Refusal("no_such_run", run=run_id)
    place = uow.count(RemarkRecord, equals("run_id", run_id)) + 1
    record(uow, RunRemarked(run_id=run_id, place=place, text=words), stream=run.line, actor=actor)
    return recorded(uow, RemarkRecord, run_id, place)
