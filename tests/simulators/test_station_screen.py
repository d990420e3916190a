"""The simulated tablet at the real product: enrolled by a leader, and a badge says who acts."""

import httpx2
import pytest

from redrabbit.domain.identity import How, StationId
from redrabbit.domain.record_query import equals
from redrabbit.domain.records import RunRecord
from redrabbit.domain.role import Role
from simulators.line_operator import Act, Action
from simulators.station_screen import StationScreen
from tests.people import PASSWORD
from tests.simulators.test_browser import browser_at, people_of
from tests.web.conftest import Visitor

STATION = StationId("line1-op20")
START = Action(act=Act.START, after_s=0, check_id="line1-op20")


@pytest.fixture
def screen(visitor: Visitor) -> StationScreen:
    people = people_of(visitor)
    people.register("Gao Feng", Role.SHIFT_LEADER)
    people.badge(people.register("Wang Lei", Role.OPERATOR, password=False), "B1001")
    leader, tablet = browser_at(visitor), browser_at(visitor)
    visitor.let(leader.fill_in("/sign-in", name="Gao Feng", password=PASSWORD))
    found = StationScreen(tablet.client, STATION, "B1001")
    visitor.let(found.enrol(leader))
    return found


def runs(visitor: Visitor) -> list[RunRecord]:
    return visitor.plant.ask(lambda reader: reader.find(RunRecord, equals("station", STATION)))


def test_who_scanned_a_badge_is_who_acts(visitor: Visitor, screen: StationScreen) -> None:
    before = len(runs(visitor))
    visitor.let(screen.come())
    assert visitor.let(screen.say(START)) is None
    run = runs(visitor)[-1]
    assert len(runs(visitor)) == before + 1
    assert (run.started_by, run.started_how) == ("p-0002", How.BADGE)


def test_who_is_asked_anew_scans_the_badge_again(visitor: Visitor, screen: StationScreen) -> None:
    assert visitor.let(screen.say(START)) is None
    assert runs(visitor)[-1].started_by == "p-0002"


def test_a_refusal_is_an_answer(visitor: Visitor, screen: StationScreen) -> None:
    visitor.let(screen.come())
    wrong = Action(act=Act.START, after_s=0, check_id="no-such-check")
    assert visitor.let(screen.say(wrong)) == "no_such_check"


@pytest.mark.usefixtures("screen")
def test_a_tablet_that_nobody_enrolled_is_none(visitor: Visitor) -> None:
    other = StationScreen(browser_at(visitor).client, STATION, "B1001")
    with pytest.raises(httpx2.HTTPStatusError):
        visitor.let(other.come())
