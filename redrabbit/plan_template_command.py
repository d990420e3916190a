"""`redrabbit plan template`: an empty form of a control plan, for a plant to fill in and to import."""

from pathlib import Path

from redrabbit.base.printable import complain, put_out, spoken
from redrabbit.base.sentence import sentence
from redrabbit.configuration_folder import plant_in
from redrabbit.exit_codes import WRONG_USE, exit_code_of
from redrabbit.plan_import.form_choices import choices_of
from redrabbit.plan_import.plan_form import empty_form
from redrabbit.plan_import.write_form import write_form


def write_template(
    file: Path, language: str | None, folder: Path | None, *, replace: bool = False
) -> int:
    """Write the empty form as XLSX; with a configuration, its lists offer the devices, parts and frequencies of that plant.

    A file that is there already stays as it is, unless it is to be replaced.
    """

    def work() -> int:
        if file.suffix.lower() != ".xlsx":
            complain(
                sentence(
                    "{file}: expected a name that ends with {endings}", file=file, endings=".xlsx"
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
        plant = None if folder is None else plant_in(folder)
        words = language or spoken()
        write_form(file, empty_form(words, choices_of(plant, words)))
        put_out(
            sentence("wrote {file}; next: fill it in, then redrabbit plan import {file}", file=file)
        )
        return 0

    return exit_code_of(work)
