"""The board: one status a device, what it means, and what is next (R35, D10)."""

from dataclasses import replace
from datetime import timedelta

from redrabbit.domain.identity import Actor, ContainmentId, DeviceId, LineId
from redrabbit.domain.observation import NoData, Reason
from redrabbit.domain.plant import Line
from redrabbit.domain.record_query import recorded
from redrabbit.domain.records import ContainmentRecord
from redrabbit.domain.schedule import OnDemand
from redrabbit.services import planning
from redrabbit.services.queries.beside_status import BadgeShown, without_verdict
from redrabbit.services.queries.board import BoardPage, Tile, board_page
from redrabbit.services.queries.wording import message
from tests.plants import LINE, a_check, a_plant, words
from tests.services.queries.at_op20 import AtOp20
from tests.showcase import at
from tests.showcase_story import OPEN_CASE, Showcase

QUALITY = Actor.stated("quality")


def board_of(showcase: Showcase) -> BoardPage:
    views, now = showcase.service.views(), showcase.clock.now()
    return showcase.ask(lambda reader: board_page(reader, showcase.plant, views, now))


def tiles_of(page: BoardPage) -> dict[str, Tile]:
    return {tile.device: tile for line in page.lines for tile in line.tiles}


def tile_of(bench: AtOp20, *, blind: NoData | None = None) -> Tile:
    now = bench.clock.now()
    views = {station: owner.view(now) for station, owner in bench.owners.items()}
    if blind is not None:
        views = {
            station: replace(view, blind={DeviceId("op20-torque"): blind})
            for station, view in views.items()
        }
    page = bench.ask(lambda reader: board_page(reader, bench.plant, views, now))
    return tiles_of(page)["op20-torque"]


def said(tile: Tile) -> tuple[str, str, str | None]:
    detail = tile.detail.code if tile.detail is not None else None
    return tile.status, tile.headline.code, detail


def test_each_status_is_said_with_what_is_next(showcase: Showcase) -> None:
    tiles = tiles_of(board_of(showcase))
    assert said(tiles["line2-op20"]) == ("missed", "board.missed", "board.reaction")
    assert said(tiles["line3-op40"]) == ("failed", "board.failed", "board.failed_run")
    assert said(tiles["line2-op40"]) == ("overdue", "board.overdue", "board.part")
    assert said(tiles["line3-op20"]) == ("lapsed", "board.lapsed", "board.next")
    assert said(tiles["line4-op10"]) == ("no_data", "status.no_data", "board.not_reached")
    assert said(tiles["line4-op20"]) == ("inconclusive", "board.inconclusive", "board.again")
    assert said(tiles["line4-op40"]) == ("due", "board.due_until", "board.part")
    assert said(tiles["line1-op30"]) == ("due", "board.due_in", "board.part")
    assert said(tiles["line3-op50"]) == ("never_verified", "status.never_verified", "board.next")
    verified = ("verified", "status.verified", "board.next_and_last")
    assert said(tiles["line1-op20"]) == verified


def test_whatever_verdict_a_tile_tells_it_tells_its_grade(showcase: Showcase) -> None:
    """D28: also of a miss and of a good part that was rejected; what is no verdict has none."""
    tiles = tiles_of(board_of(showcase))
    told = {tile.status for tile in tiles.values() if tile.grade is not None}
    assert told == {"missed", "failed", "verified"}
    assert [t.device for t in tiles.values() if t.status in told and t.grade is None] == []


def test_a_device_that_is_verified_on_demand_tells_its_grade() -> None:
    bench = AtOp20(a_plant(a_check(schedule=OnDemand())))
    assert tile_of(bench).grade is None
    bench.verify()
    assert (said(tile_of(bench)), tile_of(bench).grade) == (
        ("verified", "status.verified", "board.no_next"),
        "C",
    )


def test_figures_are_of_the_records(showcase: Showcase) -> None:
    tiles = tiles_of(board_of(showcase))
    overdue = tiles["line2-op40"].headline.params["overdue"]
    assert overdue == showcase.clock.now() - (at(-39 - 20 / 60) + timedelta(minutes=20))
    reaction = tiles["line2-op20"].detail
    assert reaction is not None
    assert reaction.params == {"done": 1, "steps": 4}
    opened_at = showcase.ask(lambda r: recorded(r, ContainmentRecord, OPEN_CASE)).opened_at
    assert tiles["line2-op20"].cases == (
        BadgeShown(
            containment=ContainmentId(OPEN_CASE),
            state="open",
            words=message(
                "case.badge.open",
                parts=message("case.parts", n=214),
                age=showcase.clock.now() - opened_at,
            ),
        ),
    )
    assert board_of(showcase).cases == 1


