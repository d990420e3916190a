"""What pages say how many there are, compared with what there is, after a whole shift (D63)."""

from redrabbit.domain.containment_questions import IS_OPEN
from redrabbit.domain.records import AlarmRecord, ContainmentRecord, RunRecord
from redrabbit.services.ports import Reader
from redrabbit.services.queries.counts import (
    RunsWanted,
    count_closed_cases,
    count_runs,
    count_unacknowledged_alarms,
)
from redrabbit.services.queries.wording import outcome_word
from tests.simulation.product import Commit
from tests.simulation.story import Scene, Story, require


class CountChecker:
    """Counts every run by line, device and outcome, up to each instant at which one began; and the others."""

    def after(self, scene: Scene, story: Story, commit: Commit) -> None:
        """Look at nothing: what is there is compared at the end."""

    def at_end(self, scene: Scene, story: Story) -> None:
        del story
        scene.ask(_compare)


def _compare(reader: Reader) -> None:
    runs = reader.find(RunRecord)
    for line, device, outcome in {(run.line, run.device, outcome_word(run)) for run in runs}:
        those = [run for run in runs if (run.line, run.device) == (line, device)]
        for end in (None, *(run.started_at for run in those)):
            wanted = RunsWanted(line=line, device=device, outcome=outcome, end=end)
            there = sum(
                outcome_word(run) == outcome and (end is None or run.started_at < end)
                for run in those
            )
            require("D63", count_runs(reader, wanted) == there, "a count is wrong", wanted, there)
    require("D63", count_runs(reader, RunsWanted()) == len(runs), "the count of all runs is wrong")
    closed = len(reader.find(ContainmentRecord)) - len(reader.find(ContainmentRecord, IS_OPEN))
    require("D63", count_closed_cases(reader) == closed, "the count of closed cases is wrong")
    alarms = sum(each.acknowledged_at is None for each in reader.find(AlarmRecord))
    require("D63", count_unacknowledged_alarms(reader) == alarms, "the count of alarms is wrong")
