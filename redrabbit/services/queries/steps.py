"""The steps of a run as its operator sees them: done, now, to come; and the one thing to do next.

The part under way is spelled out (take, put on, answer, give back); the parts before and after it
are one line each, so that the list stays short enough to read with gloves on.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from redrabbit.base.messages import Message
from redrabbit.domain.challenge_part import ChallengePart
from redrabbit.domain.plant import Plant
from redrabbit.domain.presentation_questions import deciding, was_silent
from redrabbit.domain.records import PresentationRecord, RunRecord
from redrabbit.domain.rule import DetectionRule
from redrabbit.domain.run_questions import parts_of, parts_to_come
from redrabbit.domain.run_words import RunState
from redrabbit.domain.text import Text
from redrabbit.services.queries.arming import HOLD, OCCUPIED, OPEN, SAY_HELD, SAY_HELD_AGAIN
from redrabbit.services.queries.people import Names, person
from redrabbit.services.queries.verdicts import verdict_word
from redrabbit.services.queries.wording import message

STATES: Final = (
    RunState.AWAITING_PART,
    RunState.ARMED,
    RunState.PRESENTED,
    RunState.AWAITING_RETURN,
)
"""The states in which a step is under way, in order; each is one line of the list."""
ASKS_TO_HOLD: Final = frozenset({HOLD, SAY_HELD, SAY_HELD_AGAIN})
"""What an armed run asks for while the feed isn't told to be held."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One line of the list of steps."""

    state: str
    """`done`, `now`, `to_come`; or `unconfirmed`: nobody knows whether it was done."""
    title: Message
    detail: Message | None
    verdict: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """The one thing to do now."""

    title: Message
    detail: Message
    part: str
    part_name: Text
    is_good_master: bool
    missing: Message
    """What is still missing before the run can be confirmed: said by the disabled button."""


def step_lines(
    plant: Plant,
    run: RunRecord,
    presentations: Sequence[PresentationRecord],
    names: Names,
    feed: StepLine | None = None,
    *,
    is_open: bool = False,
) -> tuple[StepLine, ...]:
    """Return the list of steps, the confirmation last; `feed` is the line that holds it, once a check.

    `is_open`: before the next one the time of the last verdict is waited for (decision 0024).
    """
    lines: list[StepLine] = []
    decided = deciding(presentations)
    for index, part_id in enumerate(parts_of(run)[: run.step + 1]):
        part = plant.part(part_id)
        presentation = decided.get(index)
        if index == run.step and run.state in STATES:
            under_way = _under_way(part, run, presentation, names)
            lines += under_way if feed is None else _with_feed(under_way, feed, run)
        elif presentation is not None:
            lines.append(_done(part, presentation))
    lines += [_to_come(plant.part(part)) for part in parts_to_come(run, presentations)]
    confirming = run.state is RunState.AWAITING_CONFIRMATION
    lines.append(
        StepLine(
            state="now" if confirming else "to_come",
            title=message("step.confirm"),
            detail=None,  # whoever is at the station then does, and that need not be who started it
        )
    )
    return tuple(_with_wait(lines) if is_open else lines)


def _with_wait(lines: Sequence[StepLine]) -> list[StepLine]:
    """Return the lines with that of the wait in front of all that is not done."""
    place = next(at for at, line in enumerate(lines) if line.state in {"now", "to_come"})
    wait = StepLine(state="now", title=message("step.verdict_open"), detail=None)
    rest = [replace(line, state="to_come") for line in lines[place:]]
    return [*lines[:place], wait, *rest]


def feed_line(
    run: RunRecord, rule: DetectionRule, names: Names, *, asks: str, is_held: bool
) -> StepLine | None:
    """Return the line that asks to hold the feed; None where no other part can be taken for ours (D29).

    `is_held`: a signal shows it, or a person said so. It is done by nothing else.
    """
    asks_for_it = rule.part_code is None and rule.presented is not None
    if not asks_for_it or run.state not in STATES or run.reason_code is not None:
        return None
    begun = run.step > 0 or run.state is not RunState.AWAITING_PART
    if asks in ASKS_TO_HOLD or (rule.held is None and asks == OCCUPIED):
        state = "now"
    elif is_held and begun:
        state = "done"
    else:
        state = "to_come" if run.state is RunState.AWAITING_PART else "unconfirmed"
    return StepLine(
        state=state,
        title=message("step.hold_feed"),
        detail=_feed_detail(run, names, state),
    )


def _feed_detail(run: RunRecord, names: Names, state: str) -> Message:
    if state == "unconfirmed":
        return message("step.hold_feed.unconfirmed")
    by = person(names, run.feed_held_by, run.feed_held_how, run.feed_held_entry)
    if state != "done" or run.feed_held_at is None or by is None:
        return message("step.hold_feed.detail")
    return message("step.taken", at=run.feed_held_at, by=by.in_sentence)


