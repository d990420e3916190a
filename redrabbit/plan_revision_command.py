"""`redrabbit plan import --commit`, `list`, `show`, `approve` and `discard`: revisions of the plan, at the server.

What writes does so with the service stopped, as `redrabbit people` does; what only reads works beside it. A plan is approved here by naming the
document of the other system by which that was done (D45).
"""

import hashlib
from collections.abc import Callable, Mapping
from datetime import date, datetime
from pathlib import Path

from redrabbit.adopted_plant import adopted_files, plant_in_force
from redrabbit.base.bounded import read_at_most
from redrabbit.base.clock import wall_now
from redrabbit.base.messages import zoned
from redrabbit.base.printable import columns, complain, put_out
from redrabbit.base.sentence import Sentence, sentence
from redrabbit.config.plant import PLAN_TABLE, PLAN_YAML
from redrabbit.domain.customer_minimum import refuse_below
from redrabbit.domain.facts.plan_revision import PlanState
from redrabbit.domain.identity import SERVER
from redrabbit.domain.plan_acts import ApprovePlan
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import PlanRevisionRecord
from redrabbit.exit_codes import FOUND, exit_code_of
from redrabbit.people_command import at_the_server
from redrabbit.plan_at_start import load_revised
from redrabbit.plan_command import told_in_words
from redrabbit.plan_desk import InForce, look_at_file
from redrabbit.plan_import.dry_run import DryRun
from redrabbit.plan_import.finding import Kind
from redrabbit.plan_import.open_book import NotReadable
from redrabbit.plan_import.plan_text import CLOSES_AFTER, GRACE, OPENS_BEFORE
from redrabbit.services import plan_revisions
from redrabbit.services.approving import approve_at_server
from redrabbit.services.plan_forms import PlanKnown, plans_known
from redrabbit.services.plan_looking import PlanAnswers, PlanLooked, not_answered
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.queries.people import Names, names_in
from redrabbit.store.reading_database import open_for_reading

STATES = {
    PlanState.DRAFT: sentence("draft"),
    PlanState.APPROVED: sentence("approved"),
    PlanState.SCHEDULED: sentence("scheduled"),
    PlanState.IN_FORCE: sentence("in force"),
    PlanState.SUPERSEDED: sentence("superseded"),
    PlanState.DISCARDED: sentence("discarded"),
}
MOST_BYTES = 20_000_000


def commit_plan(
    file: Path,
    sheet: str | None,
    database_url: str,
    key_file: Path | None,
    answers_of: Callable[[], PlanAnswers],
) -> int:
    """Store a plan as a draft; 1, and nothing is stored, where anything is wrong or was not answered."""

    def work() -> int:
        answers = answers_of()
        with open_for_reading(database_url) as database:
            plant, files, known, names = database.read_now(_known)
        beside = InForce(plant=plant, files=files, now=wall_now())
        try:
            looked, read, compared = look_at_file(file, sheet, answers, known, beside=beside)
        except NotReadable as problem:
            complain(problem.words)
            return FOUND
        put_out(*told_in_words(read, compared, known, names))
        new = looked.new
        if new is None:
            put_out(*_why_not(read, looked, answers))
            return FOUND
        kept = at_the_server(
            database_url,
            key_file,
            lambda uow, now: plan_revisions.store_draft(uow, now, new, actor=SERVER),
        )
        put_out(
            sentence(
                "{plan} is stored as a draft; it changes nothing until it is approved: redrabbit plan approve {digest}",
                plan=kept.label,
                digest=kept.digest[:12],
            ),
            sentence(
                "where the plan says nothing of a new check's window: it opens {opens} before, is overdue {grace} after and lapses {closes} after it is due",
                opens=OPENS_BEFORE,
                grace=GRACE,
                closes=CLOSES_AFTER,
            ),
        )
        return 0

    return exit_code_of(work)


def _digest_of(file: Path) -> str:
    return hashlib.sha256(read_at_most(file, MOST_BYTES, "a control plan")).hexdigest()


def _known(reader: Reader) -> tuple[Plant, Mapping[str, str], PlanKnown, Names]:
    files = adopted_files(reader) or {}
    return plant_in_force(reader), files, plans_known(reader), names_in(reader)


