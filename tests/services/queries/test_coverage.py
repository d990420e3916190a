"""The coverage matrix as pages show it: names, and words for every gap."""

from dataclasses import replace
from datetime import date

from redrabbit.base.messages import LANGUAGES, catalogue
from redrabbit.domain.challenge_part import PartState
from redrabbit.domain.coverage import GapKind
from redrabbit.domain.identity import PartId
from redrabbit.domain.schedule_rules import OnDemand
from redrabbit.services.queries.coverage import WORDS, coverage_now, coverage_page, recorded_in
from tests.plants import BEGIN, OP30, TORQUE_CHECK, Bench, a_check, a_part, a_plant


def test_the_matrix_has_names_and_says_when_each_check_is_due() -> None:
    bench = Bench(
        a_plant(a_check(), a_check("two", OP30, parts=(PartId("RR-0002"), PartId("GM-0002"))))
    )
    page = bench.database.read_now(lambda reader: coverage_page(reader, bench.plant, BEGIN))
    assert (page.plan, page.gaps) == ("CP-1 rev A", ())
    row = page.rows[0]
    assert (row.line.en, row.operation, row.device.en) == ("Line 1", "OP20", "Torque lockout")
    assert (row.cell.part, row.cell.check) == ("RR-0001", TORQUE_CHECK)
    assert row.cell.due_at is not None


def test_what_is_recorded_of_parts_and_checks_is_known() -> None:
    bench = Bench()
    recorded = bench.database.read_now(lambda reader: recorded_in(reader, bench.plant, BEGIN))
    assert recorded.parts[PartId("RR-0001")] is PartState.RELEASED
    assert recorded.adopted_at == {TORQUE_CHECK: BEGIN}
    found = bench.database.read_now(lambda reader: coverage_now(reader, bench.plant, BEGIN))
    assert [gap.kind for gap in found.gaps] == [GapKind.DEVICE_WITHOUT_CHECK]


def test_every_gap_has_its_words_in_both_languages() -> None:
    assert set(WORDS) == set(GapKind)
    parts = (
        a_part("RR-0001", valid_until=date(2026, 3, 1), released=False),
        a_part("GM-0001", None),
    )
    lacking = replace(a_check("two", OP30, parts=(PartId("RR-0001"),)), schedule=OnDemand())
    plant = a_plant(a_check(parts=(PartId("RR-0001"),)), lacking, parts=parts)
    bench = Bench(plant)
    page = bench.database.read_now(lambda reader: coverage_page(reader, plant, BEGIN))
    assert {row.gap.kind for row in page.gaps} == {
        GapKind.CHECK_WITHOUT_MASTER,
        GapKind.CHECK_NEVER_DUE,
        GapKind.PART_AT_SEVERAL_DEVICES,
        GapKind.PART_EXPIRES_FIRST,
        GapKind.PART_UNFIT,
    }
    for language in LANGUAGES:
        words = catalogue(language, plant.zone)
        for row in page.gaps:
            assert not words.render(row.words).startswith("gap.")
            assert row.detail is None or "gap." not in words.render(row.detail)
