"""The service as web and demo see it: the plant, reading, live readings, and one door for acts."""

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from redrabbit.base.sentence import sentence
from redrabbit.domain.acts import Act
from redrabbit.domain.customer_minimum import refuse_below
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.facts.plan_revision import MAY_BE_SCHEDULED, PlanState
from redrabbit.domain.identity import Actor, How, StationId, person_name
from redrabbit.domain.observation import StationView
from redrabbit.domain.plan_acts import ApprovePlan, SchedulePlan
from redrabbit.domain.plant import Plant
from redrabbit.domain.reauthentication import Reauthentication
from redrabbit.domain.records import PlanRevisionRecord
from redrabbit.services.agent import Agent
from redrabbit.services.agent_heartbeat import AgentHeartbeat
from redrabbit.services.credentials import count_scan_of_nobody
from redrabbit.services.doing import Door
from redrabbit.services.done_once import Asked, Seen, answer_of
from redrabbit.services.errors import OutcomeUnknown, StoreTrouble, TroubleWhy
from redrabbit.services.permitting import require
from redrabbit.services.ports import Reader, UnitOfWork
from redrabbit.services.stated_names import fresh_name
from redrabbit.services.station_queue import Recording

R = TypeVar("R", bound=Record)
T = TypeVar("T")

ANSWER_WITHIN_S = 15.0
"""So long a person waits. A statement that a silent server does not answer ends after ten seconds, and is then known not
to have been recorded; what is still under way after fifteen may have been (decision 0029)."""
READ_WITHIN_S = 15.0
"""So long a page waits for the records."""


class LocalPlantService:
    """The service with its agent in the same process."""

    def __init__(
        self,
        agent: Agent,
        *,
        answer_within_s: float = ANSWER_WITHIN_S,
        read_within_s: float = READ_WITHIN_S,
        revised: Callable[[str], Plant | str] | None = None,
    ) -> None:
        """Serve an agent; `revised` returns the plant with another plan, by its content, or why it can't be."""
        self._revised = revised
        self._agent = agent
        self._answer_within_s = answer_within_s
        self._read_within_s = read_within_s
        self._door = Door(agent)
        self._new_names = WeakValueDictionary[str, StatedName]()
        """Names that nobody has kept yet, as long as somebody asks something in them: two who state the same one have one id."""
        self._under_way: set[asyncio.Task[Any]] = set()
        """What people ask; also what they were told of that nobody knows yet."""

    @property
    def plant(self) -> Plant:
        """The plant as configured."""
        return self._agent.plant

    async def read(self, query: Callable[[Reader], T]) -> T:
        """Run a query on a consistent snapshot of the records; StoreTrouble if that takes too long."""
        try:
            async with asyncio.timeout(self._read_within_s) as limit:
                return await self._agent.database.read(query)
        except TimeoutError:
            if not limit.expired():
                raise  # it is the query's own
            words = f"the records were not read within {self._read_within_s:g} s"
            raise StoreTrouble(words, TroubleWhy.NO_ANSWER) from None

    def views(self, only: StationId | None = None) -> Mapping[StationId, StationView]:
        """Return the live readings of every station, or only of the one that is named."""
        return self._agent.views(only)

    def recording(self) -> Mapping[StationId, Recording]:
        """Return how recording fares at every station."""
        return self._agent.recording()

    def heartbeat(self) -> AgentHeartbeat:
        """Return whether the stations are being watched."""
        return self._agent.heartbeat()

    def commits(self) -> int:
        """Return a number that grows with every commit."""
        return self._agent.commits()

    def version(self, station: StationId | None = None) -> int:
        """Return a number that grows with every commit and every changed reading.

        Of one station's readings only, where it is named.
        """
        return self._agent.version(station)

    async def stated(
        self,
        name: str,
        act: Act[Any] | None = None,
        *,
        station: str | None = None,
        counts_at: str | None = None,
    ) -> Actor:
        """Return the person who states this name; one that is new has a salt (D23), and is kept with what they do.

        Raises Refusal for what is no name, and for who may not do the act that they ask in it, at this station.
        Without an act somebody else states it, whose right to that was asked before.

        A new name counts as a badge that is guessed at the station `counts_at`, and is refused where that comes too soon: the act may be
        refused afterwards, and what is kept as a name is no guess when it is scanned.
        """
        cleaned = person_name(name)
        new = self._new_names.setdefault(cleaned, fresh_name(cleaned))  # before anybody keeps one
        known = await self.read(lambda reader: reader.id_of_name(cleaned))
        if known is not None:
            return Actor.stated(known)
        if act is not None:
            await self.require(act, Actor(id="", how=How.STATED, station=station))
        if counts_at is not None:
            await self._count_as_guess(cleaned, counts_at)
        return Actor.stated(new.id, new)

    async def _count_as_guess(self, name: str, station: str) -> None:
        def count(uow: UnitOfWork) -> None:
            if uow.id_of_name(name) is None:
                count_scan_of_nobody(uow, station)

        await self._answered(self._agent.database.write(count))

    async def require(self, act: Act[Any], actor: Actor) -> None:
        """Refuse what the actor may not do, before anything is kept of what they said; `do` asks it again."""
        agent = self._agent
        await self.read(
            lambda reader: require(reader, agent.in_force(reader), act, actor, agent.clock.now())
        )

    async def do(
        self,
        act: Act[R],
        actor: Actor,
        key: str | None = None,
        *,
        seen: Seen = None,
        shown: Reauthentication | None = None,
        names: tuple[StatedName, ...] = (),
    ) -> R:
        """Do what a person asks and return the record that it changed; see `Door.do`.

        OutcomeUnknown where that is not known in time. It goes on all the same, and whoever asks again with the same
        key is told what became of it.
        """
        if isinstance(act, ApprovePlan | SchedulePlan):
            await self._refuse_below(Asked(act=act, actor=actor, key=key), act.digest)
        doing = self._door.do(act, actor, key, seen=seen, shown=shown, names=names)
        return await self._answered(doing)

    async def _refuse_below(self, asked: Asked, digest: str) -> None:
        """Refuse to let a plan count that is below a customer's minimum; what does not fit the plant at all is held back at its moment.

        Who may not do it is refused for that, and an act that was answered before gets its answer: the door says both.
        """
        if self._revised is None or not self.plant.minima:
            return
        if await self.read(lambda reader: answer_of(reader, asked)) is not None:
            return
        await self.require(asked.act, asked.actor)
        known = await self.read(lambda reader: reader.get(PlanRevisionRecord, digest))
        if known is None or known.state not in {PlanState.DRAFT, *MAY_BE_SCHEDULED}:
            return  # the act says what is wrong with it
        revised = await asyncio.to_thread(self._revised, known.content)
        if isinstance(revised, Plant):
            refuse_below(known.label, revised.below)

    async def _answered(self, work: Coroutine[Any, Any, T]) -> T:
        """Return what comes of it in time; whoever gives up waiting before takes back what has not begun."""
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._ended)
        try:
            done, _ = await asyncio.wait({task}, timeout=self._answer_within_s)
            if done:
                return task.result()
        except asyncio.CancelledError:
            task.cancel()
            raise
        raise OutcomeUnknown(
            sentence(
                "the database has not said within {answer_within_s:g} s",
                answer_within_s=self._answer_within_s,
            )
        )

    def _ended(self, task: "asyncio.Task[Any]") -> None:
        self._under_way.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked was told already, or is about to be