def _why_not(read: DryRun, looked: PlanLooked, answers: PlanAnswers) -> list[Sentence]:
    """Return what stands against storing it: errors that the file alone does not show, and questions that nobody answered."""
    shown = read.findings.by_kind[Kind.ERROR]
    beside = [
        sentence("  {at}: {problem}", at=each.at, problem=each.words)
        for each in looked.errors
        if all(each.words != one.words for one in shown)
    ]
    left = set(not_answered(looked, answers))
    if looked.errors or not left:
        return [sentence("nothing was stored: correct the errors first"), *beside]
    return [
        sentence("nothing was stored; to be answered first, with --answer PLACE=WORDS:"),
        *(
            sentence("  {at}: {problem}", at=each.answered_by, problem=each.words)
            for each in looked.questions
            if each.answered_by in left
        ),
        *(
            sentence("  check {check} is left out: say --retire {check}=REASON", check=check)
            for check in looked.left_out
            if check in left
        ),
    ]


def list_plans(database_url: str) -> int:
    """Print the revisions that the database knows, the last stored first, and what is in force."""

    def work() -> int:
        with open_for_reading(database_url) as database:
            plant, found = database.read_now(
                lambda reader: (plant_in_force(reader), reader.find(PlanRevisionRecord))
            )
        put_out(sentence("in force: {plan}", plan=plant.plan.label))
        rows = [
            (
                each.label,
                each.digest[:12],
                STATES[each.state],
                zoned(each.effective_at, plant.zone) if each.effective_at is not None else "-",
                each.source_file or "-",
            )
            for each in sorted(found, key=lambda each: each.stored_entry, reverse=True)
        ]
        put_out(*columns(rows))
        return 0

    return exit_code_of(work)


def show_plan(database_url: str, as_of: datetime | None) -> int:
    """Print the plan that was in force at an instant, as a plan file; now where none is named. 1 where none was."""

    def work() -> int:
        with open_for_reading(database_url) as database:
            text = database.read_now(
                lambda reader: _text_at(reader, wall_now() if as_of is None else as_of)
            )
        if text is None:
            complain(sentence("no plan was in force then"))
            return FOUND
        put_out(*text.rstrip("\n").split("\n"))
        return 0

    return exit_code_of(work)


def _text_at(reader: Reader, at: datetime) -> str | None:
    """Return the text of the plan in force at an instant, by what was adopted until then."""
    digest = plan_revisions.plan_digest_at(reader, at)
    if digest is None:
        return None
    revision = reader.get(PlanRevisionRecord, digest)
    if revision is not None:
        return revision.content
    return plan_revisions.adopted_text(reader, digest, (PLAN_YAML, PLAN_TABLE))


def approve_plan(
    database_url: str,
    key_file: Path | None,
    plan: str,
    document: tuple[str, date, Path | None],
    effective_at: datetime | None,
) -> int:
    """Say by which document of another system a plan was approved, and let it count from an instant, or the next shift start.

    `document` is its number, the day of the approval, and a picture or file that shows it, of which the digest is kept.
    """
    picture, shown = document[2], None

    def command(uow: UnitOfWork, plant: Plant) -> Sentence:
        known = plan_revisions.revision_said(uow, plan)
        loaded = load_revised(adopted_files(uow) or {}, known.content)
        if not isinstance(loaded, str):
            refuse_below(known.label, loaded[0].below)
        if known.state is PlanState.DRAFT:
            approve_at_server(
                uow,
                plant,
                ApprovePlan(
                    digest=known.digest,
                    elsewhere_number=document[0],
                    elsewhere_on=document[1],
                    elsewhere_digest=shown,
                ),
            )
        kept = plan_revisions.schedule(uow, plant, known.digest, at=effective_at, actor=SERVER)
        assert kept.effective_at is not None  # noqa: S101  it is scheduled
        return sentence(
            "{plan} takes effect at {at}, by itself while the service runs, or when it is started",
            plan=kept.label,
            at=zoned(kept.effective_at, plant.zone),
        )

    def work() -> int:
        nonlocal shown
        if picture is not None:
            shown = _digest_of(picture)
        put_out(at_the_server(database_url, key_file, command))
        return 0

    return exit_code_of(work)


def discard_plan(database_url: str, key_file: Path | None, plan: str, reason: str) -> int:
    """Take back a revision that never took effect."""

    def command(uow: UnitOfWork, plant: Plant) -> Sentence:
        del plant
        known = plan_revisions.revision_said(uow, plan)
        plan_revisions.discard(uow, known.digest, reason=reason, actor=SERVER)
        return sentence("{plan} is discarded; it stays on record", plan=known.label)

    def work() -> int:
        put_out(at_the_server(database_url, key_file, command))
        return 0

    return exit_code_of(work)
