"""A page offers only what the viewer may do: an act that would be refused is not asked for."""

import re

import pytest

from redrabbit.domain.identity import StationId
from redrabbit.domain.role import Role
from tests.people import PASSWORD
from tests.showcase_story import MISSED_RUN
from tests.web.conftest import Visitor
from tests.web.test_sign_in import digest_of_session, people_of, sent

OWN = ("/sign-out", "/account/")
"""What anybody does with what is their own."""
ASKS = re.compile(r'(?:formaction|method="post" action)="([^"]+)"')


def pages_of(visitor: Visitor) -> dict[str, str]:
    """Return the pages to which those of the navigation lead, two steps far, without stations."""
    found: dict[str, str] = {}
    left = ["/runs", "/due", "/alarms", "/containments", "/approvals", "/receivers", "/ledger"]
    left += ["/people", "/account", f"/runs/{MISSED_RUN}"]
    while left:
        path = left.pop()
        answer = visitor.client.get(path, follow_redirects=False)
        if path in found or answer.status_code != 200:
            continue
        found[path] = answer.text
        if path.count("/") == 1:
            left += re.findall(r'href="(/(?:containments|people|runs)/[^"/?]+)"', answer.text)[:40]
    return found


def asked_on(visitor: Visitor) -> set[tuple[str, str]]:
    return {
        (path, asked)
        for path, page in pages_of(visitor).items()
        for asked in ASKS.findall(page)
        if not asked.startswith(OWN)
    }


def test_an_auditor_is_offered_no_act(visitor: Visitor) -> None:
    people_of(visitor).register("Audit", Role.AUDITOR)
    assert sent(visitor, "/sign-in", name="Audit", password=PASSWORD)[0] == 303
    pages = pages_of(visitor)
    assert {"/alarms", "/due", "/receivers", f"/runs/{MISSED_RUN}"} <= pages.keys()
    assert any(path.startswith("/containments/") for path in pages)
    assert asked_on(visitor) == {("/alarms", "/alarms/take")}  # the empty form of all buttons
    # what others signed may be read there; nobody is asked to sign
    assert not [path for path, page in pages.items() if 'class="button" href="/sign/' in page]


@pytest.mark.parametrize(
    ("role", "offered", "not_offered"),
    [
        (Role.QUALITY_ENGINEER, {"/alarms/silence", "/due/pause", "/receivers/test"}, {"/people"}),
        (Role.MAINTENANCE, {"/alarms/take", "/receivers/test"}, {"/alarms/silence", "/due/pause"}),
        (Role.SHIFT_LEADER, {"/alarms/silence"}, {"/people"}),
        (Role.ADMINISTRATOR, {"/people"}, {"/alarms/silence", "/receivers/test"}),
    ],
)
def test_others_are_offered_what_their_role_may(
    visitor: Visitor, role: Role, offered: set[str], not_offered: set[str]
) -> None:
    people_of(visitor).register("Li Na", role)
    assert sent(visitor, "/sign-in", name="Li Na", password=PASSWORD)[0] == 303
    asked = {each for _, each in asked_on(visitor)}
    assert offered <= asked
    assert not not_offered & asked


def test_only_lines_are_offered_on_which_one_may_act(visitor: Visitor) -> None:
    people_of(visitor).register("Li Na", Role.SHIFT_LEADER, line="line2")
    assert sent(visitor, "/sign-in", name="Li Na", password=PASSWORD)[0] == 303
    lines = {station.id: station.line for station in visitor.plant.plant.stations}
    silences, pauses = (
        options_of(visitor, "/alarms", "station"),
        options_of(visitor, "/due", "line"),
    )
    assert silences
    assert {lines.get(StationId(each)) for each in silences} == {"line2"}, "and not all stations"
    assert pauses == ["line2"]


def options_of(visitor: Visitor, path: str, name: str) -> list[str]:
    found = re.search(rf'<select name="{name}">(.*?)</select>', visitor.text(path))
    assert found is not None
    return re.findall(r'<option value="([^"]*)"', found[1])


def test_where_nobody_is_registered_all_is_offered(visitor: Visitor) -> None:
    assert {"/alarms/take", "/alarms/silence", "/due/pause"} <= {
        each for _, each in asked_on(visitor)
    }
    assert options_of(visitor, "/alarms", "station")[0] == "", "all stations"


