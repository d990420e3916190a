"""The operator's page asks once a shift whether the line runs, where no signal tells it (D42)."""

from dataclasses import replace

from redrabbit.domain.records import OccurrenceRecord, PlantEventRecord
from redrabbit.domain.schedule_rules import FirstPart
from tests.showcase import showcase_plant
from tests.web.conftest import serve

STATION = "/stations/line1-op20"
BUTTON = 'value="line_running"'


def test_one_tap_tells_that_the_line_runs_and_what_waits_for_it_is_due() -> None:
    plant = showcase_plant()
    checks = tuple(
        replace(each, schedule=FirstPart()) if each.station == "line1-op20" else each
        for each in plant.plan.checks
    )
    stations = tuple(
        replace(each, part_counter=None, running=None) if each.id == "line1-op20" else each
        for each in plant.stations
    )
    plan = replace(plant.plan, checks=checks)
    visitor = serve(plant=replace(plant, stations=stations, plan=plan))
    with visitor.client:
        assert f"{BUTTON} disabled" in visitor.text(STATION)  # nobody said who they are
        visitor.be("badge 2207")
        assert f"{BUTTON}>Line is running" in visitor.text(STATION)
        assert f"{BUTTON}>产线已开始生产" in visitor.text(STATION, "zh-CN")
        assert visitor.send(f"{STATION}/event", line="line1", event="line_running") == 303
        assert BUTTON not in visitor.text(STATION)
        (told,) = visitor.plant.ask(lambda reader: reader.find(PlantEventRecord))
        assert (told.event, told.station, told.told_by_what) == ("line_running", None, "person")
        made = visitor.plant.ask(lambda reader: reader.find(OccurrenceRecord))
        due = [each for each in made if each.trigger_key.startswith("production:")]
        assert {each.due_at for each in due} == {told.happened_at}
        assert {each.station for each in due} == {"line1-op20"}
