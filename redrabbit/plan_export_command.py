"""`redrabbit plan export`: the plan in force as a spreadsheet, of a configuration or of a database."""

from pathlib import Path

from redrabbit.base.clock import wall_now
from redrabbit.base.printable import complain, put_out, spoken
from redrabbit.base.sentence import sentence
from redrabbit.exit_codes import FOUND, WRONG_USE, exit_code_of
from redrabbit.plan_import.form_choices import choices_of
from redrabbit.plan_import.plan_export import NotTheSame, export_plan
from redrabbit.plan_import.write_form import ENDINGS
from redrabbit.plan_source import plant_of


def export_plan_to(
    file: Path,
    language: str | None,
    folder: Path | None,
    database_url: str | None,
    *,
    replace: bool = False,
) -> int:
    """Write the plan in force of a configuration or of a database; 1 where the form can't say all of it.

    A file that is there already stays as it is, unless it is to be replaced.
    """

    def work() -> int:
        if file.suffix.lower() not in ENDINGS:
            complain(
                sentence(
                    "{file}: expected a name that ends with {endings}",
                    file=file,
                    endings=", ".join(ENDINGS),
                )
            )
            return WRONG_USE
        if file.exists() and not (replace and file.is_file()):
            complain(
                sentence(
                    "{file} is there already; name another file, or say --replace to write over it",
                    file=file,
                )
            )
            return WRONG_USE
        plant = plant_of(folder, database_url)
        words = language or spoken()
        try:
            export_plan(file, plant, words, choices_of(plant, words), wall_now())
        except NotTheSame as otherwise:
            complain(
                sentence("nothing was written: read again, the plan would not be the same"),
                *(sentence("  {problem}", problem=each) for each in otherwise.problems),
            )
            return FOUND
        put_out(
            sentence(
                "{file}: {plan}, checks: {checks}",
                file=file,
                plan=plant.plan.label,
                checks=len(plant.plan.checks),
            )
        )
        return 0

    return exit_code_of(work)
