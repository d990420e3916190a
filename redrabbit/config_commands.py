"""Commands on configuration: check-config, init, schema, holidays. No database, no service."""

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path

from redrabbit.base.clock import wall_now
from redrabbit.base.printable import complain, put_out, spoken
from redrabbit.base.public_holidays import WorkedInstead, public_holidays
from redrabbit.base.sentence import Sentence, sentence, words_of
from redrabbit.config.explanation import explain
from redrabbit.config.people_words import NAME, explain_people
from redrabbit.config.receiver_words import explain_receiver
from redrabbit.config.template import write_template
from redrabbit.configuration_folder import advice_in
from redrabbit.domain.plant import Plant
from redrabbit.domain.schedule_rules import WEEKDAYS
from redrabbit.exit_codes import FOUND, WRONG_USE, exit_code_of
from redrabbit.plan_import.check_words import explain_check


def check_configuration(folder: Path, explained: str | None = None) -> int:
    """Name every problem of a configuration, or what would be better said; or explain a station, a receiver, a check or the rules about people.

    0 where there is no problem.
    """

    def work() -> int:
        plant, advice = advice_in(folder)
        if explained is not None:
            return _explain(plant, explained)
        put_out(
            *(
                sentence(
                    "{place}: advice: {found}; say {expected}",
                    place=each.place,
                    found=each.found,
                    expected=each.expected,
                )
                for each in advice
            ),
            sentence(
                "{plant}: no problem (lines: {lines}, stations: {stations}, checks: {checks}, challenge parts: {parts}, "
                "receivers: {receivers}, receivers of checkpoints: {keepers})",
                plant=plant.name,
                lines=len(plant.lines),
                stations=len(plant.stations),
                checks=len(plant.plan.checks),
                parts=len(plant.parts),
                receivers=len(plant.targets),
                keepers=sum(target.checkpoints for target in plant.targets),
            ),
        )
        return 0

    return exit_code_of(work)


def _explain(plant: Plant, name: str) -> int:
    explained: dict[str, Callable[[], list[str]]] = {
        NAME: partial(explain_people, plant.people),
        **{
            target.name: partial(explain_receiver, target, plant.escalation)
            for target in plant.targets
        },
        **{
            check.id: partial(explain_check, check, plant, wall_now())
            for check in plant.plan.checks
        },
        **{station.id: partial(explain, station) for station in plant.stations},
    }
    if name not in explained:
        complain(
            sentence(
                "no station, receiver or check {name!r}; expected one of {known}; or people",
                name=name,
                known=", ".join(sorted(explained.keys() - {NAME})),
            )
        )
        return FOUND
    put_out(*explained[name]())
    return 0


def write_configuration(folder: Path) -> int:
    """Write a commented configuration to start from."""

    def work() -> int:
        write_template(folder, spoken())
        put_out(sentence("wrote {folder}; next: redrabbit check-config {folder}", folder=folder))
        return 0

    return exit_code_of(work)


def print_holidays(country: str, year: int, region: str | None) -> int:
    """Print the public holidays of a year, and its make-up days, as lines of a calendar in plant.yaml; 2 where none are known."""

    def work() -> int:
        try:
            found = public_holidays(country, year, region=region, language=spoken())
        except ValueError as problem:
            complain(words_of(problem))
            return WRONG_USE
        put_out("    holidays:", *(f"      - {each.day}  # {each.name}" for each in found.holidays))
        if found.make_up_days:
            put_out("    make_up_days:", *map(_make_up_line, found.make_up_days))
        put_out(
            sentence(
                "# as the package `holidays` knows them: compare them with what was announced, and leave out what your plant works"
            )
        )
        return 0

    return exit_code_of(work)


def _make_up_line(worked: WorkedInstead) -> str | Sentence:
    if worked.instead_of is None:
        return sentence("      # - {day}: as which day of the week?", day=worked.day)
    weekday = WEEKDAYS[worked.instead_of.weekday()]
    return sentence(
        "      - {{day: {day}, as: {weekday}}}  # for {instead_of}",
        day=worked.day,
        weekday=weekday,
        instead_of=worked.instead_of,
    )


def print_schema() -> int:
    """Print the JSON Schema of station files."""
    from redrabbit.config.json_schema import schema  # noqa: PLC0415  because only this command asks

    put_out(*json.dumps(schema(), indent=2, ensure_ascii=False).split("\n"))
    return 0
