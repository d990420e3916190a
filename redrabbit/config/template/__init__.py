"""`redrabbit init`: a commented configuration to start from, two stations and two checks.

The files beside this module, in the language of the terminal, are copied as they are; `redrabbit check-config` accepts them, so that
the first problem a newcomer sees is of their own making.
"""

from importlib.resources import files
from pathlib import Path

from redrabbit.base.sentence import ENGLISH, sentence


def write_template(folder: Path, language: str = ENGLISH) -> tuple[Path, ...]:
    """Write the files into a new or empty folder and return their paths.

    Raises FileExistsError if anything is in the folder, NotADirectoryError if it is a file.
    """
    if folder.exists() and not folder.is_dir():
        raise NotADirectoryError(f"{folder} is a file; expected a folder, new or empty")
    if folder.is_dir() and any(folder.iterdir()):
        raise FileExistsError(
            sentence("{folder} is not empty; expected a folder, new or empty", folder=folder)
        )
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for source in sorted(
        (files(__package__) / f"files_{language}").iterdir(), key=lambda file: file.name
    ):
        path = folder / source.name
        path.write_bytes(source.read_bytes())
        written.append(path)
    return tuple(written)