def test_devices_are_counted_by_status_worst_first(showcase: Showcase) -> None:
    page = board_of(showcase)
    assert page.counts[0] == ("missed", 1)
    assert page.counts[-1] == ("verified", page.verified)
    assert sum(count for _, count in page.counts) == page.devices == 20
    assert [line.line for line in page.lines] == ["line1", "line2", "line3", "line4"]
    assert page.columns == 5


def test_a_run_under_way_is_named_on_its_tile() -> None:
    bench = AtOp20()
    bench.start()
    assert tile_of(bench).under_way == "line1-R-1"


def test_a_line_that_is_not_producing_says_until_when() -> None:
    """R13."""
    bench = AtOp20()
    bench.verify()
    ends_at = bench.clock.now() + timedelta(hours=2)
    bench.write(
        lambda uow: planning.declare_pause(
            uow,
            bench.plant,
            line=LINE,
            begins_at=bench.clock.now(),
            ends_at=ends_at,
            reason="no material",
            actor=QUALITY,
        )
    )
    tile = tile_of(bench)
    assert said(tile) == ("excused", "board.paused", "board.paused_until")
    assert tile.detail is not None
    assert tile.detail.params == {"until": ends_at}


def test_a_graver_status_does_not_hide_that_the_device_is_not_read() -> None:
    """D10, D35: it lapsed, and whoever comes to make it good finds a station that can't be read."""
    bench = AtOp20()
    bench.pass_time(10 * 60 + 60 * 60)
    blind = NoData(since=bench.clock.now(), reason=Reason.NOT_CONNECTED, signal=None)
    tile = tile_of(bench, blind=blind)
    assert (tile.status, tile.unread) == ("lapsed", message("board.not_reached", since=blind.since))
    idle = tile_of(AtOp20(), blind=blind)
    assert (idle.status, idle.unread) == ("no_data", None), "said once"


def test_a_case_stands_beside_verified_until_it_is_closed() -> None:
    """D35: the device can be trusted again, its parts are not dealt with."""
    bench = AtOp20()
    bench.miss()
    assert [(case.containment, case.state) for case in tile_of(bench).cases] == [
        ("line1-C-1", "open")
    ]
    bench.verify(case="line1-C-1")
    tile = tile_of(bench)
    assert tile.status == "verified"
    assert [(case.containment, case.state, case.words.code) for case in tile.cases] == [
        ("line1-C-1", "reverified", "case.badge.reverified")
    ]


def test_a_device_that_said_nothing_is_told_from_one_that_accepted() -> None:
    """F5."""
    bench = AtOp20()
    bench.start()
    bench.scan()
    bench.put_on()
    for _ in range(8):
        bench.answer()
    bench.give_back()
    bench.confirm()
    assert tile_of(bench).headline.code == "board.missed_silent"


def test_overdue_is_told_beside_missed() -> None:
    """D35."""
    checks = (a_check(schedule=OnDemand(), reaction=()), a_check("later"))
    bench = AtOp20(a_plant(*checks))
    bench.miss()
    assert said(tile_of(bench)) == ("missed", "board.missed", None)
    assert tile_of(bench).overdue is None
    bench.pass_time(10 * 60 + 20 * 60 + 90)
    bench.read_both()
    tile = tile_of(bench)
    assert tile.status == "missed"
    assert tile.overdue is not None
    assert tile.overdue.code == "board.overdue"
    assert tile.overdue.params["overdue"] < timedelta(minutes=2)  # type: ignore[operator]  # a duration


def test_runs_without_a_verdict_are_told_and_three_in_a_row_are_no_green() -> None:
    """F9, D4."""
    bench = AtOp20(a_plant(a_check(schedule=OnDemand())))
    bench.verify()
    for n in (1, 2):
        bench.give_up()
        tile = tile_of(bench)
        assert (tile.status, tile.without_verdict) == ("verified", without_verdict(n))
    bench.give_up()
    tile = tile_of(bench)
    assert (tile.status, tile.headline) == ("inconclusive", message("without_verdict.again", n=3))
    assert (tile.detail, tile.without_verdict) == (message("board.call_quality"), None)
    bench.verify()
    assert (tile_of(bench).status, tile_of(bench).without_verdict) == ("verified", None)


def test_a_line_without_devices_has_no_row_on_the_board() -> None:
    empty = Line(id=LineId("line2"), name=words("Line 2"))
    bench = AtOp20(a_plant(lines=(empty, Line(id=LINE, name=words("Line 1")))))
    now = bench.clock.now()
    page = bench.ask(lambda reader: board_page(reader, bench.plant, {}, now))
    assert [(line.line, len(line.tiles)) for line in page.lines] == [(LINE, 2)]
    assert page.columns == 3
