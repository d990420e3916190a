import ast
import re
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from enum import Enum
from io import BytesIO
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

import redrabbit
from redrabbit.base.messages import (
    LANGUAGES,
    Catalogue,
    Message,
    catalogue,
    language_of,
    source,
    zoned,
)
from redrabbit.domain.challenge_part import Custody
from redrabbit.domain.device_status import DeviceStatus
from redrabbit.domain.observation import Reason
from redrabbit.domain.occurrence import OccurrenceStatus
from redrabbit.domain.run_words import RunState
from redrabbit.domain.schedule_rules import PlantEvent
from redrabbit.domain.text import Text
from redrabbit.services.deliveries import ParkedReason

PACKAGE = Path(redrabbit.__file__).parent
SHANGHAI = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
EN = Catalogue("en", SHANGHAI)
ZH = Catalogue("zh", SHANGHAI)

# --- The files say everything in both languages


def entries(language: str) -> dict[str, tuple[str, ...]]:
    """Return each message id of a language with its text, or its plural forms."""
    catalog: Catalog = read_po(BytesIO(source(language)), locale=language)
    return {strings_of(entry.id)[0]: strings_of(entry.string) for entry in catalog if entry.id}


def strings_of(found: str | Sequence[str] | None) -> tuple[str, ...]:
    """Return what Babel gives as one string, or as a sequence of plural forms."""
    return (found,) if isinstance(found, str) else tuple(found or ("",))


def is_code(message_id: str) -> bool:
    """Return whether it is a code, not a template's own English."""
    return re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", message_id) is not None


def placeholders(text: str) -> set[str]:
    """Return the names that a text asks for, in braces or as templates ask for them."""
    named = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    return named | set(re.findall(r"%\((\w+)\)s", text))


def test_every_code_stands_in_both_languages() -> None:
    english, chinese = (
        {message_id for message_id in entries(language) if is_code(message_id)}
        for language in LANGUAGES
    )
    assert english - chinese == set(), "no Chinese"
    assert chinese - english == set(), "no English"


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_or_doubtful(language: str) -> None:
    catalog = read_po(BytesIO(source(language)), locale=language, abort_invalid=True)
    assert [entry.id for entry in catalog if entry.id and entry.fuzzy] == []
    assert [code for code, texts in entries(language).items() if not all(texts)] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_message_stands_twice_in_a_file(language: str) -> None:
    said = re.findall(r'^msgid "(.+)"$', source(language).decode(), flags=re.MULTILINE)
    assert sorted(code for code in set(said) if said.count(code) > 1) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_says_the_unit_of_seconds_again(language: str) -> None:
    """A value of seconds (`…_s`) is said with its unit: "in 1.0 s s"."""
    again = re.compile(r"_s(:\w*)?\}\s*(s\b|sec|秒)")
    said = entries(language).items()
    assert [code for code, texts in said if any(again.search(text) for text in texts)] == []


def test_both_languages_ask_for_the_same_values() -> None:
    english, chinese = entries("en"), entries("zh")
    unlike = {
        code
        for code, texts in chinese.items()
        if placeholders(" ".join(texts)) != placeholders(" ".join(english.get(code, (code,))))
    }
    assert unlike == set()


def literals() -> Iterator[tuple[str, str]]:
    """Yield every code that the product says by name, with the place where it does."""
    for path in sorted(PACKAGE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id=called), args=[ast.Constant(value=str(code)), *_]):
                    place = f"{path.relative_to(PACKAGE.parent)}:{node.lineno}"
                    if called == "Refusal":
                        yield f"refusal.{code}", place
                    elif called in {"message", "Message"}:
                        yield code, place


def test_every_code_that_the_product_says_has_its_text() -> None:
    missing = [f"{place} {code}" for code, place in literals() if not EN.knows(code)]
    assert missing == [], "\n".join(missing)


def test_every_text_of_the_templates_has_its_chinese() -> None:
    chinese = entries("zh")
    extracted = extract_from_dir(
        str(PACKAGE / "web" / "templates"),
        method_map=[("**.html", "jinja2")],
        options_map={"**.html": {"trimmed": "true", "silent": "false"}},
    )
    texts = {
        (found[0] if isinstance(found, tuple) else found, f"{name}:{line}")
        for name, line, found, *_ in extracted
    }
    assert sorted(f"{place} {text}" for text, place in texts if text not in chinese) == []


