"""The thin part between operator and product: JSON to prompts, acts to requests."""

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from simulators.api_operator import ApiOperator, Overview, Product, request_for
from simulators.device import Device
from simulators.line import StationModel
from simulators.line_operator import Act, Action, Asks, DueCheck, LineOperator, Prompt
from simulators.plant import PlantModel, SimulatedPlant, simulate
from simulators.virtual_clock import VirtualClock

START = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
RUN = {
    "run_id": "l-R-7",
    "check_id": "torque",
    "state": "armed",
    "parts": ["GM-1", "RR-1"],
    "step": 1,
    "station": "op10",
}
STATION = StationModel(
    id="op10",
    line="l",
    device=Device(id="d", within_s=2.0, answer_s=1.0),
    signals=frozenset({"part_present"}),
    needs_tap=True,
)


def occurrence(number: int, status: str, due_at: str, station: str = "op10") -> dict[str, Any]:
    return {
        "occurrence_id": f"l-O-{number}",
        "check_id": "torque",
        "station": station,
        "status": status,
        "due_at": due_at,
    }


class FakeApi:
    """Answers from a table of paths and remembers what was told."""

    def __init__(self, **answers: object) -> None:
        self.answers: dict[str, object] = {
            "stations": {"items": [{"id": "op10", "no_data_since": None}], "next": None},
            "runs": {"items": []},
            "occurrences": {"items": []},
            "containments": {"items": []},
        } | answers
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.keys: list[str | None] = []
        self.looks = 0
        self.status = 200
        self.code = "not_now"

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        path = request.url.path.removeprefix("/api/v1/")
        if request.method == "POST":
            self.told.append((path, json.loads(request.content)))
            self.keys.append(request.headers.get("Idempotency-Key"))
            return httpx2.Response(self.status, json={"code": self.code})
        self.looks += path == "stations"
        return httpx2.Response(200, json=self.answers[path])

    def product(self, clock: VirtualClock) -> Product:
        transport = httpx2.MockTransport(self)
        return Product(httpx2.AsyncClient(transport=transport, base_url="http://x"), clock)


async def test_a_run_under_way_is_what_the_operator_sees() -> None:
    api = FakeApi(runs={"items": [RUN]})
    prompt = await api.product(VirtualClock(START)).prompt(STATION)
    assert prompt.run is not None
    assert (prompt.run.asks, prompt.run.part) == (Asks.ARMED, "RR-1")
    assert prompt.run.wants_tap


async def test_a_run_that_closed_meanwhile_is_no_run() -> None:
    closed = RUN | {"state": "closed"}
    api = FakeApi(runs={"items": [closed]})
    assert await api.product(VirtualClock(START)).prompt(STATION) == Prompt()


def test_what_is_due_comes_first_by_its_due_time_and_open_cases_last() -> None:
    overview = Overview(
        {"op10": {"no_data_since": None}},
        [
            occurrence(3, "open", "2026-11-23T06:20:00Z"),
            occurrence(2, "overdue", "2026-11-23T06:10:00Z"),
            occurrence(1, "lapsed", "2026-11-23T06:00:00Z"),
            occurrence(4, "due", "2026-11-23T06:00:00Z", station="op20"),
        ],
        [
            {
                "station": "op10",
                "check_id": "torque",
                "containment_id": f"l-C-{number}",
                "repair_code": repair,
            }
            for number, repair in ((31, None), (32, "other"))
        ],
    )
    assert overview.due_at("op10") == (
        DueCheck(check_id="torque", occurrence_id="l-O-2"),
        DueCheck(check_id="torque", occurrence_id="l-O-3"),
        DueCheck(check_id="torque", occurrence_id=None, containment_id="l-C-31"),
        DueCheck(check_id="torque", occurrence_id=None, containment_id="l-C-32"),
    )
    assert [check.needs_repair for check in overview.due_at("op10")[2:]] == [True, False]


def test_nothing_is_started_at_a_station_that_can_not_be_read() -> None:
    due = [occurrence(1, "due", "2026-11-23T06:00:00Z")]
    overview = Overview({"op10": {"no_data_since": "2026-11-23T05:59:00Z"}}, due, [])
    assert overview.due_at("op10") == ()


async def test_all_operators_share_one_look_until_somebody_acts() -> None:
    api, clock = FakeApi(), VirtualClock(START)
    product = api.product(clock)
    for _ in range(3):
        await product.prompt(STATION)
    assert api.looks == 1
    await product.say(Action(act=Act.CONFIRM, after_s=0, run_id="l-R-7"), "anna")
    await product.prompt(STATION)
    assert api.looks == 2


@pytest.mark.parametrize(
    ("status", "refused"), [(200, None), (201, None), (409, "not_now"), (422, "not_now")]
)
async def test_a_refusal_is_an_answer(status: int, refused: str | None) -> None:
    api = FakeApi()
    api.status = status
    told = api.product(VirtualClock(START)).say(
        Action(act=Act.CONFIRM, after_s=0, run_id="l-R-7"), "anna"
    )
    assert await told == refused


