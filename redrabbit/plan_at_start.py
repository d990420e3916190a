"""Which control plan a start of the service puts in force: the file's, or the revision that a person stored (D44, D66).

As long as no revision that a person stored has taken effect, the file owns the plan: a changed one is taken, and one that
is to count later is scheduled; a workbook is taken at the first start only. From then on the database owns it, and a changed file is told, not taken.
"""

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from redrabbit.adopted_plant import adopted_files
from redrabbit.base.messages import zoned
from redrabbit.base.sentence import sentence
from redrabbit.config.plant import CALENDAR_DAYS, PLAN_TABLE, PLAN_YAML, read_configuration
from redrabbit.config.problem import ConfigurationProblems
from redrabbit.configuration_folder import workbook_of
from redrabbit.domain.facts.plan_revision import PlanOrigin, PlanState
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import ConfigurationRecord, PlanRevisionRecord
from redrabbit.exit_codes import PlanNotInForce
from redrabbit.services.changing_calendar import calendar_days_text, changes_of
from redrabbit.services.plan_revisions import (
    StagedPlan,
    plan_item,
    plans_in_force,
    scheduled_revisions,
)
from redrabbit.services.ports import Reader, equals
from redrabbit.services.taking_up import PlanChange

log = logging.getLogger("redrabbit.service")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanAtStart:
    """What a start begins with."""

    plant: Plant
    files: Mapping[str, str]
    """As they are in force: the plan is that of the revision in force."""
    passed: tuple[PlanChange, ...] = ()
    """Plans that took effect while nobody watched, the first one first."""
    staged: StagedPlan | None = None
    """The file's plan, where it is to count later."""
    not_taken: str | None = None
    """The file's plan, where it is new, and the database owns the plan."""


def with_plan(files: Mapping[str, str], content: str) -> dict[str, str]:
    """Return the texts of a configuration with another control plan in the place of its own."""
    rest = {name: text for name, text in files.items() if name not in {PLAN_YAML, PLAN_TABLE}}
    return rest | {PLAN_YAML: content}


def load_revised(files: Mapping[str, str], content: str) -> tuple[Plant, Mapping[str, str]] | str:
    """Return the configuration with another plan; what is wrong with it where it does not fit."""
    try:
        return read_configuration(with_plan(files, content), adopted=True)
    except ConfigurationProblems as problems:
        return str(problems)


def plan_at_start(
    reader: Reader,
    plant: Plant,
    files: Mapping[str, str],
    now: datetime,
    *,
    workbook: str | None = None,
    below: ConfigurationProblems | None = None,
) -> PlanAtStart:
    """Return what is in force now, of the folder's files and of what the database knows.

    A plan that was read from a workbook, of this digest, is taken at the first start only: later the plan that was adopted goes on,
    and a workbook that the database does not know is told (D66). `below` is what the folder's plan is below a customer's minimum:
    raised where that plan is taken, and a plan that the database owns goes on. Raises PlanNotInForce where nothing is, as the file's plan counts later and none was adopted before; ConfigurationProblems
    where the revision in force does not fit the stations and parts of the files.
    """
    begun = _plan_of(reader, plant, files, now, workbook, below=below)
    days = calendar_days_text(changes_of(reader))
    if begun.files.get(CALENDAR_DAYS) == days:
        return begun
    with_them, texts = load_days(begun.files, days)
    return replace(begun, plant=with_them, files=texts)


def load_days(files: Mapping[str, str], days: str | None) -> tuple[Plant, Mapping[str, str]]:
    """Return the configuration with what people have set of the calendars; None: nothing."""
    rest = {name: text for name, text in files.items() if name != CALENDAR_DAYS}
    return read_configuration(rest if days is None else rest | {CALENDAR_DAYS: days}, adopted=True)


def _plan_of(
    reader: Reader,
    plant: Plant,
    files: Mapping[str, str],
    now: datetime,
    workbook: str | None,
    *,
    below: ConfigurationProblems | None,
) -> PlanAtStart:
    adopted = None if workbook is None else adopted_files(reader)
    if workbook is None or adopted is None:
        return _of_files(reader, plant, files, now, below=below)
    name = PLAN_TABLE if PLAN_TABLE in adopted else PLAN_YAML
    rest = {each: text for each, text in files.items() if each != PLAN_YAML}
    kept, texts = read_configuration(rest | {name: adopted[name]}, adopted=True)
    begun = _of_files(reader, kept, texts, now)
    is_known = _knows_workbook(reader, workbook)
    return replace(begun, not_taken=None if is_known else plant.plan.label)