@pytest.mark.parametrize("role", [Role.ADMINISTRATOR])
def test_what_takes_something_from_somebody_asks_first(visitor: Visitor, role: Role) -> None:
    people = people_of(visitor)
    people.register("Chen", role)
    people.register("Li Na", Role.OPERATOR)
    assert sent(visitor, "/sign-in", name="Chen", password=PASSWORD)[0] == 303
    page = visitor.text("/people/p-0002")
    for act in ("revoke", "disable", "link"):
        form = page.index(f'action="/people/p-0002/{act}"')
        assert page.rindex('<details class="asks">', 0, form) > page.rfind("</details>", 0, form), (
            act
        )
    assert "takes it away from Li Na" in page


def test_the_board_says_who_is_signed_in(visitor: Visitor) -> None:
    assert "/sign-in" not in visitor.text("/")  # nobody is registered
    people_of(visitor).register("Li Na", Role.OPERATOR)
    assert 'href="/sign-in"' in visitor.text("/")
    assert sent(visitor, "/sign-in", name="Li Na", password=PASSWORD)[0] == 303
    board = visitor.text("/")
    assert "Li Na" in board
    assert 'href="/account"' in board
    assert 'action="/sign-out"' in board
    assert 'href="/sign-in"' not in board


def test_an_alarm_names_the_check_and_who_sees_to_it(visitor: Visitor) -> None:
    people_of(visitor).register("Li Na", Role.QUALITY_ENGINEER)
    assert sent(visitor, "/sign-in", name="Li Na", password=PASSWORD)[0] == 303
    page = visitor.text("/alarms")
    rows = re.findall(r'<tr id="([^"]+)">(.*?)</tr>', page, re.DOTALL)
    of_runs = [row for _, row in rows if 'href="/runs/' in row]
    assert of_runs
    assert all("check " in row for row in of_runs)
    assert sent(visitor, "/alarms/take", digest_of_session(visitor), alarms=rows[0][0]) == (
        303,
        "/alarms",
    )
    taken = visitor.text("/alarms").partition('id="taken"')[2]
    assert "Li Na" in taken
    assert "Taking it ends nothing" in taken
    assert "not over yet: go there" in taken


def test_an_end_is_the_last_day(visitor: Visitor) -> None:
    """A role until the 30th was shown as until the 1st, 00:00."""
    people_of(visitor).register("Chen", Role.ADMINISTRATOR)
    people_of(visitor).register("Li Na")
    assert sent(visitor, "/sign-in", name="Chen", password=PASSWORD)[0] == 303
    within = digest_of_session(visitor)
    path = "/people/p-0002"
    assert sent(visitor, f"{path}/grant", within, role="auditor")[0] == 409
    assert sent(visitor, f"{path}/grant", within, role="operator", until="2026-12-31")[0] == 303
    assert sent(visitor, f"{path}/change", within, name="Li Na", expires="2027-01-31")[0] == 303
    page = visitor.text(path)
    assert re.search(r"<td[^>]*>2026-12-31</td>", page)
    assert "until 2027-01-31" in page
    assert re.search(r"<td[^>]*>2027-01-31</td>", visitor.text("/people"))
    assert "2027-01-01" not in page
    assert "2027-02-01" not in page


FOR_ALL = ("/who", "/sign-out", "/pin")


def asked_at_stations(visitor: Visitor) -> set[str]:
    return {
        asked.rpartition("/")[2]
        for station in set(re.findall(r'href="(/stations/[^"/?]+)"', visitor.text("/stations")))
        for asked in ASKS.findall(visitor.text(station))
        if not asked.endswith(FOR_ALL)
    }


def test_a_station_offers_only_what_the_viewer_may_do(visitor: Visitor) -> None:
    """An auditor was offered "Something is wrong", which aborts the run."""
    visitor.be("2207")
    assert visitor.send("/stations/line1-op20/start", check="line1-op20") == 303
    people = people_of(visitor)
    everything = asked_at_stations(visitor)
    assert {"abort", "confirm", "start", "scan", "tick", "repair"} <= everything
    people.register("Audit", Role.AUDITOR)
    assert sent(visitor, "/sign-in", name="Audit", password=PASSWORD)[0] == 303
    assert asked_at_stations(visitor) == set()
