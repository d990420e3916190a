"""Wordings of frequencies: each one that was seen in a plant is a trigger, no trigger, or an error; never another meaning."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from redrabbit.plan_import.frequency import NotUnderstood, parse_frequency
from redrabbit.plan_import.frequency_words import EXAMPLES

START: dict[str, Any] = {"on": "shift_start"}
MIDDLE: dict[str, Any] = {"on": "shift_middle"}
END: dict[str, Any] = {"on": "shift_end"}


def said(moments: list[dict[str, Any]], *texts: str) -> dict[str, list[dict[str, Any]]]:
    """Return that each of these texts says these moments."""
    return dict.fromkeys(texts, moments)


def on(what: str, **more: Any) -> list[dict[str, Any]]:
    return [{"on": what, **more}]


def every(hours: float) -> list[dict[str, Any]]:
    return on("interval", hours=hours)


UNDERSTOOD: dict[str, list[dict[str, Any]]] = {
    **said([START], "1/shift", "1 / shift", "once per shift", "every shift", "each shift", "per shift", "Start of shift", "Start of each shift",
            "every shift start", "Every Shift Start", "每班一次", "每班首件", "每班", "1次/班", "换班时", "1회/shift", "Inicio de turno",
            "verificar pieza patrón al inicio de turno", "1x pro Schicht", "1x pro Schicht bei Schichtbeginn", "Schichtbeginn",
            "1/shift 每班一次", "每班一次\n1/shift"),
    **said([START, MIDDLE], "2x per shift", "twice per shift", "2/shift", "2次/班"),
    **said([START, END], "start and end of shift", "first and last piece", "首末件", "Inicio y fin de turno", "Erststück / Letztstück"),
    **said([START, MIDDLE, END], "first, middle, last", "首中末件", "首中末", "每班首中末件", "초·중·종물"),
    "5/shift": on("n_per_shift", n=5),
    **said(on("daily", at="?"), "1/day", "daily", "once a day", "每天一次", "1次/天", "일 1회", "1회/일", "일"),
    **said(on("daily", at="06:00"), "daily at 6:00", "daily at 06:00", "Daily 06:00"),
    **said(on("weekly", at="?"), "1/week", "weekly", "每周一次"),
    **said(on("weekly", days=["mon"], at="06:00"), "weekly on Monday at 06:00", "weekly on mon at 06:00"),
    "weekly on mon,thu at 06:00": on("weekly", days=["mon", "thu"], at="06:00"),
    **said(on("weekly", days=["mon", "thu"], at="?"), "每周一、周四", "每周一、四"),
    "每周一次（周一）": on("weekly", days=["mon"], at="?"),
    **said(on("monthly", at="?"), "monthly", "1 month", "每月一次"),
    "monthly on 1 at 06:00": on("monthly", day=1, at="06:00"),
    "monthly, first Monday": on("monthly", days=["mon"], week=1, at="?"),
    "quarterly": on("quarterly", at="?"),
    "annually": on("yearly", at="?"),
    **said(every(2), "every 2 hours", "every 2 h", "2 hrs", "5 pcs/2 hrs", "每2小时"),
    **said(every(1), "hourly", "every hour", "per hr", "1 pc/hr", "Cada hora", "stündlich", "매 시간"),
    "every 30 min": every(0.5),
    **said(every(4), "every 4 hours", "alle 4 Std."),
    **said(on("parts", n=500), "every 500 parts", "every 500 pcs", "1/500", "每500件", "每５００件"),
    "每1，000件": on("parts", n=1000),
    "每20件": on("parts", n=20),
    "Cada 250 piezas": on("parts", n=250),
    **said(on("lot"), "per lot", "Each Lot", "each batch", "20pcs/lot", "Cada lote", "每批", "每批次首件", "매 LOT"),
    **said(on("setup"), "each setup", "per setup"),
    **said(on("changeover"), "after changeover", "换型后", "换型首件", "기종 변경 시", "기종\n변경 시"),
    **said(on("tool_change"), "after tool change", "nach Werkzeugwechsel", "换刀后首件"),
    **said(on("maintenance"), "after maintenance", "维修后"),
    "nach jeder Parameteränderung": on("parameter_change"),
    **said(on("first_piece"), "first piece", "first-off", "FPI", "FFPA", "首件"),
    "每日首件": on("first_piece_of_day"),
    **said(on("demand"), "as required", "on demand", "按需"),
    "every 100 running hours": on("running_hours", hours=100),
    "FPI + hourly": [*on("first_piece"), *every(1)],
    "first/last piece + 1/hr": [START, END, *every(1)],
    "Every shift / Setup change": [START, *on("setup")],
    "FFPA & each shift": [*on("first_piece"), START],
    "1/shift\nafter changeover": [START, *on("changeover")],
    "Start of each shift and after changeover": [START, *on("changeover")],
    "每班一次；换型后；维修后": [START, *on("changeover"), *on("maintenance")],
    "Schichtbeginn, Schichtende und nach Werkzeugwechsel": [START, END, *on("tool_change")],
    "1X pro Schicht oder nach jeder Parameteränderung": [START, *on("parameter_change")],
    "1/班 (夜班除外 except night)": [{**START, "except_shifts": ["night"]}],
}  # fmt: skip
NO_TRIGGER = (
    "100%", "100\uff05", "continuous", "连续", "each piece", "each/every piece", "per pc", "每件", "매 개", "전수", "AQL 2.5", "n=5, N=50",
    "as per sampling plan", "G1/0.25", "S3/1.0",
)  # fmt: skip
REFUSED = {
    "视情况": (),
    "s/ plan": (),
    "Bath setup": ("each setup", "each shift"),
    "Cada recepción": ("Cada lote", "Cada hora"),
    "Daily 25:00": ("daily at 06:00",),
    "": (),
}
UNCLEAR = ("每天/每周一次", "1/shift on demand", "on demand; 1/shift", "1/shift,")


@pytest.mark.parametrize(("text", "triggers"), UNDERSTOOD.items())
def test_a_wording_of_a_plant_is_its_trigger(text: str, triggers: list[dict[str, Any]]) -> None:
    assert [trigger.as_json() for trigger in parse_frequency(text).triggers] == triggers


@pytest.mark.parametrize("text", NO_TRIGGER)
def test_every_part_and_a_sampling_plan_make_nothing_due(text: str) -> None:
    frequency = parse_frequency(text)
    assert frequency.triggers == ()
    assert frequency.sampling


@pytest.mark.parametrize(("text", "nearest"), REFUSED.items())
def test_a_word_that_is_not_known_is_refused_with_the_nearest(
    text: str, nearest: tuple[str, ...]
) -> None:
    with pytest.raises(NotUnderstood) as refused:
        parse_frequency(text)
    assert refused.value.nearest == nearest
    assert not refused.value.unclear


@pytest.mark.parametrize("text", UNCLEAR)
def test_what_can_be_read_in_two_ways_is_refused(text: str) -> None:
    with pytest.raises(NotUnderstood) as refused:
        parse_frequency(text)
    assert refused.value.unclear


def test_whichever_comes_first_is_kept() -> None:
    frequency = parse_frequency("Every 500 pcs or each setup, whichever comes first")
    assert [t.as_json() for t in frequency.triggers] == [*on("parts", n=500), *on("setup")]
    assert frequency.is_first_of
    assert not parse_frequency("Every 500 pcs or each setup").is_first_of


def test_the_size_is_told_apart_from_the_moment() -> None:
    assert parse_frequency("5 pcs/2 hrs").size == "5 pcs"
    assert parse_frequency("2Pcs/shift").size == "2pcs"
    assert parse_frequency("5/shift").size is None


@pytest.mark.parametrize("example", EXAMPLES)
def test_each_example_that_a_message_names_is_understood(example: str) -> None:
    frequency = parse_frequency(example)
    assert frequency.triggers or frequency.sampling


@given(one=st.sampled_from(EXAMPLES), other=st.sampled_from(EXAMPLES))
def test_two_wordings_say_what_each_of_them_says(one: str, other: str) -> None:
    try:
        both = parse_frequency(f"{one}; {other}")
    except NotUnderstood:
        assert "on demand" in (one, other) or "按需" in (one, other)
        return
    apart = (*parse_frequency(one).triggers, *parse_frequency(other).triggers)
    assert both.triggers == tuple(dict.fromkeys(apart))


@given(
    example=st.sampled_from(EXAMPLES),
    word=st.text("abcdefghijklmnopqrstuvwxyz每班后", min_size=3, max_size=8),
)
def test_a_word_too_many_is_never_dropped(example: str, word: str) -> None:
    """Whatever stands beside a wording is understood as more, or refused; the wording alone is not taken."""
    try:
        found = parse_frequency(f"{example} {word}")
    except NotUnderstood:
        return
    try:
        alone = parse_frequency(word)
    except NotUnderstood:
        assert found != parse_frequency(example)
    else:
        assert alone.triggers == found.triggers or alone.sampling
