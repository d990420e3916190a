"""`redrabbit plan try-out`: a control plan played over a month before it is approved, on the service's own scheduler; nothing is stored."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Final

from redrabbit.adopted_plant import adopted_files, plant_in_force
from redrabbit.base.bounded import read_at_most
from redrabbit.base.clock import wall_now
from redrabbit.base.printable import columns, complain, put_out, spoken, visible_json
from redrabbit.base.sentence import Sentence, sentence
from redrabbit.configuration_folder import configuration_in
from redrabbit.domain.identity import CheckId, LineId
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import CheckRecord
from redrabbit.exit_codes import FOUND, WRONG_USE, exit_code_of
from redrabbit.plan_at_start import load_revised
from redrabbit.plan_desk import read_with_answers
from redrabbit.plan_import.compare import compare
from redrabbit.plan_import.finding import Kind
from redrabbit.plan_import.open_book import NotReadable
from redrabbit.plan_import.plan_text import plan_text
from redrabbit.services.plan_forms import PlanKnown, plans_known
from redrabbit.services.plan_looking import PlanAnswers
from redrabbit.services.plan_revisions import revision_said
from redrabbit.services.ports import Reader
from redrabbit.services.queries.try_out import Declared, TryOut, coming_month, month_span, try_out
from redrabbit.store.reading_database import open_for_reading
from redrabbit.try_out_words import as_json, in_words, side_by_side

MOST_BYTES: Final = 20_000_000
_OWN_FORM: Final = frozenset({".yaml", ".yml"})

Said = tuple[tuple[str | None, Fraction], ...]
"""Values for all, or each for what it names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be tried out, and what is declared for it."""

    plan: str | None
    """A file, a revision or a digest; None: the plan in force."""
    against: str | None
    month: date | None
    """None: the month that comes next."""
    per_hour: Said
    minutes: Said
    to_shipping: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    plant: Plant
    files: Mapping[str, str]
    ids: frozenset[str]
    reader: Reader | None
    now: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """The plant with a plan that was named."""

    plant: Plant
    open_questions: tuple[Sentence, ...] = ()
    """What it is read as proposed for."""


class _NotTaken(Exception):
    """A plan that can't be tried out, and why, line by line."""

    def __init__(self, *why: str | Sentence) -> None:
        self.why = why
        super().__init__(*why)


def try_plans_out(
    asked: Asked, folder: Path | None, database_url: str | None, *, as_json_line: bool
) -> int:
    """Print what one plan comes to over a month, or two side by side; 1 where one can't be read, 2 where something unknown is named."""

    def work() -> int:
        if folder is not None:
            found = configuration_in(folder)
            known = _Known(
                plant=found.plant,
                files=found.files,
                ids=frozenset(),
                reader=None,
                now=wall_now(),
            )
            return _tried(asked, known, as_json_line=as_json_line)
        if database_url is None:
            raise ValueError("neither a configuration nor a database")
        with open_for_reading(database_url) as database:
            return database.read_now(
                lambda reader: _tried(asked, _recorded(reader), as_json_line=as_json_line)
            )

    return exit_code_of(work)


def _recorded(reader: Reader) -> _Known:
    return _Known(
        plant=plant_in_force(reader),
        files=adopted_files(reader) or {},
        ids=frozenset(each.check_id for each in reader.find(CheckRecord)),
        reader=reader,
        now=wall_now(),
    )


def _tried(asked: Asked, known: _Known, *, as_json_line: bool) -> int:
    names = [asked.plan] if asked.against is None else [asked.plan, asked.against]
    try:
        named = [_plant_of(each, known) for each in names]
    except _NotTaken as problem:
        complain(*problem.why)
        return FOUND
    unknown = _unknown_names(asked, [each.plant for each in named])
    if unknown:
        complain(*unknown)
        return WRONG_USE
    month = asked.month or coming_month(known.plant, known.now)
    span, declared = month_span(known.plant, month), _declared(asked)
    found = [_try_out(each, known, span, declared) for each in named]
    if as_json_line:
        told = [as_json(each, known.plant, spoken()) for each in found]
        put_out(visible_json({"plans": told}))
        return 0
    _print(found, known.plant)
    return 0


def _try_out(
    named: _Named, known: _Known, span: tuple[datetime, datetime], declared: Declared
) -> TryOut:
    found = try_out(known.reader, named.plant, span, declared, known.now)
    return replace(found, taken=replace(found.taken, open_questions=named.open_questions))


def _print(found: list[TryOut], plant: Plant) -> None:
    if len(found) > 1:
        put_out(*columns(side_by_side(found[0], found[1], plant, spoken())), "")
    for each in found:
        put_out(*in_words(each, plant))
    put_out(sentence("nothing was stored: this only plays the plan"))


def _plant_of(said: str | None, known: _Known) -> _Named:
    """Return the plant with the plan that is named: a file, a revision, a digest; none: the one in force."""
    if said is None:
        return _Named(plant=known.plant)
    path, asked = Path(said), tuple[Sentence, ...]()
    if path.is_file() and path.suffix.lower() in _OWN_FORM:
        text = read_at_most(path, MOST_BYTES, "a control plan").decode("utf-8", errors="replace")
    elif path.is_file():
        text, asked = _imported(path, known)
    elif known.reader is not None:
        text = revision_said(known.reader, said).content
    else:
        raise _NotTaken(sentence("{file}: there is no such file", file=path))
    loaded = load_revised(known.files, text)
    if isinstance(loaded, str):
        raise _NotTaken(sentence("{plan} does not fit the plant:", plan=said), loaded)
    return _Named(plant=loaded[0], open_questions=asked)


def _imported(path: Path, known: _Known) -> tuple[str, tuple[Sentence, ...]]:
    """Return the text of a plan in a plant's own form, and its open questions, which are taken as proposed; what was answered about its form counts."""
    before = PlanKnown() if known.reader is None else plans_known(known.reader)
    try:
        read = read_with_answers(path, None, PlanAnswers(), before, known.plant)
    except NotReadable as problem:
        raise _NotTaken(problem.words) from problem
    compare(read, known.plant, known.now)
    text = plan_text(read, known.plant, known.ids)
    errors = read.findings.by_kind[Kind.ERROR]
    if text is None or errors:
        raise _NotTaken(
            sentence("{file} has errors, and is not tried out:", file=path),
            *(sentence("  {at}: {problem}", at=each.at, problem=each.words) for each in errors),
        )
    asked = read.findings.by_kind[Kind.QUESTION]
    return text, tuple(sentence("{at}: {problem}", at=e.at, problem=e.words) for e in asked)


def _unknown_names(asked: Asked, plants: list[Plant]) -> list[Sentence]:
    lines = {line.id for plant in plants for line in plant.lines}
    checks = {check.id for plant in plants for check in plant.plan.checks}
    return [
        *(
            sentence("{line}: no line of the plant is called so", line=name)
            for name, _ in asked.per_hour
            if name is not None and name not in lines
        ),
        *(
            sentence("{check}: no check of the plan is called so", check=name)
            for name, _ in asked.minutes
            if name is not None and name not in checks
        ),
    ]


def _declared(asked: Asked) -> Declared:
    minutes = {name: float(value) for name, value in asked.minutes}
    rates = dict(asked.per_hour)
    return Declared(
        per_hour=rates.get(None),
        per_hour_of={LineId(name): rate for name, rate in rates.items() if name is not None},
        minutes=minutes.get(None),
        minutes_of={CheckId(name): each for name, each in minutes.items() if name is not None},
        to_shipping=asked.to_shipping,
    )
