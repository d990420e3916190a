"""The demo's story, told in real time over real sockets (D21).

    1 to 2 s     the checks open, operators begin
    about 6 s    line 1 OP20: detected; then its torque lockout goes blind
    about 6 s    line 1 OP40: the link is lost with the part in front of the leak tester
    about 6 s    line 2 OP20: the good master is falsely rejected; others accept theirs
    about 14 s   line 1 OP20: missed; a containment opens
    14 to 16 s   line 2 OP10: a check is overdue, then lapsed: its operator forgot
    about 15 s   line 1 OP40 again: detected
    about 25 s   line 2 OP10: the quality engineer excuses the forgotten check's next occurrence
    from 36 s    the curtain: devices are repaired, operators go on with whatever is due

Nothing depends on luck: an operator follows prompts, so each step waits for the one before; what a
station shows stays for five polls or more. Times count from when operators are at work, a second or two after the plan was adopted, from
when its due times count. No due time, opening or close falls between 29 and 38 s,
where `--duration 30` ends, so that the same seed gives the same counts. A machine too slow for all
this fails loudly. Told to the product by its pages and its public API only; who does it is `people`'s.
"""

import asyncio
import shutil
import socket
from collections import Counter
from collections.abc import AsyncIterator, Coroutine, Iterable, Mapping
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from importlib import resources
from pathlib import Path

from ruamel.yaml import YAML

import redrabbit
from redrabbit.base.clock import Clock
from simulators.api_operator import ApiOperator
from simulators.device import Behaviour
from simulators.line_operator import Act, Action, DueCheck, HumanFault, LineOperator
from simulators.plant import SimulatedPlant, read_plant, simulate
from simulators.scenarios.demo.people import OFFICE, Floor, Person

CYCLE_S = 0.6
"""From one normal part to the next: quick, so that a suspect window holds some. No line is so quick: answers of
normal parts are shorter here than the station files say; those of challenge parts, which are judged, are not."""
PACE = 0.1
"""Practised operators: a tenth of what people take."""
BY_HAND_S, AT_SLOW_POLLS_S = 0.7, 1.3
"""Before a part is moved, at least: more than five polls of 100 ms, or of 200 ms, and longer than an answer
stands at least by the station's file (`pulse`)."""
BY_MESSAGE_S = 2.4
"""Where a station tells once a second that its place is free: longer than two messages take, by which it counts as
seen free. A part that comes sooner is passed over, and nobody is there who takes it out again."""
BY_STOPPER_S = 1.5
"""Where the feed is held: longer than the station file says that a part may be under way."""
CUT_AFTER_S, MENDED_AFTER_S = 0.6, 4.6
"""When the link is lost and found, from the part's coming: after six polls, and six before the
leak tester's answer at 1.2 s."""
BEHIND_AFTER_S = 29.0
"""By then everything scripted has happened, or the machine is too slow."""
CURTAIN_S = 36.0

GOES_BLIND, LOSES_LINK, REJECTS_ALL = "line1-op20", "line1-op40", "line2-op20"
FORGOTTEN_CHECK = "line2-op10-nut-sensor-110-3"
EXCUSE = "Changeover: no parts at OP10"
WRONG_CODE = "RR-0002"
"""What the confused operator scans."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """One operator's part in the story."""

    name: str
    number: str
    checks: Mapping[str, HumanFault]
    """What goes wrong at each check; those not named here are left undone."""
    confirms: int
    """How many runs the operator confirms before the curtain."""
    by_hand_s: float = BY_HAND_S

    def fault_for(self, check: DueCheck) -> HumanFault:
        """Return what goes wrong at a check; nobody re-verifies before the curtain."""
        if check.containment_id is not None:
            return HumanFault.FORGETS
        return self.checks.get(check.check_id, HumanFault.FORGETS)