@pytest.mark.parametrize(
    ("family", "words"),
    [
        ("custody", Custody),
        ("occurrence", OccurrenceStatus),
        ("parked", ParkedReason),
        ("plant_event", PlantEvent),
        ("reason", Reason),
        ("run_state", RunState),
        ("status", DeviceStatus),
    ],
)
def test_every_word_of_a_family_has_its_text(family: str, words: type[Enum]) -> None:
    assert [word for word in words if not EN.knows(f"{family}.{word.value}")] == []


# --- What is said


@pytest.mark.parametrize(
    ("tag", "language"),
    [("en", "en"), ("zh", "zh"), ("zh-CN", "zh"), ("ZH-Hant", "zh"), ("de", "en"), ("", "en")],
)
def test_tag_finds_a_language_that_we_have(tag: str, language: str) -> None:
    assert language_of(tag) == language
    assert catalogue(tag).language == language


def test_catalogue_is_read_once() -> None:
    assert catalogue("zh", SHANGHAI) is catalogue("zh", SHANGHAI)


def test_message_is_said_in_both_languages() -> None:
    refused = Message("refusal.part_expired", {"part": "RR-0007", "valid_until": "2026-11-01"})
    assert EN.render(refused).startswith("RR-0007 expired on 2026-11-01.")
    assert ZH.render(refused).startswith("RR-0007 已于 2026-11-01 过期")


def test_code_without_a_text_is_said_as_code_and_values() -> None:
    """A page in the middle of a shift must not fall over a missing word."""
    assert EN.render(Message("no.such.code")) == "no.such.code"
    assert EN.render(Message("no.such.code", {"part": "RR-1", "n": 2})) == (
        "no.such.code (part=RR-1, n=2)"
    )
    assert not EN.knows("no.such.code")


def test_text_without_its_value_is_said_as_code_and_values() -> None:
    assert EN.render(Message("refusal.part_expired", {"part": "RR-1"})) == (
        "refusal.part_expired (part=RR-1)"
    )


