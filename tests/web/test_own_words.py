"""A record never changes when plan and plant do: it keeps the words of its own time (B35, D23)."""

import re
from dataclasses import replace
from zoneinfo import ZoneInfo

import pytest

from redrabbit.domain.facts.run import RunStarted
from redrabbit.domain.facts.words import PlanReference
from redrabbit.domain.identity import Actor, RunId
from redrabbit.domain.plant import Plant
from redrabbit.domain.run_words import Purpose
from redrabbit.domain.text import Text
from redrabbit.services.adopting import adopt
from redrabbit.services.record_fact import record
from tests.showcase import at
from tests.showcase_story import CLOSED_CASE, CUT_OFF_RUN, MISSED_RUN, OPEN_CASE, SILENT_RUN
from tests.web.conftest import Visitor

RENAMED = Text(en="Renamed since", zh="已改名")
OLD_PLACES = [
    f"/runs/{SILENT_RUN}",
    f"/runs/{MISSED_RUN}",
    f"/runs/{CUT_OFF_RUN}",
    f"/containments/{CLOSED_CASE}",
    f"/api/v1/runs/{MISSED_RUN}",
    f"/api/v1/runs/{MISSED_RUN}/signals",
    f"/api/v1/containments/{OPEN_CASE}",
    "/api/v1/occurrences/line3-O-1",
    "/api/v1/occurrences/line4-O-1",
    "/api/v1/alarms",
    "/api/v1/runs?limit=200",
]


def changed(plant: Plant) -> Plant:
    """Return the same plant with another name for everything and another place in plan and PFMEA."""
    stations = tuple(
        replace(
            station,
            name=RENAMED,
            operation=f"{station.operation}-X",
            devices=tuple(replace(device, name=RENAMED) for device in station.devices),
            signals=tuple(
                replace(spec, label=RENAMED, unit=spec.unit and "lbf") for spec in station.signals
            ),
        )
        for station in plant.stations
    )
    checks = tuple(
        replace(check, plan_line=f"9{check.plan_line}", pfmea="99.9 rev Z")
        for check in plant.plan.checks
    )
    return replace(
        plant,
        lines=tuple(replace(line, name=RENAMED) for line in plant.lines),
        stations=stations,
        parts=tuple(replace(part, name=RENAMED) for part in plant.parts),
        failure_modes=dict.fromkeys(plant.failure_modes, RENAMED),
        plan=replace(plant.plan, number="CP-999", revision="Z", checks=checks),
        digest="b" * 64,
    )


def adopt_changed(visitor: Visitor) -> None:
    """Let the plant be planned and named anew."""
    plant = changed(visitor.plant.plant)
    visitor.let(
        visitor.plant.write(lambda uow: adopt(uow, plant, {"plant.yaml": "plant: y\n"}, "test"))
    )
    visitor.plant.agent.plant = plant


def as_read(visitor: Visitor, path: str, language: str) -> str:
    """Return what a record says, without how far the ledger has grown since, and what is to be ended today."""
    text = re.sub(
        r'<aside class="band".*?</aside>', "", visitor.text(path, language), flags=re.DOTALL
    )
    main = text[text.index('<main class="content"') :] if "<main" in text else text
    grown = r"(in a ledger of |防篡改记录共 )[\d\u202f]+|(?:root|根哈希) [\w+/]+="
    return re.sub(rf'{grown}|name="form_key" value="\w+"', "", main)


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_old_records_read_as_before_when_everything_has_another_name(
    visitor: Visitor, language: str
) -> None:
    before = {path: as_read(visitor, path, language) for path in OLD_PLACES}
    adopt_changed(visitor)
    after = {path: as_read(visitor, path, language) for path in OLD_PLACES}
    assert after == before
    assert "Renamed since" in visitor.text("/stations")


def test_the_list_of_runs_names_each_as_it_was(visitor: Visitor) -> None:
    adopt_changed(visitor)
    rows = visitor.text("/runs").partition("<tbody>")[2]
    assert "Recliner torque" in rows
    assert "Renamed since" not in rows


def of_schema_1(visitor: Visitor) -> None:
    """Let the records hold a run as schema 1 left it: numbered through the plant, without words."""
    run = RunStarted(
        run_id=RunId("R-1042"),
        occurrence_id=None,
        check_id="line1-op20",
        purpose=Purpose.CHECK,
        containment_id=None,
        line="line1",
        station="line1-op20",
        device="line1-op20",
        plan=PlanReference(number="CP-204", revision="E", line=None, pfmea=None),
        names=None,
        station_digest=None,
        special_characteristic=None,
        method=None,
        variant=None,
        nest=None,
        program=None,
        mode=None,
        parts=("RR-0001", "GM-0001"),
        late_s=None,
        expires_at=at(30),
        entered_at=None,
    )
    visitor.let(
        visitor.plant.write(
            lambda uow: record(uow, run, stream="line1", actor=Actor.stated("Old Wang"))
        )
    )


@pytest.mark.parametrize("address", ["1042", "R-1042"])
def test_an_address_of_schema_1_answers_for_ever(visitor: Visitor, address: str) -> None:
    """D65: what was printed then leads there still; what was not recorded then is said."""
    of_schema_1(visitor)
    page = visitor.text(f"/runs/{address}")
    assert "<h1>R-1042</h1>" in page
    assert "CP-204 rev E" in page
    assert page.count("not recorded") == 3
    assert "Old Wang" in page
    assert "Low torque lockout" in page
    told = visitor.client.get(f"/api/v1/runs/{address}").json()
    assert (told["run_id"], told["names"], told["plan_line"]) == ("R-1042", None, None)
    assert visitor.client.get(f"/api/v1/runs/{address}/signals").json()["code"] == "no_such_signals"


def test_the_words_are_those_of_the_record(visitor: Visitor) -> None:
    told = visitor.client.get(f"/api/v1/runs/{MISSED_RUN}").json()
    assert told["names"]["device"] == {"en": "Recliner torque", "zh": "调角器扭矩"}
    assert (told["plan"], told["plan_line"], told["pfmea"]) == ("CP-204 rev F", "37", "13.7 rev C")
    first = told["presentations"][0]
    assert first["failure_mode_name"] == {"en": "torque low", "zh": "扭矩过低"}
    assert first["certification"]["valid_until"] == "2027-03-31"
    assert first["evidence"]["signals"]["torque"] == {
        "label": {"en": "torque", "zh": "扭矩"},
        "unit": "N·m",
    }


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin"])
def test_a_record_says_in_which_zone_its_times_are(visitor: Visitor, zone: str) -> None:
    """The plant's zone may be changed: then a page shows an old instant as another wall time."""
    visitor.plant.agent.plant = replace(visitor.plant.plant, zone=ZoneInfo(zone))
    for path in (f"/runs/{MISSED_RUN}", "/runs"):
        assert f"times in {zone} (UTC+" in visitor.text(path)
        assert f"时间按 {zone} (UTC+" in visitor.text(path, "zh-CN")
