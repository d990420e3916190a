"""A good verdict stays open until its rule's time is over: the station may still take it back.

The opposite answer, or another reason, may follow for the same part (R16, D31). Whoever gives the part
back, confirms, or takes the next part ends nothing of that (decision 0024): until then the run does not
close, and no other part is armed. What ends it early is what makes the station speak of something else:
the next part, or a machine that was restarted.
"""

from dataclasses import replace
from datetime import datetime

from redrabbit.domain.errors import Refusal
from redrabbit.domain.evidence import Evidence
from redrabbit.domain.run import Advance, Observed, Run, VerdictContradicted, instant_of
from redrabbit.domain.run_observation import watched
from redrabbit.domain.run_words import Presented, RunState
from redrabbit.domain.verdict import contradiction


def open_verdict(run: Run) -> Evidence | None:
    """Return what a good verdict rests on that the station may still take back; None where it can't."""
    evidence, judgement = run.evidence, run.steps[_judged(run)].judgement
    if evidence is None or judgement is None or not judgement.verdict.is_good:
        return None
    if evidence.another_part or evidence.machine.restarted:
        return None
    if evidence.presented_how is Presented.STATED:
        return None  # this station can't tell the next part from ours
    return evidence


def open_until(run: Run) -> datetime | None:
    """Return the last instant at which the station may take a verdict back; None where it can't."""
    evidence = open_verdict(run)
    return evidence.deadline_at if evidence is not None else None


def left_open(run: Run, at: datetime) -> Evidence | None:
    """Return what is to be watched on after an act; None where nothing more can be taken back."""
    until = open_until(run)
    return run.evidence if until is not None and at <= until else None


def refuse_open(run: Run, at: datetime) -> None:
    """Raise Refusal while the verdict before this act is still open."""
    until = open_until(run)
    if until is not None and at <= until:
        raise Refusal("verdict_open", run=run.id, until=until)


def watch_open(run: Run, event: Observed) -> Advance:
    """Take a good verdict back where the opposite answer, or another reason, follows (R16, D31)."""
    at = event.acquisition.window.ended_at
    evidence = left_open(run, at)
    if evidence is None:
        return run, ()
    index = _judged(run)
    gathered = watched(run.steps[index].expectation.part, evidence, event)
    seen = replace(run, evidence=gathered)
    corrected = contradiction(gathered, at)
    if corrected is None:
        return seen, ()
    step = replace(run.steps[index], judgement=corrected)
    return (
        replace(seen, index=index).with_step(step),
        (VerdictContradicted(at=at, step=index, judgement=corrected),),
    )


def watch_given_back(run: Run, event: Observed) -> Advance:
    """Do so with the part in its place; once it is taken back, or its time over, nothing is watched any more.

    So what is not recorded from then on takes nothing from the run (`run_closing.leave_unrecorded`).
    """
    watched_on, effects = watch_open(run, event)
    still_open = None if effects else left_open(watched_on, instant_of(event))
    return replace(watched_on, evidence=still_open), effects


def _judged(run: Run) -> int:
    """Return the step that was judged last: once its part is back, the next one is waited for."""
    awaits_next = run.state is RunState.AWAITING_PART and run.index > 0
    return run.index - 1 if awaits_next else run.index
