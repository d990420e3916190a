"""What Red Rabbit is made of, from the lock file and the vendored files: bill of materials and licences.

    python -m tests.supply_chain

writes `docs/sbom.cdx.json` (CycloneDX 1.6, ECMA-424) and `docs/licences.md`. Both are the same whenever and wherever they are
made: they have no date, and their number is made of what stands in them. Versions come from
`requirements.lock`, licences from the metadata of the installed packages, those of vendored files from their README.
"""

import hashlib
import json
import re
import tomllib
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

ROOT = Path(__file__).parent.parent
LOCK = ROOT / "requirements.lock"
VENDORED = ROOT / "redrabbit" / "web" / "static" / "vendor"
SBOM = ROOT / "docs" / "sbom.cdx.json"
LICENCES = ROOT / "docs" / "licences.md"

BUILT_WITH: Final = ("hatchling", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers")
"""What only the building of the wheel needs; nothing of it is installed with it."""
NOT_HERE: Final = ("httpx2-jsfetch",)
"""For Python inside of a browser, where the service never runs; its metadata can't be asked."""
AS_READ: Final[Mapping[str, str]] = {
    "aiomqtt": "BSD-3-Clause",
    "jinja2": "BSD-3-Clause",
    "markdown-it-py": "MIT",
    "mdurl": "MIT",
    "python-dateutil": "Apache-2.0 OR BSD-3-Clause",
    "segno": "BSD-3-Clause",
    "uvloop": "Apache-2.0 OR MIT",
}
"""Licences of packages whose metadata has none as an SPDX expression, as their licence files say."""


@dataclass(frozen=True, kw_only=True)
class Locked:
    """One package of the lock file."""

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]


def locked(text: str) -> Iterator[Locked]:
    """Yield the packages of a lock file in its order."""
    for entry in re.split(r"\n(?=\S)", text.strip()):
        wanted, *hashes = re.split(r"\s*\\\n\s+--hash=", entry)
        package, _, marker = wanted.partition(" ; ")
        name, version = package.split("==")
        yield Locked(name=name, version=version, marker=marker, hashes=tuple(hashes))


@dataclass(frozen=True, kw_only=True)
class Vendored:
    """What a folder of vendored files is, by their README."""

    folder: str
    what: str
    package: str
    version: str
    licence: str


def vendored() -> Iterator[Vendored]:
    """Yield what the README of the vendored files lists."""
    rows = re.findall(
        r"^\| ([\w-]+) \| (.+) \| (\S+) (\d\S*) \| (\S+) \|$",
        (VENDORED / "README.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    for folder, what, package, version, licence in rows:
        yield Vendored(folder=folder, what=what, package=package, version=version, licence=licence)


def packages() -> list[Locked]:
    """Return the packages that an installation has, or may have on some system."""
    found = locked(LOCK.read_text(encoding="utf-8"))
    return [each for each in found if each.name not in (*BUILT_WITH, *NOT_HERE)]


def licence_of(name: str) -> str:
    """Return a package's licence as an SPDX expression."""
    of = metadata.metadata(name)
    return AS_READ.get(name) or of["License-Expression"] or of["License"]


def bill_of_materials() -> str:
    """Return the bill of materials as it is kept."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    root = f"pkg:pypi/redrabbit@{project['version']}"
    components = [_package(each) for each in packages()] + [_folder(each) for each in vendored()]
    direct = {re.split(r"[\[<>=;!~ ]", wanted)[0] for wanted in project["dependencies"]}
    named = {each["bom-ref"] for each in components if each["name"] in direct}
    content: dict[str, Any] = {
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": root,
                "name": "redrabbit",
                "version": project["version"],
                "licenses": [{"expression": project["license"]}],
                "purl": root,
            }
        },
        "components": components,
        "dependencies": [
            {
                "ref": root,
                "dependsOn": sorted(named | {_purl_of(each) for each in vendored()}),
            }
        ],
    }
    digest = hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
    head = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, digest)}",
        "version": 1,
    }
    return json.dumps(head | content, indent=1, ensure_ascii=False) + "\n"


def _package(each: Locked) -> dict[str, Any]:
    purl = f"pkg:pypi/{each.name}@{each.version}"
    only = [{"name": "redrabbit:only-where", "value": each.marker}] if each.marker else []
    return {
        "type": "library",
        "bom-ref": purl,
        "name": each.name,
        "version": each.version,
        "licenses": [{"expression": licence_of(each.name)}],
        "purl": purl,
    } | ({"properties": only} if only else {})


def _purl_of(each: Vendored) -> str:
    return f"pkg:npm/{quote(each.package)}@{each.version}"


def _folder(each: Vendored) -> dict[str, Any]:
    return {
        "type": "library",
        "bom-ref": _purl_of(each),
        "name": each.package,
        "version": each.version,
        "description": each.what,
        "licenses": [{"expression": each.licence}],
        "purl": _purl_of(each),
        "components": [
            {
                "type": "file",
                "name": path.relative_to(ROOT).as_posix(),
                "hashes": [
                    {"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}
                ],
            }
            for path in sorted((VENDORED / each.folder).iterdir())
            if path.suffix in {".js", ".css", ".woff2"}
        ],
    }


def licences() -> str:
    """Return the licences of everything that is installed, or comes with the wheel."""
    rows = [
        f"| {each.name} | {each.version} | {licence_of(each.name)} | {each.marker or 'everywhere'} |"
        for each in packages()
    ]
    files = [
        f"| {each.package} | {each.version} | {each.licence} | "
        f"`redrabbit/web/static/vendor/{each.folder}/` |"
        for each in vendored()
    ]
    return f"""# Licences

Red Rabbit is Apache-2.0 ([LICENSE](../LICENSE), [NOTICE](../NOTICE)). Printed by `python -m tests.supply_chain` from
`requirements.lock` and the packages' metadata; as a bill of materials: [sbom.cdx.json](sbom.cdx.json).

## Packages that are installed with it

| package | version | licence | where |
|---|---|---|---|
{chr(10).join(rows)}

## Files that come with it

Each folder has the text of its licence.

| package | version | licence | where |
|---|---|---|---|
{chr(10).join(files)}
"""


if __name__ == "__main__":
    SBOM.write_text(bill_of_materials(), encoding="utf-8")
    LICENCES.write_text(licences(), encoding="utf-8")
