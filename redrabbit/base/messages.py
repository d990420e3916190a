"""Words for people: a code with its values, put into a language at the edge (D17, R48).

Every floor says `Message(code, params)`; only pages, terminals and reports ask a `Catalogue` for
the sentence. The sources are gettext's own files, `locale/<language>/LC_MESSAGES/redrabbit.po`;
they are compiled in memory when a language is first asked for, so nothing binary is kept.

In the files a message's id is its code (`board.missed`, a refusal's `part_expired`), in English,
too; texts of templates (`{% trans %}`) are their own English. A placeholder is a parameter's name,
with a colon and how it is said where the plain way won't do:

    {quantity}          a number as it is; {quantity:,} with thousands apart
    {elapsed_s}         seconds by name (`…_s`), or a timedelta: `1.8 s`, `6 min`, `2 h 5 min`
    {left:clock}        a timedelta that runs down: `1:34`
    {at}                an instant in the plant's zone: `13:52`, with the date on another day
    {at:exact}          as evidence, where the zone is said beside it: `2026-11-22 13:52:03`
    {at:zoned}          as evidence by itself: `2026-11-22 13:52:03 UTC+8`
    {at:relative}       when near `6 min ago`, `in 6 min`; otherwise as {at}
    {custody:custody}   a word out of a family: the text of `custody.issued`

`msgid_plural` names the parameter that chooses the plural form: `msgid_plural "quantity"`.
Whether both languages say everything is proved by `tests/base/test_messages.py`, not here.
"""

import gettext
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from enum import Enum
from functools import cache
from importlib import resources
from io import BytesIO
from typing import Final, Protocol, runtime_checkable

LANGUAGES: Final = ("en", "zh")
DOMAIN: Final = "redrabbit"
TERMINAL: Final = "terminal"

NEAR: Final = timedelta(hours=1)
"""Up to here people think in minutes ago; beyond, in the time on the wall."""
TENTHS_BELOW_S: Final = 9.95
"""Durations below ten seconds are shown with one decimal, as 9.95 s would round to 10.0."""
MINUTE_S: Final = 60
HOUR_S: Final = 60 * MINUTE_S
DAY_S: Final = 24 * HOUR_S
NOTHING: Final = "\N{EN DASH}"


@runtime_checkable
class InBothLanguages(Protocol):
    """Words from the plant's files; the domain's `Text` is one."""

    def in_language(self, language: str) -> str:
        """Return the words in this language."""
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """What is to be said: a stable code, and the values of its placeholders."""

    code: str
    params: Mapping[str, object] = field(default_factory=dict)