ROLES: Mapping[str, Role] = {
    GOES_BLIND: Role(
        name="Wang Lei",
        number="4711",
        checks={
            "line1-op20-torque-20-4": HumanFault.NONE,
            "line1-op20-torque-20-5": HumanFault.NONE,
        },
        confirms=2,
    ),
    "line1-op30": Role(
        name="Li Na",
        number="4712",
        checks={"line1-op30-camera-30-2": HumanFault.NONE},
        confirms=1,
    ),
    LOSES_LINK: Role(
        name="Zhao Min",
        number="4713",
        checks={"line1-op40-leak-40-1": HumanFault.NONE},
        confirms=2,
        by_hand_s=BY_STOPPER_S,
    ),
    "line1-op10": Role(
        name="He Jun",
        number="4710",
        checks={"line1-op10-pin-10-3": HumanFault.NONE},
        confirms=1,
        by_hand_s=AT_SLOW_POLLS_S,
    ),
    "line1-op50": Role(
        name="Qian Fang",
        number="4714",
        checks={"line1-op50-camera-50-1": HumanFault.NONE},
        confirms=1,
        by_hand_s=AT_SLOW_POLLS_S,
    ),
    "line2-op10": Role(
        name="Chen Wei",
        number="5201",
        checks={
            "line2-op10-nut-sensor-110-2": HumanFault.NONE,
            FORGOTTEN_CHECK: HumanFault.FORGETS,
        },
        confirms=1,
    ),
    "line2-op30": Role(
        name="Ma Chao",
        number="5204",
        checks={"line2-op30-latch-130-2": HumanFault.NONE},
        confirms=1,
        by_hand_s=AT_SLOW_POLLS_S,
    ),
    "line2-op40": Role(
        name="Hu Ting",
        number="5205",
        checks={"line2-op40-camera-140-1": HumanFault.NONE},
        confirms=1,
    ),
    REJECTS_ALL: Role(
        name="Sun Yan",
        number="5202",
        checks={"line2-op20-torque-120-1": HumanFault.NONE},
        confirms=1,
    ),
    "line2-op50": Role(
        name="Zhou Bo",
        number="5203",
        checks={"line2-op50-electrical-150-3": HumanFault.SCANS_WRONG_PART},
        confirms=1,
        by_hand_s=BY_MESSAGE_S,
    ),
}

OPERATORS = tuple(
    Person(name=role.name, number=role.number, role="operator", line=station.partition("-")[0])
    for station, role in ROLES.items()
)
PEOPLE = (*OFFICE, *OPERATORS)


class StoryBehindError(Exception):
    """This machine is too slow for the story, or the product does not answer as it should."""


@dataclass(slots=True)
class DemoPlant:
    """The simulated plant of the demo, which listens, with its configuration and its story."""

    config_dir: Path
    plant: SimulatedPlant
    clock: Clock
    seed: int
    acts: Counter[tuple[str, Act]] = field(default_factory=Counter)
    """What operators did, by station."""

    async def play(self, floor: Floor) -> None:
        """Tell the story with the people at work, and go on until cancelled.

        Raises StoryBehindError when what was scripted has not happened in time.
        """
        began_at = self.clock.now()
        self.plant.world.set_behaviour(REJECTS_ALL, Behaviour.ALWAYS_REJECTING)
        operators = {name: self._operator(role) for name, role in ROLES.items()}
        excusing = self._excuse_what_was_forgotten(floor)
        scripted = [*self._at_work(operators, floor), floor.office.all_come(), excusing]
        await together(scripted, for_s=BEHIND_AFTER_S)
        self._refuse_to_be_behind()
        before_curtain = self._at_work(operators, floor)
        await together(before_curtain, for_s=CURTAIN_S - self._elapsed_s(began_at))
        for station in (GOES_BLIND, REJECTS_ALL):
            self.plant.world.set_behaviour(station, Behaviour.HEALTHY)
        reliefs = {name: self._relief(one) for name, one in operators.items()}
        await together(self._at_work(reliefs, floor))

    def _elapsed_s(self, began_at: datetime) -> float:
        return (self.clock.now() - began_at).total_seconds()

    async def _excuse_what_was_forgotten(self, floor: Floor) -> None:
        """Let the quality engineer excuse the forgotten check's occurrence after the lapsed one."""
        while True:
            by_status = {
                each["status"]: each["occurrence_id"]
                for each in await floor.product.occurrences(FORGOTTEN_CHECK)
            }
            if "lapsed" in by_status and (coming := by_status.get("open", by_status.get("due"))):
                await (await floor.office.quality).call(
                    "/excuses", {"occurrence": coming, "reason": EXCUSE}
                )
                floor.product.look_again()
                return
            await self.clock.sleep(BY_HAND_S)

    def _operator(self, role: Role) -> LineOperator:
        return LineOperator(
            role.name,
            seed=self.seed,
            wrong_code=WRONG_CODE,
            pace=PACE,
            by_hand_s=role.by_hand_s,
            fault_for=role.fault_for,
        )

    def _relief(self, operator: LineOperator) -> LineOperator:
        """Return the operator who takes over and does whatever is due."""
        relief = LineOperator(
            operator.name, seed=self.seed, wrong_code=WRONG_CODE, by_hand_s=BY_HAND_S, pace=PACE * 2
        )
        relief.hands = operator.hands
        return relief

    def _at_work(
        self, operators: Mapping[str, LineOperator], floor: Floor
    ) -> list[Coroutine[None, None, None]]:
        return [self._at(name, one, floor).work() for name, one in operators.items()]

    def _at(self, station: str, operator: LineOperator, floor: Floor) -> ApiOperator:
        return ApiOperator(
            operator,
            station,
            plant=self.plant,
            product=floor.product,
            clock=self.clock,
            says=floor.screens[station].say,
            on_act=lambda action, refused: self._notice(station, action, refused),
        )

    def _notice(self, station: str, action: Action, refused: bool) -> None:
        """Let machines do their part when people have done theirs."""
        if refused:
            return
        self.acts[station, action.act] += 1
        times, world = self.acts[station, action.act], self.plant.world
        if (station, action.act, times) == (GOES_BLIND, Act.CONFIRM, 1):
            world.set_behaviour(GOES_BLIND, Behaviour.BLIND)
        if (station, action.act, times) == (LOSES_LINK, Act.PUT_IN, 1):
            world.after(CUT_AFTER_S, LOSES_LINK, lambda: self.plant.cut_link(LOSES_LINK))
            world.after(MENDED_AFTER_S, LOSES_LINK, lambda: self.plant.mend_link(LOSES_LINK))

    def _refuse_to_be_behind(self) -> None:
        behind = [
            f"{station} confirmed {self.acts[station, Act.CONFIRM]} of {role.confirms} runs"
            for station, role in ROLES.items()
            if self.acts[station, Act.CONFIRM] < role.confirms
        ]
        if behind:
            raise StoryBehindError(
                f"this machine is too slow for the story: after {BEHIND_AFTER_S:g} s "
                + ", ".join(behind)
            )


