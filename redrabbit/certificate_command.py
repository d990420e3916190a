"""`redrabbit certificate`: the service's own authority, and its certificate for the names of the server (D45).

Given names, it makes what is missing: an authority once, and a certificate for these names. Without names it
shows again what is there. Nothing it makes leaves the folder; tablets get the authority's certificate from the
page that its picture leads to.
"""

from collections.abc import Sequence
from pathlib import Path

import segno

from redrabbit.base.authority import (
    Authority,
    AuthorityFiles,
    AuthorityUnusable,
    make_authority,
    names_of,
    read_authority,
)
from redrabbit.base.clock import SteadyClock
from redrabbit.base.printable import put_out
from redrabbit.base.private_files import replace_private
from redrabbit.base.sentence import sentence
from redrabbit.encryption import own_files
from redrabbit.exit_codes import exit_code_of
from redrabbit.web.pages.certificate import installed_at


def certificate_at(
    database_url: str,
    names: Sequence[str],
    *,
    key_file: Path | None,
    new_authority: bool,
    port: int,
) -> int:
    """Make authority and certificate where there are none for these names, and say what to do with them."""

    def work() -> int:
        files = own_files(database_url, key_file)
        authority = _made(files, names, new_authority=new_authority)
        put_out(*_in_words(files, authority, port))
        return 0

    return exit_code_of(work, AuthorityUnusable)


def _made(files: AuthorityFiles, names: Sequence[str], *, new_authority: bool) -> Authority:
    now = SteadyClock().now()
    authority = None if new_authority else read_authority(files)
    if not names and (authority is None or not names_of(files)):
        raise AuthorityUnusable(
            sentence(
                "found no certificate yet; expected the names under which tablets reach this server, for example: "
                "redrabbit certificate rabbit.plant.example 192.168.1.5"
            )
        )
    if authority is None:
        authority = make_authority(files, names[0], names, now)
    if names:
        replace_private(files.server, authority.server_pem(names, now))
    return authority


def _in_words(files: AuthorityFiles, authority: Authority, port: int) -> list[str]:
    names = names_of(files)
    address = installed_at(names[0], None if port == 80 else port)  # noqa: PLR2004  because browsers leave out HTTP's own
    return [
        sentence(
            "certificate for {names}: {file}; the service makes it anew in time",
            names=", ".join(names),
            file=files.server,
        ),
        sentence(
            "its authority: {file}, until {day}",
            file=files.certificate,
            day=f"{authority.holds_until:%Y-%m-%d}",
        ),
        sentence("its fingerprint (SHA-256): {fingerprint}", fingerprint=authority.fingerprint),
        sentence(
            "its key: {file}; it is for this machine only, copy it to no tablet", file=files.key
        ),
        sentence("serve with:   redrabbit serve … --own-certificate"),
        sentence(
            "on tablets:   {address}  (compare the fingerprint, then install)", address=address
        ),
        "",
        *_picture(address),
    ]


def _picture(address: str) -> list[str]:
    """Return a picture of an address for cameras: two rows of squares in each line of text."""
    rows = [list(row) for row in segno.make(address, micro=False).matrix_iter(border=2)]
    rows += [[0] * len(rows[0])] * (len(rows) % 2)
    halves = {(0, 0): "█", (0, 1): "▀", (1, 0): "▄", (1, 1): " "}
    pairs = zip(rows[::2], rows[1::2], strict=True)
    return [
        "".join(halves[above, below] for above, below in zip(*pair, strict=True)) for pair in pairs
    ]
