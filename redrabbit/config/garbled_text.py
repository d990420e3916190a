"""Chinese words that were saved as GBK and happen to be valid UTF-8: garbage that looks well-formed.

`停止` in GBK is, read as UTF-8, a Latin combining mark and a Hebrew point. Two GBK bytes that are one
UTF-8 character give U+0080 to U+07FF; so Chinese words are garbled if they hold what no Chinese text
holds there: Latin Extended-B, phonetic signs, marks that are letters, Armenian to N'Ko, a mark
without its letter, or, in a text without any Chinese character, stray letters of Greek and
Cyrillic. Western European words and whole words of Greek or Russian are let pass: plants write
them. Not found: garbage of symbols and Western letters only, and three GBK characters that are two
of UTF-8.

Source: RFC 3629 (UTF-8), GB 2312 (bytes A1 to FE).
"""

import re
import unicodedata
from typing import Final

from redrabbit.base.sentence import sentence

_HAN: Final = "[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
"""Compiled where it is needed: these ranges take a millisecond, and every command reads texts."""
_NEVER_IN_CHINESE: Final = re.compile(
    "[\u0363-\u036f\u0180-\u01cc\u01dd-\u02c6\u02c8\u02cc-\u02ff\u0530-\u07ff]"  # all but Pinyin's letters, tones
)
_WORDS_OF_OTHERS: Final = re.compile("[\u0370-\u03ff]{3,}|[\u0400-\u052f]{3,}")
_GREEK_SYMBOLS: Final = "ΓΔΘΛΞΠΣΦΨΩαβγδεζηθκλμνξπρστφχψω"
_STRAY: Final = re.compile(f"(?![{_GREEK_SYMBOLS}])[\u0370-\u052f]")


def chinese_is_garbled(text: str) -> bool:
    """Tell whether words meant to be Chinese are bytes of another encoding."""
    if _NEVER_IN_CHINESE.search(text) or has_bare_mark(text):
        return True
    has_stray = _STRAY.search(_WORDS_OF_OTHERS.sub("", text)) is not None
    return has_stray and not re.search(_HAN, text)


def has_bare_mark(text: str) -> bool:
    """Tell whether a mark stands without a letter, which no language's words have."""
    follows_letter = False
    for character in text:
        kind = unicodedata.category(character)[0]
        if kind == "M" and "\u0300" <= character <= "\u07ff" and not follows_letter:
            return True
        if kind != "M":  # a second mark stands on the letter of the first
            follows_letter = kind == "L"
    return False


def save_as_utf_8(text: str) -> str:
    """Return what to do about garbled words, with what their bytes say in GBK."""
    try:
        meant = text.encode("utf-8").decode("gb18030")
    except UnicodeDecodeError:
        meant = ""
    if not re.search(_HAN, meant):
        return sentence("it looks like GBK; save the file as UTF-8 (in a spreadsheet, CSV UTF-8)")
    return sentence(
        "it looks like GBK, where these bytes say {meant!r}; save the file as UTF-8 (in a spreadsheet, CSV UTF-8)",
        meant=meant[:60],
    )