def _with_feed(under_way: list[StepLine], feed: StepLine, run: RunRecord) -> list[StepLine]:
    """Return the lines of a part with that of the feed: behind the taking of the first part."""
    place = 1 if run.step == 0 else 0
    rest = under_way[place:]
    if feed.state == "now":
        rest = [replace(line, state="to_come") if line.state == "now" else line for line in rest]
    return [*under_way[:place], feed, *rest]


def _under_way(
    part: ChallengePart, run: RunRecord, presentation: PresentationRecord | None, names: Names
) -> list[StepLine]:
    at = STATES.index(run.state)
    titles = (
        message("step.take", part=part.id),
        message("step.put_on", part=part.id),
        message("step.answer")
        if presentation is None or presentation.verdict is None
        else _verdict_title(presentation),
        message("step.give_back", part=part.id),
    )
    details = (
        message(
            "step.taken",
            at=presentation.issued_at,
            by=person(
                names, presentation.issued_by, presentation.issued_how, presentation.issued_entry
            ).in_sentence,
        )
        if presentation is not None and at > 0
        else message("step.take.detail", storage=part.storage, valid_until=part.valid_until),
        message(f"step.seen.{presentation.presented_how}", at=presentation.presented_at)
        if presentation is not None and presentation.presented_at is not None
        else None,
        _answer_detail(part, presentation),
        message("step.give_back.detail", storage=part.storage),
    )
    never: set[int] = set()
    if run.state is RunState.AWAITING_RETURN:  # what a stop or another part left out never happens
        never |= {1} if presentation is None or presentation.presented_at is None else set()
        never |= {2} if presentation is None or presentation.verdict is None else set()
    return [
        StepLine(
            state="done" if place < at else "now" if place == at else "to_come",
            title=titles[place],
            detail=details[place],
            verdict=presentation.verdict if presentation is not None and place == 2 else None,  # noqa: PLR2004  the third line
        )
        for place in range(len(STATES))
        if place not in never
    ]


def _done(part: ChallengePart, presentation: PresentationRecord) -> StepLine:
    return StepLine(
        state="done",
        title=message(
            "step.part_done",
            part=part.id,
            verdict=verdict_word(presentation.verdict, is_silent=was_silent(presentation)),
        )
        if presentation.verdict is not None
        else message("step.part_unjudged", part=part.id),
        detail=message("step.returned", at=presentation.given_back_at)
        if presentation.given_back_at
        else None,
        verdict=presentation.verdict,
    )


def _to_come(part: ChallengePart) -> StepLine:
    return StepLine(
        state="to_come",
        title=message("step.good_part" if part.is_good_master else "step.part", part=part.id),
        detail=message("step.must_pass" if part.is_good_master else "step.must_be_rejected"),
    )


def _verdict_title(presentation: PresentationRecord) -> Message:
    assert presentation.verdict is not None  # noqa: S101  the caller looked
    word = verdict_word(presentation.verdict, is_silent=was_silent(presentation))
    return message("step.verdict", verdict=word)


def _answer_detail(part: ChallengePart, presentation: PresentationRecord | None) -> Message:
    if (
        presentation is not None
        and presentation.verdict is not None
        and presentation.observed_code is not None
    ):
        return message("step.reject_code", code=presentation.observed_code)
    return message("step.must_pass" if part.is_good_master else "step.must_be_rejected")


def instruction(
    plant: Plant,
    run: RunRecord,
    *,
    asks: str,
    tells: Message | None,
    place: Text | str | None = None,
    left: timedelta | None,
    wait: timedelta | None,
    steps_left: int,
) -> Instruction:
    """Return the one thing to do now.

    `asks` is the run's state, or what exactly it waits for; `left` how long it still does,
    `wait` how long the part should not come yet, or the run not go on.
    `tells` is what is to be told of the part before that; None: nothing. `place` is the nest or pallet in which
    it is to lie, as was told.
    """
    part = plant.part(parts_of(run)[run.step])
    confirming = run.state is RunState.AWAITING_CONFIRMATION
    counts = not confirming or asks == OPEN or run.not_counted is None
    return Instruction(
        title=tells or message(f"do.{asks}", part=part.id, storage=part.storage, place=place),
        detail=_detail(part, asks, tells, left, wait)
        if counts
        else message(f"run.not_counted.{run.not_counted}"),
        part=part.id,
        part_name=part.name,
        is_good_master=part.is_good_master,
        missing=message("confirm.ready")
        if steps_left == 0
        else message("confirm.left", steps=steps_left),
    )


def _detail(
    part: ChallengePart,
    asks: str,
    tells: Message | None,
    left: timedelta | None,
    wait: timedelta | None,
) -> Message:
    if tells is not None:
        return message("tell.detail", part=part.id)
    return message(f"do.{asks}.detail", part=part.id, storage=part.storage, left=left, wait=wait)
