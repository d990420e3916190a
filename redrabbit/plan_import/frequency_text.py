"""The words of a frequency cell for triggers that are known: the inverse of `frequency`.

What is written here, `parse_frequency` reads to the same triggers again; in English and in Chinese.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Final

from redrabbit.domain.schedule_rules import WEEKDAYS
from redrabbit.domain.schedule_words import duration_text
from redrabbit.plan_import.trigger import CALENDAR, Frequency, On, Trigger, time_of_day
from redrabbit.plan_import.trigger_rules import own_text

_EN: Final[Mapping[On, str]] = {
    On.SHIFT_START: "each shift",
    On.SHIFT_MIDDLE: "mid-shift",
    On.SHIFT_END: "end of shift",
    On.DAILY: "daily",
    On.WEEKLY: "weekly",
    On.MONTHLY: "monthly",
    On.QUARTERLY: "quarterly",
    On.YEARLY: "yearly",
    On.FIRST_PART: "before the first part of each shift",
    On.SETUP: "after each setup",
    On.CHANGEOVER: "after each changeover",
    On.TOOL_CHANGE: "after each tool change",
    On.MAINTENANCE: "after each maintenance",
    On.RESTART: "after each restart",
    On.PARAMETER_CHANGE: "after each parameter change",
    On.PROGRAM_CHANGE: "after each program change",
    On.MATERIAL_CHANGE: "after each material change",
    On.LOT: "each lot",
    On.FIRST_PIECE: "first piece",
    On.FIRST_PIECE_OF_DAY: "first piece of the day",
    On.LAST_PIECE: "last piece",
    On.BYPASS_END: "after each bypass",
    On.FAILED_CHECK: "after each failed check",
    On.RELOCATION: "after each relocation",
    On.DEMAND: "on demand",
}
_ZH: Final[Mapping[On, str]] = {
    On.SHIFT_START: "每班一次",
    On.SHIFT_MIDDLE: "班中",
    On.SHIFT_END: "班末",
    On.DAILY: "每天",
    On.WEEKLY: "每周",
    On.MONTHLY: "每月",
    On.QUARTERLY: "每季度",
    On.YEARLY: "每年",
    On.FIRST_PART: "每班生产第一件前",
    On.SETUP: "调机后",
    On.CHANGEOVER: "换型后",
    On.TOOL_CHANGE: "换刀后",
    On.MAINTENANCE: "维修后",
    On.RESTART: "重启后",
    On.PARAMETER_CHANGE: "参数变更后",
    On.PROGRAM_CHANGE: "程序变更后",
    On.MATERIAL_CHANGE: "物料变更后",
    On.LOT: "每批",
    On.FIRST_PIECE: "首件",
    On.FIRST_PIECE_OF_DAY: "每日首件",
    On.LAST_PIECE: "末件",
    On.BYPASS_END: "旁路解除后",
    On.FAILED_CHECK: "验证失败后",
    On.RELOCATION: "搬迁后",
    On.DEMAND: "按需",
}
_DAYS_ZH: Final = "一二三四五六日"
_SHIFTS_ZH: Final = {"night": "夜班", "late": "中班", "early": "早班", "day": "白班"}
_WEEKS: Final = ("first", "second", "third", "fourth")
_UNITS_ZH: Final = {"h": "小时", "min": "分钟", "s": "秒"}
_A_DAY_H: Final = 24
_LAST: Final = -1


def frequency_text(frequency: Frequency, language: str) -> str:
    """Return triggers as a frequency cell says them; `parse_frequency` returns the same ones of it.

    What is not asked for by any trigger, sizes and sampling, is not said.
    """
    zh = language == "zh"
    own = own_text(frequency) if _is_own(frequency) else None
    if own is not None:
        return own
    words = "; ".join(_words(trigger, zh=zh) for trigger in frequency.triggers)
    if frequency.is_first_of:
        words += "，以先到者为准" if zh else ", whichever comes first"
    excepted = frequency.triggers[0].except_shifts if frequency.triggers else ()
    return words + "".join(
        f" ({_SHIFTS_ZH[name]}除外)" if zh else f" (except {name})" for name in excepted
    )


def _is_own(frequency: Frequency) -> bool:
    """Tell whether only the words of a plan file say it: plants have no usual ones."""
    if len(frequency.triggers) > 1 and any(each.except_shifts for each in frequency.triggers):
        return True
    return any(
        each.at_first_shift
        or each.when_not_working is not None
        or each.day_and_night
        or each.month is not None
        or each.week == _LAST
        or (each.on in {On.QUARTERLY, On.YEARLY} and (each.day is not None or bool(each.days)))
        or not set(each.except_shifts) <= _SHIFTS_ZH.keys()
        for each in frequency.triggers
    )


def _words(trigger: Trigger, *, zh: bool) -> str:
    match trigger.on:
        case On.N_PER_SHIFT:
            return f"每班{trigger.n}次" if zh else f"{trigger.n}/shift"
        case On.INTERVAL:
            number, unit = _length(trigger.hours or 0)
            return f"每{number}{_UNITS_ZH[unit]}" if zh else f"every {number} {unit}"
        case On.PARTS:
            return f"每{trigger.n}件" if zh else f"every {trigger.n} pcs"
        case On.RUNNING_HOURS:
            hours = _number(trigger.hours or 0)
            return f"每{hours}运行小时" if zh else f"every {hours} running hours"
        case On.RUNNING:
            return f"运行后{trigger.n}分钟内" if zh else f"within {trigger.n} min of running"
        case _ if trigger.on in CALENDAR:
            return _on_calendar(trigger, zh=zh)
        case _:
            return (_ZH if zh else _EN)[trigger.on]


def _on_calendar(trigger: Trigger, *, zh: bool) -> str:
    often = (_ZH if zh else _EN)[trigger.on]
    if trigger.week is not None:
        often = f"monthly, {_WEEKS[trigger.week - 1]} {', '.join(trigger.days)}"
    elif trigger.days:
        days = [_DAYS_ZH[WEEKDAYS.index(day)] for day in trigger.days]
        often = (
            "每" + "、".join(f"周{day}" for day in days)
            if zh
            else f"{often} on {', '.join(trigger.days)}"
        )
    elif trigger.day is not None:
        often = f"{often}{trigger.day}日" if zh else f"{often} on {trigger.day}"
    if trigger.at is None:
        return often
    return f"{often} {time_of_day(trigger.at)}" if zh else f"{often} at {time_of_day(trigger.at)}"


def _length(hours: float) -> tuple[str, str]:
    """Return a length of work in the largest unit of which it is a whole number, up to hours."""
    length = timedelta(hours=hours)
    number, unit = duration_text(length).split()
    return (str(int(number) * _A_DAY_H), "h") if unit == "d" else (number, unit)


def _number(hours: float) -> str:
    return str(int(hours)) if hours == int(hours) else repr(hours)