@pytest.mark.parametrize(
    ("name", "value", "style", "english", "chinese"),
    [
        pytest.param("n", 12840, "", "12840", "12840", id="number"),
        pytest.param("n", 12840, ",", "12,840", "12,840", id="number with thousands apart"),
        pytest.param("n", 1234.50, ",", "1,234.5", "1,234.5", id="decimal"),
        pytest.param("n", 18.0, "", "18", "18", id="decimal that is whole"),
        pytest.param("elapsed_s", 1.84, "", "1.8 s", "1.8 秒", id="seconds by name"),
        pytest.param("grace", timedelta(minutes=6), "", "6 min", "6 分钟", id="duration"),
        pytest.param("left", timedelta(seconds=94.9), "clock", "1:34", "1:34", id="countdown"),
        pytest.param("at", NOW, "", "20:00", "20:00", id="instant of today, in the plant"),
        pytest.param("valid_until", date(2026, 1, 2), "", "2026-01-02", "2026-01-02", id="date"),
        pytest.param("rejected", True, "", "on", "ON", id="on"),
        pytest.param("rejected", False, "", "off", "OFF", id="off"),
        pytest.param("code", None, "", "–", "–", id="nothing"),  # noqa: RUF001  the dash that pages show
        pytest.param("custody", "missing", "custody", "missing", "丢失", id="word of a family"),
        pytest.param("custody", Custody.MISSING, "custody", "missing", "丢失", id="enum"),
        pytest.param("custody", "lent", "custody", "lent", "lent", id="word of no family"),
        pytest.param("name", Text(en="Bolt", zh="螺栓"), "", "Bolt", "螺栓", id="the plant's own"),
        pytest.param("parts", ("a", "b"), "", "a, b", "a、b", id="list"),
        pytest.param("why", Message("value.on"), "", "on", "ON", id="message in a message"),
    ],
)
def test_value_is_said_as_people_say_it(
    name: str, value: object, style: str, english: str, chinese: str
) -> None:
    assert EN.shown(name, value, style, NOW) == english
    assert ZH.shown(name, value, style, NOW) == chinese


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0.0 s"),
        (1.84, "1.8 s"),
        (9.94, "9.9 s"),
        (9.95, "10 s"),
        (59.9, "59 s"),
        (59.96, "1 min"),
        (3599, "59 min"),
        (3600, "1 h"),
        (7500, "2 h 5 min"),
        (86_399, "23 h 59 min"),
        (86_400, "1 d"),
        (273_600, "3 d 4 h"),
        (-90, "−1 min"),  # noqa: RUF001  a true minus sign
    ],
)
def test_duration_is_said_in_one_or_two_units(seconds: float, said: str) -> None:
    assert EN.duration(seconds) == said
    assert EN.duration(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("at", "style", "said"),
    [
        pytest.param(NOW - timedelta(minutes=6), "", "19:54", id="today"),
        pytest.param(NOW - timedelta(days=1), "", "2026-11-21 20:00", id="another day"),
        pytest.param(NOW + timedelta(hours=4), "", "2026-11-23 00:00", id="the plant's midnight"),
        pytest.param(NOW, "exact", "2026-11-22 20:00:00", id="as evidence"),
        pytest.param(NOW - timedelta(minutes=6), "relative", "6 min ago", id="near, behind"),
        pytest.param(NOW + timedelta(seconds=40), "relative", "in 40 s", id="near, ahead"),
        pytest.param(NOW - timedelta(hours=1), "relative", "1 h ago", id="just near"),
        pytest.param(NOW - timedelta(minutes=61), "relative", "18:59", id="no longer near"),
    ],
)
def test_instant_is_relative_when_near_and_absolute_as_evidence(
    at: datetime, style: str, said: str
) -> None:
    assert EN.instant(at, style, NOW) == said


def test_instant_without_a_now_is_said_with_its_date() -> None:
    assert EN.instant(NOW) == "2026-11-22 20:00"
    assert EN.instant(NOW, "relative") == "2026-11-22 20:00"


def test_placeholders_of_a_text_reach_their_style() -> None:
    pause = Message(
        "refusal.pause_ends_before_it_begins",
        {"begins_at": NOW, "ends_at": NOW - timedelta(hours=1)},
    )
    assert "2026-11-22 20:00:00 to 2026-11-22 19:00:00" in EN.render(pause, NOW)


@pytest.mark.parametrize(
    ("quantity", "english", "chinese"),
    [(1, "1 part", "1 件"), (0, "0 parts", "0 件"), (1214, "1,214 parts", "1,214 件")],
)
def test_number_chooses_the_plural(quantity: int, english: str, chinese: str) -> None:
    counted = Message("count.parts", {"quantity": quantity})
    assert EN.render(counted) == english
    assert ZH.render(counted) == chinese


def test_plural_is_chosen_by_whole_numbers_only() -> None:
    assert EN.render(Message("count.parts", {"quantity": "many"})) == "many parts"
    assert EN.knows("count.parts")


def test_templates_text_falls_back_to_its_english() -> None:
    assert EN.gettext("No such text.") == "No such text."
    assert ZH.gettext("No such text.") == "No such text."
    assert ZH.gettext(", ") == "、"
    assert ZH.ngettext("one thing", "many things", 2) == "many things"


@pytest.mark.parametrize(
    ("zone", "said"),
    [
        ("Asia/Shanghai", "2026-11-22 20:00:00 UTC+8"),
        ("Asia/Kolkata", "2026-11-22 17:30:00 UTC+5:30"),
        ("America/St_Johns", "2026-11-22 08:30:00 UTC\N{MINUS SIGN}3:30"),
        ("UTC", "2026-11-22 12:00:00 UTC"),
    ],
)
def test_an_instant_that_stands_by_itself_says_its_zone(zone: str, said: str) -> None:
    assert zoned(NOW, ZoneInfo(zone)) == said
    assert Catalogue("zh", ZoneInfo(zone)).instant(NOW, "zoned") == said