class Catalogue:
    """Says messages in one language, times in one plant's zone."""

    def __init__(self, language: str, zone: tzinfo = UTC) -> None:
        self.language = language_of(language)
        self.zone = zone
        self._translations, self._plural_params = _read(self.language)

    def render(self, message: Message, now: datetime | None = None) -> str:
        """Return the sentence. Without `now` every instant is said with its date.

        A code without a text, and a text whose value was not given, are said as code and values:
        a page in the middle of a shift must not fall over a missing word.
        """
        text = self._text_of(message)
        shown = {name: _Shown(self, name, value, now) for name, value in message.params.items()}
        if text is not None:
            try:
                return text.format(**shown)
            except (KeyError, IndexError):  # a placeholder without a value
                pass
        values = ", ".join(f"{name}={value}" for name, value in shown.items())
        return f"{message.code} ({values})" if values else message.code

    def knows(self, code: str) -> bool:
        """Return whether there is a text for this code."""
        return self._text_of(Message(code)) is not None

    def gettext(self, text: str) -> str:
        """Return a template's text in this language; itself where there is none (English)."""
        return self._translations.gettext(text)

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return a template's text in the form that goes with `n`."""
        return self._translations.ngettext(singular, plural, n)

    def duration(self, length: timedelta | float) -> str:
        """Return a duration in words; a float is seconds."""
        seconds = length.total_seconds() if isinstance(length, timedelta) else float(length)
        if seconds < 0:
            return "\N{MINUS SIGN}" + self.duration(-seconds)
        if seconds < TENTHS_BELOW_S:
            return self.render(Message("duration.s", {"n": f"{seconds:.1f}"}))
        whole = int(seconds + 0.05)  # as far up as the tenths would have been rounded
        if whole < MINUTE_S:
            return self.render(Message("duration.s", {"n": whole}))
        if whole < HOUR_S:
            return self.render(Message("duration.min", {"n": whole // MINUTE_S}))
        if whole < DAY_S:
            return self._two("h", whole // HOUR_S, "min", whole % HOUR_S // MINUTE_S)
        return self._two("d", whole // DAY_S, "h", whole % DAY_S // HOUR_S)

    def instant(self, at: datetime, style: str = "", now: datetime | None = None) -> str:
        """Return an aware instant in the plant's zone, in one of the styles said above."""
        if style == "relative" and now is not None and abs(at - now) <= NEAR:
            code = "instant.ago" if at <= now else "instant.ahead"
            return self.render(Message(code, {"length": abs(at - now)}))
        local = local_time(at, self.zone)
        if style == "exact":
            return f"{local:%Y-%m-%d %H:%M:%S}"
        if style == "zoned":
            return zoned(at, self.zone)
        if now is not None and local.date() == local_time(now, self.zone).date():
            return f"{local:%H:%M}"
        return f"{local:%Y-%m-%d %H:%M}"

    def shown(self, name: str, value: object, style: str = "", now: datetime | None = None) -> str:
        """Return one value as it is said in a sentence; `name` may tell the unit (`…_s`)."""
        match value:
            case None:
                return NOTHING
            case Message():
                return self.render(value, now)
            case Enum():
                return self.shown(name, value.value, style, now)
            case bool():
                return self.render(Message("value.on" if value else "value.off"))
            case timedelta():
                return countdown(value) if style == "clock" else self.duration(value)
            case datetime():
                return self.instant(value, style, now)
            case date():
                return value.isoformat()
            case int() | float():
                return self._number(name, value, style)
            case list() | tuple():
                return self.gettext(", ").join(self.shown(name, one, style, now) for one in value)
            case str():  # before what can be anything: asking that takes most of a page's time
                return self._word(value, style)
            case InBothLanguages():
                return value.in_language(self.language)
            case _:
                return self._word(str(value), style)

    def _word(self, value: str, style: str) -> str:
        family = Message(f"{style}.{value}")
        return self.render(family) if style and self.knows(family.code) else value

    def _number(self, name: str, value: float, style: str) -> str:
        if name.endswith("_s"):
            return self.duration(value)
        grouping = "," if style == "," else ""
        if isinstance(value, int):
            return f"{value:{grouping}}"
        return f"{value:{grouping}.3f}".rstrip("0").rstrip(".")

    def _two(self, large: str, count: int, small: str, rest: int) -> str:
        said = self.render(Message(f"duration.{large}", {"n": count}))
        return f"{said} {self.render(Message(f'duration.{small}', {'n': rest}))}" if rest else said

    def _text_of(self, message: Message) -> str | None:
        param = self._plural_params.get(message.code)
        if param is None:
            text = self._translations.gettext(message.code)
            return text if text != message.code else None
        count = message.params.get(param)
        n = count if isinstance(count, int) else 0
        return self._translations.ngettext(message.code, param, n)


def local_time(at: datetime, zone: tzinfo) -> datetime:
    """Return an instant on the wall clock of a zone.

    The first and the last hours that a datetime can hold have no wall clock everywhere: there the
    nearest that can be said is returned. Older versions took in such ends of pauses, and a
    page must not fall over what is recorded.
    """
    try:
        return at.astimezone(zone)
    except OverflowError:
        first, last = datetime.min.replace(tzinfo=zone), datetime.max.replace(tzinfo=zone)
        return first if at.year == first.year else last


def zoned(at: datetime, zone: tzinfo) -> str:
    """Return an instant as evidence that stands by itself, in any language: `2026-11-22 13:52:03 UTC+8`."""
    local = local_time(at, zone)
    return f"{local:%Y-%m-%d %H:%M:%S} {offset_text(local)}"


def last_day(at: datetime, zone: tzinfo) -> str | None:
    """Return the day with whose end something ends, as people say it: `2026-11-22`; None where it ends within a day."""
    local = local_time(at, zone)
    return None if local.time() != time.min else (local.date() - timedelta(days=1)).isoformat()


def offset_text(local: datetime) -> str:
    """Return how far a zone is from UTC at an instant: `UTC`, `UTC+8`, `UTC+5:30`."""
    minutes = round((local.utcoffset() or timedelta()).total_seconds() / MINUTE_S)
    hours, rest = divmod(abs(minutes), 60)
    sign = "+" if minutes > 0 else "\N{MINUS SIGN}"
    return f"UTC{f'{sign}{hours}' if minutes else ''}{f':{rest:02}' if rest else ''}"


@cache
def catalogue(language: str, zone: tzinfo = UTC) -> Catalogue:
    """Return the catalogue of a language tag (`zh-CN`, `en`), with times in the plant's zone."""
    return Catalogue(language, zone)


def language_of(tag: str) -> str:
    """Return the language that we have for a tag: Chinese for any `zh…`, else English."""
    return "zh" if tag.lower().startswith("zh") else "en"


def source(language: str, domain: str = DOMAIN) -> bytes:
    """Return the .po file of a language, as it is kept."""
    folder = resources.files("redrabbit.base").joinpath("locale", language, "LC_MESSAGES")
    return folder.joinpath(f"{domain}.po").read_bytes()


@cache
def terminal_texts(language: str) -> Mapping[str, str]:
    """Return what commands say in a language, by its English (`terminal.po`); English has no file."""
    from babel.messages.pofile import read_po  # noqa: PLC0415  because English needs no words

    catalog = read_po(BytesIO(source(language, TERMINAL)), locale=language, abort_invalid=True)
    return {str(entry.id): str(entry.string) for entry in catalog if entry.id and entry.string}


@cache
def _read(language: str) -> tuple[gettext.GNUTranslations, Mapping[str, str]]:
    """Compile a language's file; return it with the parameter that chooses each plural form."""
    from babel.messages.mofile import write_mo  # noqa: PLC0415  because `--help` needs no words
    from babel.messages.pofile import read_po  # noqa: PLC0415  because as above

    catalog = read_po(BytesIO(source(language)), locale=language, abort_invalid=True)
    compiled = BytesIO()
    write_mo(compiled, catalog)
    compiled.seek(0)
    plural_params = {entry.id[0]: entry.id[1] for entry in catalog if entry.pluralizable}
    return gettext.GNUTranslations(compiled), plural_params


@dataclass(frozen=True, slots=True)
class _Shown:
    """One value in a sentence; the placeholder's format tells how it is said."""

    words: Catalogue
    name: str
    value: object
    now: datetime | None

    def __format__(self, style: str) -> str:
        return self.words.shown(self.name, self.value, style, self.now)


def countdown(left: timedelta) -> str:
    """Return what is left as a clock shows it, in minutes and whole seconds: `1:34`."""
    minutes, seconds = divmod(int(left.total_seconds()), MINUTE_S)
    return f"{minutes}:{seconds:02d}"