def _knows_workbook(reader: Reader, workbook: str) -> bool:
    """Tell whether a plan was read from this workbook before: at a start, or by an import."""
    if reader.count(PlanRevisionRecord, equals("source_digest", workbook)):
        return True
    return any(
        workbook_of(json.loads(each.content).get(PLAN_YAML, "")) == workbook
        for each in reader.find(ConfigurationRecord)
    )


def _of_files(
    reader: Reader,
    plant: Plant,
    files: Mapping[str, str],
    now: datetime,
    *,
    below: ConfigurationProblems | None = None,
) -> PlanAtStart:
    waiting = [each for each in scheduled_revisions(reader) if _counts(each, now)]
    adopted = adopted_files(reader)
    passed = tuple(_passed(adopted, waiting))
    fitting = {change.digest for change in passed}
    owned = _owned_by_people(reader, [each for each in waiting if each.digest in fitting])
    if owned is not None:
        # adopted: a minimum that is new must not keep a service from watching; the page of the plan tells it
        with_it, texts = read_configuration(with_plan(files, owned.content), adopted=True)
        known = {item.digest for item in plans_in_force(reader)} | {
            each.digest for each in reader.find(PlanRevisionRecord)
        }
        is_new = plan_item(plant).digest not in known
        return PlanAtStart(
            plant=with_it,
            files=texts,
            passed=passed,
            not_taken=plant.plan.label if is_new else None,
        )
    if below is not None:
        raise below
    effective_from = plant.plan.effective_from
    if effective_from is None or not counts_later(plant, now):
        return PlanAtStart(plant=plant, files=files, passed=passed)
    in_force = passed[-1].files if passed else adopted
    plan_text = None if in_force is None else in_force.get(PLAN_YAML, in_force.get(PLAN_TABLE))
    if in_force is None or plan_text is None:
        raise not_in_force(plant, now)
    name = PLAN_TABLE if PLAN_TABLE in files else PLAN_YAML
    staged = StagedPlan(
        item=plan_item(plant), content=files[name], effective_at=effective_from, file=name
    )
    rest = {each: text for each, text in files.items() if each != name}
    own_name = PLAN_YAML if PLAN_YAML in in_force else PLAN_TABLE
    before, texts = read_configuration(rest | {own_name: plan_text}, adopted=True)
    return PlanAtStart(plant=before, files=texts, passed=passed, staged=staged)


def counts_later(plant: Plant, now: datetime) -> bool:
    """Tell whether the plan of a configuration is to count from a moment still to come."""
    return plant.plan.effective_from is not None and plant.plan.effective_from > now


def not_in_force(plant: Plant, now: datetime) -> PlanNotInForce:
    """Return the error that the file's plan counts later, and none is in force until then."""
    assert plant.plan.effective_from is not None  # noqa: S101  asked before
    return PlanNotInForce(
        sentence(
            "{plan} takes effect at {at}, and it is {now}; expected the control plan that is in force now",
            plan=plant.plan.label,
            at=zoned(plant.plan.effective_from, plant.zone),
            now=zoned(now, plant.zone),
        )
    )


def _counts(revision: PlanRevisionRecord, now: datetime) -> bool:
    return revision.effective_at is not None and revision.effective_at <= now


def _passed(
    adopted: Mapping[str, str] | None, waiting: list[PlanRevisionRecord]
) -> list[PlanChange]:
    """Return what each plan that took effect meanwhile made of the configuration of then; one that does not fit is held back later."""
    changes = []
    for each in waiting if adopted is not None else ():
        loaded = load_revised(adopted or {}, each.content)
        if not isinstance(loaded, str) and each.effective_at is not None:
            plant, files = loaded
            change = PlanChange(digest=each.digest, at=each.effective_at, plant=plant, files=files)
            changes.append(change)
    return changes


def _owned_by_people(
    reader: Reader, waiting: list[PlanRevisionRecord]
) -> PlanRevisionRecord | None:
    """Return the revision in force by now, once one that a person stored has taken effect; None: the file owns the plan."""
    ended = reader.find(PlanRevisionRecord, equals("state", PlanState.SUPERSEDED))
    in_force = reader.find(PlanRevisionRecord, equals("state", PlanState.IN_FORCE))
    took_effect = (*ended, *in_force, *waiting)
    if not any(each.origin is PlanOrigin.IMPORT for each in took_effect):
        return None
    return (waiting or in_force)[-1]


def tell_not_taken(begun: PlanAtStart) -> None:
    """Say in the log that the file's plan is not taken."""
    if begun.not_taken is not None:
        log.warning(
            "the plan of the file is not taken: the database owns the plan",
            extra={"file": begun.not_taken, "in_force": begun.plant.plan.label},
        )