async def test_each_act_has_a_key_of_its_own() -> None:
    """So that one asked again is done once (D65)."""
    api = FakeApi()
    product = api.product(VirtualClock(START))
    for _ in range(2):
        await product.say(Action(act=Act.CONFIRM, after_s=0, run_id="l-R-7"), "anna")
    assert len(set(api.keys)) == 2
    assert None not in api.keys


async def test_a_bug_of_the_product_is_no_answer() -> None:
    api = FakeApi()
    api.status = 500
    with pytest.raises(httpx2.HTTPStatusError):
        await api.product(VirtualClock(START)).say(
            Action(act=Act.CONFIRM, after_s=0, run_id="l-R-7"), "anna"
        )


@pytest.mark.parametrize(
    ("action", "path", "body"),
    [
        (
            Action(act=Act.START, after_s=0, check_id="torque", occurrence_id="l-O-3"),
            "/runs",
            {"check": "torque", "occurrence": "l-O-3", "containment": None},
        ),
        (
            Action(act=Act.REPAIR, after_s=0, containment_id="l-C-31", code="sensor_moved"),
            "/containments/l-C-31/repair",
            {"repair": "sensor_moved"},
        ),
        (
            Action(act=Act.SCAN, after_s=0, run_id="l-R-7", code="RR-1"),
            "/runs/l-R-7/scan",
            {"code": "RR-1"},
        ),
        (
            Action(act=Act.TELL, after_s=0, run_id="l-R-7", place=3, place_told="nest"),
            "/runs/l-R-7/tell",
            {"of": "nest", "value": "3"},
        ),
        (Action(act=Act.TAP, after_s=0, run_id="l-R-7"), "/runs/l-R-7/presented", {}),
        (Action(act=Act.DISOWN, after_s=0, run_id="l-R-7"), "/runs/l-R-7/not-the-part", {}),
        (
            Action(act=Act.GIVE_BACK, after_s=0, run_id="l-R-7", code="RR-1"),
            "/runs/l-R-7/given-back",
            {"code": "RR-1"},
        ),
        (Action(act=Act.CONFIRM, after_s=0, run_id="l-R-7"), "/runs/l-R-7/confirm", {}),
        (
            Action(act=Act.ABORT, after_s=0, run_id="l-R-7", reason="away"),
            "/runs/l-R-7/abort",
            {"reason": "away"},
        ),
    ],
    ids=lambda value: value.act.value if isinstance(value, Action) else "",
)
def test_each_act_is_told_by_its_request(
    action: Action, path: str, body: dict[str, object]
) -> None:
    assert request_for(action) == (path, body)


def test_what_is_done_by_hand_is_not_told() -> None:
    with pytest.raises(ValueError, match="by hand"):
        request_for(Action(act=Act.PUT_IN, after_s=0))


def a_plant(clock: VirtualClock) -> SimulatedPlant:
    model = PlantModel(name="plant", stations=(STATION,), parts=(), faces=())
    return simulate(model, clock, seed=1)


async def in_time(clock: VirtualClock, step: Callable[[], Any]) -> float:
    """Take one step of an operator, with time passing as it waits."""
    task = asyncio.ensure_future(step())
    while not task.done():
        await asyncio.wait([task], timeout=0.01)
        if (wake_at := clock.next_wake_at()) is not None:
            clock.advance_to(wake_at)
    return float(await task)


async def test_an_operator_waits_acts_and_tells() -> None:
    clock, api, acts = VirtualClock(START), FakeApi(), []
    api.answers["occurrences"] = {"items": [occurrence(3, "due", "2026-11-23T06:00:00Z")]}
    operator = ApiOperator(
        LineOperator("anna", seed=1, wrong_code="RR-9"),
        "op10",
        plant=a_plant(clock),
        product=api.product(clock),
        clock=clock,
        on_act=lambda action, refused: acts.append((action.act, refused)),
    )
    await in_time(clock, operator.step)
    assert [path for path, _ in api.told] == ["runs"]
    assert clock.now() > START
    api.answers["runs"] = {"items": [RUN | {"state": "awaiting_part"}]}
    busy_s = await in_time(clock, operator.step)
    assert busy_s > 0
    assert acts == [(Act.START, False), (Act.HOLD, False)]


async def test_an_operator_who_is_told_to_wait_does_it_again() -> None:
    """Otherwise the part would be given up after two scans of the right one."""
    clock, api, acts = VirtualClock(START), FakeApi(), []
    api.answers["runs"] = {"items": [RUN | {"state": "awaiting_part"}]}
    operator = ApiOperator(
        LineOperator("anna", seed=1, wrong_code="RR-9"),
        "op10",
        plant=a_plant(clock),
        product=api.product(clock),
        clock=clock,
        on_act=lambda action, refused: acts.append((action.act, refused)),
    )
    await in_time(clock, operator.step)
    api.status, api.code = 409, "verdict_open"
    for _ in range(5):
        assert await in_time(clock, operator.step) > 0
    api.status = 200
    await in_time(clock, operator.step)

    assert [path for path, _ in api.told] == ["runs/l-R-7/scan"] * 6
    assert acts == [(Act.HOLD, False), (Act.SCAN, False)]
