"""Lists as workbooks: exactly what is asked for, with the filter and the true counts in the file, and nothing that calculates."""

import re
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs

import pytest
from openpyxl import load_workbook

from redrabbit.domain.coverage import coverage
from redrabbit.domain.identity import DeviceId
from redrabbit.domain.occurrence import status
from redrabbit.domain.records import OccurrenceRecord
from redrabbit.services.queries.coverage import recorded_in
from tests.showcase_story import OCCURRENCES
from tests.web.conftest import Visitor

EVIL = '=HYPERLINK("http://bad")'


def rows_of(visitor: Visitor, path: str, language: str = "en") -> list[tuple[Any, ...]]:
    answer = visitor.client.get(path, headers={"Accept-Language": language})
    assert answer.status_code == 200, answer.text
    sheet = load_workbook(BytesIO(answer.content)).worksheets[0]
    assert "f" not in {cell.data_type for row in sheet.iter_rows() for cell in row}
    return [tuple(row) for row in sheet.iter_rows(values_only=True)]


def table_of(rows: list[tuple[Any, ...]], first_header: str) -> list[tuple[Any, ...]]:
    return rows[next(n for n, row in enumerate(rows) if row[0] == first_header) + 1 :]


def test_scheduled_checks_come_as_they_are_asked_for(onlooker: Visitor) -> None:
    every = onlooker.plant.ask(lambda reader: reader.find(OccurrenceRecord))
    now = onlooker.clock.now()
    asked = {
        "from=&to=": {each.occurrence_id for each in every},
        "from=&to=&end=lapsed": set(OCCURRENCES["lapsed"]),
        "line=line2": {each.occurrence_id for each in every if each.line == "line2"},
        "line=nowhere": set(),
    }
    for query, ids in asked.items():
        rows = rows_of(onlooker, f"/verifications.xlsx?{query}")
        listed = table_of(rows, "Scheduled check")
        assert {row[0] for row in listed} == ids
        assert len(listed) == len(ids)
        above = " ".join(str(row[0]) for row in rows[: len(rows) - len(listed)])
        assert f"Scheduled checks: {len(ids)}" in above
        assert "Asia/Shanghai (UTC+8)" in above
        assert all(re.fullmatch(r"[-0-9]{10} [:0-9]{8} UTC\+8", row[1]) for row in listed)
    lapsed = sum(status(each, now).value == "lapsed" for each in every)
    rows = rows_of(onlooker, "/verifications.xlsx?from=&to=&end=lapsed")
    assert any(f"lapsed: {lapsed}" in str(row[0]) for row in rows)
    assert any("lapsed" in str(row[0]) and "Filter" in str(row[0]) for row in rows)
    rows = rows_of(onlooker, "/verifications.xlsx?from=&to=")
    header = next(row for row in rows if row[0] == "Scheduled check")
    place = header.index("Special characteristic (as the check has it now)")
    assert {row[place] for row in table_of(rows, header[0])} == {None, "CC", "SC"}
    chinese = rows_of(onlooker, "/verifications.xlsx", "zh-CN")
    assert chinese[0][0].endswith("验证任务")


