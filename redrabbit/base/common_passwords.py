"""Passwords that everybody tries first; part of the software, so that no network is asked (ASVS 4.0.3 2.1.7).

The list is Django's, in small letters, without what is shorter than six: 18,054 of the passwords that were found most often
(collected by Royce Williams; `common_passwords.LICENSE`).
"""

from functools import cache
from importlib import resources


@cache
def common_passwords() -> frozenset[str]:
    """Return the passwords of the list."""
    text = resources.files("redrabbit.base").joinpath("common_passwords.txt").read_text("utf-8")
    return frozenset(text.splitlines())
