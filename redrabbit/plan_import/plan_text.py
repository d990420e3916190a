"""A plan that was read, in the words of the plan file: what a revision is stored as (D44, D55)."""

import json
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.domain.control_plan import Check
from redrabbit.domain.identity import CheckId
from redrabbit.domain.plant import Plant
from redrabbit.domain.rotation import rotation_text
from redrabbit.domain.schedule_words import schedule_text
from redrabbit.plan_import.compare import kept_lines
from redrabbit.plan_import.difference import pairs_of
from redrabbit.plan_import.dry_run import DryRun
from redrabbit.plan_import.finding import Kind
from redrabbit.plan_import.line_terms import ANY
from redrabbit.plan_import.plan_line import PlanLine
from redrabbit.plan_import.trigger_rules import rule_of
from redrabbit.plan_import.trigger_words import frequency_in_words

OPENS_BEFORE: Final = "30 min"
GRACE: Final = "30 min"
CLOSES_AFTER: Final = "4 h"
"""The window of a new check of which the plan says nothing."""
LONGEST_ID: Final = 50
_TERMS: Final = {
    "opens_before": "opens_before",
    "grace": "grace",
    "closes_after": "closes_after",
    "arming_timeout": "arming_timeout",
    "return_timeout": "return_timeout",
    "run_timeout": "run_timeout",
    "inconclusive_runs": "escalate_after_inconclusive",
}
"""A line's term → its key in the plan file."""
_USUAL: Final = {
    "opens_before": OPENS_BEFORE,
    "grace": GRACE,
    "closes_after": CLOSES_AFTER,
}


def plan_text(read: DryRun, plant: Plant, known_ids: Collection[str]) -> str | None:
    """Return the plan in the words of the plan file; None, with what is wrong among the errors, where it can't be said.

    A line of a check that is there keeps its id, and what the file does not say of it. `known_ids` are those of all checks that ever
    were: none is used again for another.
    """
    at, errors = read.sheet or read.book.file, len(read.findings.by_kind[Kind.ERROR])
    for name in ("number", "revision"):
        if not read.plan.get(name):
            read.findings.error(
                f"no_plan_{name}", at, sentence("the plan does not say its {name}", name=name)
            )
    lines = [line for line in read.lines if line.device is not None]
    if not lines:
        read.findings.error("no_checks", at, sentence("no line of the plan verifies a device"))
    before = kept_lines(plant.plan)
    pairs = pairs_of(before, lines)
    checks = {check.id: check for check in plant.plan.checks}
    taken = set(known_ids) | set(checks)
    told: list[str] = []
    for number, line in enumerate(lines):
        kept = pairs.get(number)
        check = None if kept is None else checks[CheckId(kept.at)]
        check_id = check.id if check is not None else _new_id(line, taken)
        taken.add(check_id)
        told += [
            f"  {check_id}:",
            *(f"    {key}: {_said(v)}" for key, v in _keys(read, line, kept, check)),
        ]
    if len(read.findings.by_kind[Kind.ERROR]) > errors:
        return None
    head = [
        f"control_plan: {_said(str(read.plan['number']))}",
        f"revision: {_said(str(read.plan['revision']))}",
        "checks:",
    ]
    return "\n".join([*head, *told, ""])


def _said(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _keys(
    read: DryRun, line: PlanLine, kept: PlanLine | None, check: Check | None
) -> Iterator[tuple[str, object]]:
    yield "plan_line", line.line or (check.plan_line if check is not None else line.at)
    yield "pfmea", line.pfmea or (check.pfmea if check is not None else "-")
    yield "device", line.device
    parts = line.parts or (check.parts if check is not None else ())
    yield "parts", list(parts)
    rule = rule_of(line.frequency)
    if (
        kept is not None
        and check is not None
        and kept.frequency.triggers == line.frequency.triggers
    ):
        rule = check.schedule
    if rule is None:
        read.findings.error(
            "not_scheduled_yet",
            line.at,
            sentence(
                "{due}: this can't be scheduled yet; say it otherwise, or keep the line out of this plan",
                due=frequency_in_words(line.frequency),
            ),
        )
    else:
        yield "schedule", schedule_text(rule)
    yield from _terms(line, kept)
    special = line.special
    if special is None and check is not None:
        special = check.special_characteristic
    if special:
        yield "special_characteristic", special
    if check is not None and check.rotation is not None:  # no form has a column for it
        yield "rotation", rotation_text(check.rotation)
    reaction = _reaction(line, check)
    if not reaction:
        read.findings.error(
            "no_reaction",
            line.at,
            sentence("no reaction: what is done after a part was not detected?"),
        )
    yield "reaction", reaction


def _terms(line: PlanLine, kept: PlanLine | None) -> Iterator[tuple[str, object]]:
    said = line.terms.as_json()
    before: Mapping[str, str | None] = {} if kept is None else kept.terms.as_json()
    for term, key in _TERMS.items():
        value = said[term] or before.get(term) or _USUAL.get(term)
        if value is not None:
            yield key, int(value) if term == "inconclusive_runs" else value
    grade = said["least_grade"] or before.get("least_grade")
    if grade is not None and grade != ANY:
        yield "least_grade", grade


def _reaction(line: PlanLine, check: Check | None) -> list[dict[str, str]]:
    """Return the steps in both languages; one that the plan says in one language only is shown so to everybody.

    A step that is worded as the check has it keeps both of its languages.
    """
    if not line.reaction:
        return [] if check is None else [{"en": each.en, "zh": each.zh} for each in check.reaction]
    also = line.reaction_also if len(line.reaction_also) == len(line.reaction) else line.reaction
    steps = []
    for number, (step, other) in enumerate(zip(line.reaction, also, strict=True)):
        kept = (
            check.reaction[number] if check is not None and number < len(check.reaction) else None
        )
        if kept is not None and step in {kept.en, kept.zh} and other in {step, kept.en, kept.zh}:
            steps.append({"en": kept.en, "zh": kept.zh})
        elif _is_chinese(step) and not _is_chinese(other):
            steps.append({"en": other, "zh": step})
        else:
            steps.append({"en": step, "zh": other})
    return steps


def _is_chinese(text: str) -> bool:
    return any("一" <= letter <= "鿿" for letter in text)


def _new_id(line: PlanLine, taken: Collection[str]) -> str:
    """Return an id of plan line and device that no check ever had."""
    words = unicodedata.normalize("NFKC", f"{line.device}-{line.line or ''}").lower()
    slug = re.sub(r"[^a-z0-9]+", "-", words).strip("-")[:LONGEST_ID] or "check"
    found, number = slug, 1
    while found in taken:
        number += 1
        found = f"{slug}-{number}"
    return found
