"""Lists as workbooks: the filter, the true counts and the zone of all times stand above the table; every cell is a text."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final

from starlette.responses import Response

from redrabbit.base.messages import zoned
from redrabbit.base.text_workbook import new_workbook, packed, put_table, streamed_table
from redrabbit.domain.occurrence import OccurrenceStatus
from redrabbit.services.queries.checks import DeviceRow, DevicesPage
from redrabbit.services.queries.coverage import CoveragePage
from redrabbit.services.queries.device_filter import DeviceFilter
from redrabbit.services.queries.schedule_shown import RuleShown
from redrabbit.services.queries.scheduled_checks import End
from redrabbit.services.queries.try_out_page import Tried, TryOutPage
from redrabbit.services.queries.verifications import CheckFilter, CheckRow, WholeList
from redrabbit.services.queries.week import Slot, WeekPage
from redrabbit.web.words import Words

XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

Columns = Sequence[tuple[str, int]]
"""The code of each header, and the width of its column."""

_CHECKS: Final[Columns] = (
    ("col.scheduled", 16),
    ("col.due_at", 26),
    ("col.line", 14),
    ("col.station", 12),
    ("col.device", 28),
    ("col.check", 28),
    ("fact.plan", 22),
    ("col.special_now", 20),
    ("col.end", 16),
    ("col.late", 14),
    ("col.reason", 40),
    ("fact.unwatched", 32),
    ("scheduled.reasons", 40),
    ("scheduled.decided", 26),
    ("col.by", 20),
    ("col.known", 24),
    ("col.run", 16),
)
_DEVICES: Final[Columns] = (
    ("col.device_id", 20),
    ("col.line", 14),
    ("col.station", 12),
    ("col.device", 28),
    ("devices.kind", 14),
    ("devices.modes", 34),
    ("devices.checks", 44),
    ("col.parts", 22),
    ("col.how", 20),
    ("devices.last", 26),
    ("col.run", 16),
    ("devices.next", 26),
    ("devices.grade", 24),
    ("coverage.gaps", 40),
)
_WEEK: Final[Columns] = (
    ("week.day", 12),
    ("col.due_at", 26),
    ("col.station", 12),
    ("col.device", 28),
    ("col.check", 28),
    ("check.when", 30),
    ("col.end", 16),
    ("week.note", 22),
    ("col.scheduled", 16),
)
_MATRIX: Final[Columns] = (
    ("col.line", 14),
    ("col.station", 12),
    ("col.device", 28),
    ("coverage.mode", 28),
    ("coverage.plan_line", 10),
    ("coverage.check", 32),
    ("col.part", 14),
    ("coverage.grade", 10),
    ("coverage.demanded", 10),
    ("coverage.next", 24),
    ("coverage.gaps", 50),
)
_GAPS: Final[Columns] = (
    ("col.line", 14),
    ("col.station", 12),
    ("col.device", 28),
    ("coverage.check", 32),
    ("col.part", 14),
    ("coverage.gaps", 50),
    ("coverage.detail", 70),
)

_DUE_TIMES: Final[Columns] = (
    ("tryout.plan", 18),
    ("col.due_at", 26),
    ("col.line", 14),
    ("col.station", 16),
    ("col.device", 28),
    ("col.check", 32),
)


def workbook_answer(content: bytes, name: str) -> Response:
    """Return a workbook as a file to be kept under a name, which is ASCII."""
    named = {"Content-Disposition": f'attachment; filename="{name}.xlsx"'}
    return Response(content, media_type=XLSX, headers=named)


def checks_asked(t: Words, wanted: CheckFilter) -> str:
    """Return in words which scheduled checks are asked for."""
    all_ = t("filter.all")
    period = f"{t.day(wanted.from_date) or '…'} \N{EN DASH} {t.day(wanted.to_date) or '…'}"
    end = t(f"ended.{wanted.ended.value}") if wanted.ended is not None else all_
    named = (("line", wanted.line), ("device", wanted.device), ("check", wanted.check))
    place = (f"{t(f'col.{name}')} {value or all_}" for name, value in named)
    return " · ".join((f"{t('print.filter')}: {period}", *place, f"{t('col.end')} {end}"))


def line_asked(t: Words, line: str | None) -> str:
    """Return in words of which line something is."""
    return f"{t('print.filter')}: {t('col.line')} {line or t('filter.all')}"


def devices_asked(t: Words, wanted: DeviceFilter) -> str:
    """Return in words of which devices something is."""
    kind = t("filter.all") if wanted.kind is None else t(f"devices.kind.{wanted.kind.value}")
    said = (line_asked(t, wanted.line), f"{t('devices.kind')} {kind}")
    return " · ".join((*said, t("devices.only_gaps")) if wanted.only_gaps else said)


def checks_workbook(t: Words, plant: str, found: WholeList) -> bytes:
    """Return the scheduled checks that a filter finds, all of them."""
    ends = " · ".join(f"{t(f'ended.{end.value}')}: {found.counts[end]}" for end in End)
    above = (
        *_head(t, plant, t("nav.verifications"), found.now),
        checks_asked(t, found.wanted),
        t("verifications.total", n=found.total),
        f"{t('verifications.ends')}: {ends}",
        t("print.checkpoint", size=found.size, root=found.root),
    )
    rows = _check_rows(t, found.rows)
    return streamed_table(
        t("nav.verifications"), _header(t, _CHECKS), rows, _widths(_CHECKS), above
    )


def _check_rows(t: Words, rows: Sequence[CheckRow]) -> Iterator[Sequence[str]]:
    for row in rows:
        yield (
            row.occurrence,
            _at(t, row.due_at),
            t.render(row.where.line),
            row.where.operation,
            t.render(row.where.device),
            row.check,
            row.plan,
            row.special_now or "",
            t(f"occurrence.{row.status}"),
            "" if row.late is None else t.span(row.late),
            "" if row.reason is None else t.render(row.reason),
            "" if row.unwatched is None else t.render(row.unwatched),
            "; ".join(map(t.render, row.reasons)),
            _at(t, row.decided_at),
            "" if row.by is None else t.render(row.by.name),
            "" if row.by is None else t(f"how.{row.by.how.value}"),
            row.run or "",
        )


def devices_workbook(t: Words, plant: str, page: DevicesPage) -> bytes:
    """Return the master list of devices."""
    book = new_workbook(t("nav.devices"))
    above = (
        *_head(t, plant, t("nav.devices"), page.now),
        devices_asked(t, page.wanted),
        f"{t('devices.total', n=len(page.rows))} · {page.plan}",
        t("print.checkpoint", size=page.size, root=page.root),
    )
    rows = [_device(t, row) for row in page.rows]
    put_table(book.worksheets[0], _header(t, _DEVICES), rows, _widths(_DEVICES), above)
    return packed(book)


def _device(t: Words, row: DeviceRow) -> Sequence[str]:
    checks = [f"{each.check}: {_schedule(t, each.schedule)}" for each in row.checks]
    return (
        row.device,
        t.render(row.line),
        row.operation,
        t.render(row.name),
        t(f"devices.kind.{row.kind}"),
        "; ".join(map(t.render, row.failure_modes)),
        "; ".join(checks) or t("devices.no_check"),
        "; ".join(", ".join(each.parts) for each in row.checks),
        t(f"status.{row.status}"),
        "" if row.last_pass is None else _at(t, row.last_pass.started_at),
        "" if row.last_pass is None else row.last_pass.run_id,
        _at(t, row.next_due_at),
        t(f"grade.{row.grade}"),
        "; ".join(map(t.render, row.gaps)),
    )


def _schedule(t: Words, rules: Sequence[RuleShown]) -> str:
    said = []
    for rule in rules:
        days = t(", ").join(t(f"weekday.{day}") for day in rule.weekdays)
        said.append(f"{t.render(rule.words)} ({days})" if days else t.render(rule.words))
    return t("schedule.or").join(said)


def week_asked(t: Words, page: WeekPage) -> str:
    """Return in words which week of which line something is."""
    first, last = page.week
    return f"{line_asked(t, page.line)} · {t.day(first)} \N{EN DASH} {t.day(last)}"


def week_workbook(t: Words, plant: str, page: WeekPage) -> bytes:
    """Return a week of a line, all of it: what was due, and what is planned, in the order of its times."""
    above = [
        *_head(t, plant, t("nav.schedule"), page.now),
        f"{week_asked(t, page)} · {t.render(page.line_name)}",
        t("verifications.total", n=page.total),
        t("print.checkpoint", size=page.size, root=page.root),
    ]
    if page.next_plan is not None:
        plan, at = page.next_plan
        above.insert(3, t("week.next_plan", plan=plan, at=at))
    rows = _week_rows(t, page)
    return streamed_table(t("nav.schedule"), _header(t, _WEEK), rows, _widths(_WEEK), above)


def _week_rows(t: Words, page: WeekPage) -> Iterator[Sequence[str]]:
    for number, day in enumerate(page.days):
        due = ((slot, row) for row in page.rows for slot in row.days[number])
        for slot, row in sorted(due, key=lambda each: (each[0].due_at, each[1].check)):
            yield (
                t.day(day.day),
                _at(t, slot.due_at),
                row.operation,
                t.render(row.device),
                row.check,
                _schedule(t, row.schedule),
                slot_said(t, slot),
                t("week.moved") if slot.is_moved else "",
                slot.occurrence or "",
            )


def slot_said(t: Words, slot: Slot) -> str:
    """Return in words how a due time of a week stands."""
    is_planned = slot.occurrence is None and slot.status == OccurrenceStatus.UPCOMING
    return t("week.planned") if is_planned else t(f"occurrence.{slot.status}")


def coverage_workbook(t: Words, plant: str, page: CoveragePage, now: datetime) -> bytes:
    """Return the coverage matrix and its gaps."""
    book = new_workbook(t("nav.coverage"), t("coverage.gaps"))
    matrix, gaps = book.worksheets

    def above(title: str, count: int) -> Sequence[str]:
        asked = f"{devices_asked(t, page.wanted)} · {page.plan}"
        return (*_head(t, plant, title, now), asked, f"{title}: {count}")

    rows = [
        (
            t.render(row.line),
            row.operation,
            t.render(row.device),
            t.render(row.failure_mode),
            row.cell.plan_line or "",
            row.cell.check or "",
            row.cell.part or "",
            row.cell.grade.value,
            row.cell.demanded or "",
            _at(t, row.cell.due_at),
            "; ".join(map(t.render, row.gaps)),
        )
        for row in page.rows
    ]
    missing = [
        (
            t.render(row.line),
            row.operation,
            t.render(row.device),
            row.gap.check or "",
            row.gap.part or "",
            t.render(row.words),
            "" if row.detail is None else t.render(row.detail),
        )
        for row in page.gaps
    ]
    title = t("coverage.matrix")
    put_table(matrix, _header(t, _MATRIX), rows, _widths(_MATRIX), above(title, len(rows)))
    title = t("coverage.gaps")
    put_table(gaps, _header(t, _GAPS), missing, _widths(_GAPS), above(title, len(missing)))
    return packed(book)


def try_out_workbook(
    t: Words, plant: str, page: TryOutPage, tried: Sequence[Tried], now: datetime
) -> bytes:
    """Return every due time of the plans that are tried out, and what was taken for granted."""
    book = new_workbook(t("tryout.due.workbook"), t("tryout.taken"))
    due_times, taken = book.worksheets
    rows = [
        (
            each.plant.plan.label,
            zoned(due.due_at, t.zone),
            played.check.line,
            played.check.station,
            played.check.device,
            played.check.id,
        )
        for each in tried
        for played in each.found.tried.played
        for due in played.due
    ]
    title = f"{t('tryout.title')} {' / '.join(page.labels)}"
    above = (
        *_head(t, plant, title, now),
        f"{zoned(page.since, t.zone)} \N{EN DASH} {zoned(page.until, t.zone)}",
    )
    put_table(due_times, _header(t, _DUE_TIMES), rows, _widths(_DUE_TIMES), above)
    words = [(t.render(each),) for each in page.taken]
    put_table(taken, [t("tryout.taken")], words, [120], above)
    return packed(book)


def _head(t: Words, plant: str, title: str, now: datetime) -> tuple[str, str]:
    zone = t("times.zone", zone=t.zone_at(now))
    return f"{plant} · {title}", f"{t('print.printed', at=zoned(now, t.zone))} · {zone}"


def _at(t: Words, instant: datetime | None) -> str:
    return "" if instant is None else zoned(instant, t.zone)


def _header(t: Words, columns: Columns) -> list[str]:
    return [t(code) for code, _ in columns]


def _widths(columns: Columns) -> list[int]:
    return [width for _, width in columns]