async def together(
    works: Iterable[Coroutine[None, None, None]], *, for_s: float | None = None
) -> None:
    """Let people work for a while; the first one who fails ends it for all."""
    tasks = [asyncio.create_task(work) for work in works]
    try:
        done, _ = await asyncio.wait(tasks, timeout=for_s, return_when=asyncio.FIRST_EXCEPTION)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@asynccontextmanager
async def prepared(folder: Path, *, seed: int, clock: Clock) -> AsyncIterator[DemoPlant]:
    """Start the demo's plant on free ports, with its configuration in `folder`/config.

    Sockets are bound before the configuration names their ports, so nobody can take them between.
    """
    config_dir = folder / "config"
    model = await asyncio.to_thread(read_plant, _station_configs(), cycle_s=CYCLE_S)
    with ExitStack() as sockets:
        bound = {}
        for endpoint in dict.fromkeys(face.endpoint for face in model.faces):
            bound[endpoint] = sockets.enter_context(socket.socket())
            bound[endpoint].bind(("127.0.0.1", 0))
        write_configuration(
            config_dir, {name: listener.getsockname()[1] for name, listener in bound.items()}
        )
        plant = simulate(model, clock, seed=seed)
        async with plant.serving(bound):
            yield DemoPlant(config_dir, plant, clock, seed)


def write_configuration(folder: Path, ports: Mapping[str, int]) -> None:
    """Write station_configs/ with local ports, the demo's control plan as a workbook, and no outside receiver."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in sorted(_station_configs().glob("*.yaml")):
        shutil.copyfile(source, folder / source.name)
    (folder / "control_plan.yaml").unlink()
    shutil.copyfile(Path(__file__).with_name("control_plan.xlsx"), folder / "control_plan.xlsx")
    yaml = YAML()
    yaml.preserve_quotes = True
    yaml.width = 4096  # no line of the plant's file is broken that was not
    plant = yaml.load(folder / "plant.yaml")
    for name, port in ports.items():
        for protocol in plant["endpoints"][name]:
            plant["endpoints"][name][protocol] = f"127.0.0.1:{port}"
    broker = next(
        iter(f"127.0.0.1:{ports[n]}" for n, e in plant["endpoints"].items() if "mqtt" in e)
    )
    for name, receiver in list(plant.get("notifications", {}).items()):
        if "mqtt" in receiver:
            receiver["mqtt"] = broker
        else:  # a demo tells nobody outside
            del plant["notifications"][name]
    yaml.dump(plant, folder / "plant.yaml")


def _station_configs() -> Path:
    """Return the demo plant's files: beside the package in a checkout, in it when installed."""
    installed = Path(str(resources.files(redrabbit))) / "station_configs"
    return installed if installed.is_dir() else Path(redrabbit.__file__).parents[1] / installed.name