def test_what_is_too_much_or_not_understood_is_refused_and_never_cut(
    onlooker: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = onlooker.text("/verifications?from=&to=&line=line2")
    assert 'href="/verifications.xlsx?line=line2&amp;from=&amp;to="' in page
    assert onlooker.client.get("/verifications.xlsx?to=never").status_code == 422
    monkeypatch.setattr("redrabbit.web.pages.verifications.MOST_IN_WORKBOOK", 1)
    answer = onlooker.client.get("/verifications.xlsx")
    assert answer.status_code == 422
    assert "at most 1 " in answer.text


def test_words_of_people_calculate_nothing(visitor: Visitor) -> None:
    (lapsed,) = OCCURRENCES["lapsed"]
    visitor.be("Li Wei")
    assert visitor.send(f"/verifications/{lapsed}/reasons", text=EVIL) == 303
    rows = rows_of(visitor, "/verifications.xlsx?from=&to=&end=lapsed")
    assert any(EVIL in str(cell) for row in rows for cell in row)


def test_a_week_comes_as_it_is_asked_for_or_not_at_all(
    onlooker: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is made and what is planned, of that line and week: as many as the page counts, and its very checks."""
    for query in ("line=line1", "line=line3&day=2026-11-23", "line=line2&day=2026-01-06"):
        page = onlooker.text(f"/schedule?{query}")
        made = re.findall(r'class="slot [^"]*" href="/verifications/([^"]+)"', page)
        planned = page.count('class="slot planned')
        rows = rows_of(onlooker, f"/schedule.xlsx?{query}")
        listed = table_of(rows, "Day")
        assert sorted(row[8] for row in listed if row[8]) == sorted(made)
        assert sum(not row[8] for row in listed) == planned
        assert {row[6] for row in listed if not row[8]} <= {"planned", "excused"}
        assert all(row[1].startswith(row[0]) for row in listed), "each on its plant-local day"
        above = " ".join(str(row[0]) for row in rows[: len(rows) - len(listed)])
        assert f"Scheduled checks: {len(listed)}" in above
        assert f"Line {query[5:10]}" in above
        printed = onlooker.text(f"/schedule/print?{query}")
        assert re.findall(r'class="slot [^"]*" href="/verifications/([^"]+)"', printed) == made
        assert f'href="/schedule.xlsx?{query[:10]}&amp;day=' in page
        assert f'href="/schedule/print?{query[:10]}&amp;day=' in page
    for path in ("/schedule.xlsx", "/schedule/print"):
        assert onlooker.client.get(f"{path}?day=never").status_code == 422
        assert onlooker.client.get(f"{path}?line=nowhere").status_code == 404
    monkeypatch.setattr("redrabbit.web.pages.week.MOST_IN_WORKBOOK", 1)
    monkeypatch.setattr("redrabbit.web.pages.week.MOST_PRINTED", 1)
    for path in ("/schedule.xlsx", "/schedule/print"):
        refused = onlooker.client.get(path)
        assert refused.status_code == 422
        assert "more than 1 due times" in refused.text


@pytest.mark.parametrize("line", ["", "line1"])
def test_devices_come_as_they_are_asked_for(onlooker: Visitor, line: str) -> None:
    known = onlooker.client.get("/api/v1/devices").json()["items"]
    ids = [each["id"] for each in known if line in {"", each["line"]}]
    rows = rows_of(onlooker, f"/devices.xlsx?line={line}")
    listed = table_of(rows, "Device id")
    assert [row[0] for row in listed] == ids
    assert any(f"Devices: {len(ids)}" in str(row[0]) for row in rows)
    text = onlooker.text(f"/devices?line={line}")
    assert re.findall(r'class="row" href="/devices/([^"]+)"', text) == ids
    assert f'href="/devices.xlsx?line={line}"' in text


@pytest.mark.parametrize(
    "query", ["line=&kind=cannot_pass", "line=&gaps=1", "line=line2&kind=cannot_make&gaps=1"]
)
def test_devices_and_coverage_come_by_line_type_and_gaps(onlooker: Visitor, query: str) -> None:
    """The same filter on both pages, kept in the address, and in the file exactly what the page shows."""
    asked = {k: v[0] for k, v in parse_qs(query).items()}
    plant = onlooker.plant.plant
    found = coverage(
        plant,
        onlooker.clock.now(),
        onlooker.plant.ask(lambda reader: recorded_in(reader, plant, onlooker.clock.now())),
    )
    lacking = {gap.device for gap in found.gaps}
    lacking |= {row.device for row in found.rows if row.gaps}

    def is_asked(device: str, line: str) -> bool:
        _, known = plant.station_of(DeviceId(device))
        return asked.get("line", line) == line and asked.get("kind", known.kind) == known.kind

    devices = [
        device.id
        for station in plant.stations
        for device in station.devices
        if is_asked(device.id, station.line) and (device.id in lacking or "gaps" not in asked)
    ]
    listed = table_of(rows_of(onlooker, f"/devices.xlsx?{query}"), "Device id")
    assert [row[0] for row in listed] == devices
    assert all(row[-1] for row in listed) or "gaps" not in asked
    page = onlooker.text(f"/devices?{query}")
    assert re.findall(r'class="row" href="/devices/([^"]+)"', page) == devices
    cells = [
        r for r in found.rows if is_asked(r.device, r.line) and (r.gaps or "gaps" not in asked)
    ]
    gaps = [gap for gap in found.gaps if is_asked(gap.device, gap.line)]
    answer = onlooker.client.get(f"/coverage.xlsx?{query}")
    matrix, missing = load_workbook(BytesIO(answer.content)).worksheets
    for sheet, wanted in ((matrix, cells), (missing, gaps)):
        rows = list(sheet.iter_rows(values_only=True))
        assert len(table_of(rows, "Line")) == len(wanted)
        assert any("Filter" in str(row[0]) and "Type" in str(row[0]) for row in rows)
    for path, text in (("devices", page), ("coverage", onlooker.text(f"/coverage?{query}"))):
        assert f'href="/{path}.xlsx?{query.replace("&", "&amp;")}"' in text
        assert ("checked" in text) == ("gaps" in asked)
        assert f'href="/{path}">Clear' in text


def test_the_matrix_of_a_line_says_so(onlooker: Visitor) -> None:
    cells = onlooker.client.get("/api/v1/coverage").json()["cells"]
    of_line = [each for each in cells if each["line"] == "line1"]
    answer = onlooker.client.get("/coverage.xlsx?line=line1")
    rows = list(load_workbook(BytesIO(answer.content)).worksheets[0].iter_rows(values_only=True))
    assert len(table_of(rows, "Line")) == len(of_line) < len(cells)
    assert any("line1" in str(row[0]) and "Filter" in str(row[0]) for row in rows)
