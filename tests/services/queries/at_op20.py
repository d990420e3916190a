"""A bench with its operator at OP20, and the page that the operator sees."""

from collections.abc import Callable
from typing import TypeVar

from redrabbit.domain.identity import Actor, ContainmentId, OccurrenceId
from redrabbit.domain.observation import Value
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import RunRecord
from redrabbit.domain.repair import RepairCode
from redrabbit.domain.run import Disowned, SaidHeld
from redrabbit.services import containing
from redrabbit.services.ports import Reader
from redrabbit.services.queries.station import RunUnderWay, StationPage, station_page
from redrabbit.services.station_owner import StationOwner
from tests.plants import OP20, OP30, TORQUE_CHECK, Bench

T = TypeVar("T")

ANNA = Actor.stated("2207")


class AtOp20(Bench):
    """The bench, both of its stations read."""

    def __init__(self, plant: Plant | None = None) -> None:
        super().__init__(plant)
        self.read_both()

    def read_both(self) -> None:
        """Let both stations be read once more."""
        for station in (OP20, OP30):
            self.read(station)

    @property
    def owner(self) -> StationOwner:
        """The owner of OP20."""
        return self.owners[OP20]

    def ask(self, query: Callable[[Reader], T]) -> T:
        """Ask the records."""
        return self.database.read_now(query)

    def start(
        self,
        check: str = TORQUE_CHECK,
        *,
        occurrence: str | None = None,
        case: str | None = None,
    ) -> RunRecord:
        """Start a run."""
        self.read(OP20)
        run = self.settle(
            self.owner.start(
                check_id=check,
                occurrence_id=OccurrenceId(occurrence) if occurrence else None,
                containment_id=ContainmentId(case) if case else None,
                actor=ANNA,
                now=self.clock.now(),
            )
        )
        assert run is not None
        return run

    def scan(self, part: str = "RR-0001") -> None:
        """Take the part."""
        self.settle(self.owner.scan(part, actor=ANNA, now=self.clock.now()))

    def put_on(self) -> None:
        """Put the part in front of the device, whose place was seen free."""
        self.see_free()
        self.read(OP20, part_present=True)

    def say(self, said: SaidHeld | Disowned) -> None:
        """Say something of the feed, or of what is before the device."""
        self.settle(self.owner.say(said))

    def answer(self, **values: Value) -> None:
        """Let the station answer."""
        self.pass_time(0.5)
        self.read(OP20, **values)

    def take_off(self) -> None:
        """Take the part out."""
        self.pass_time(1)
        self.read(OP20, part_present=False, rejected=False, accepted=False, reject_code=0)

    def give_back(self, part: str = "RR-0001") -> None:
        """Scan the part back."""
        self.take_off()
        self.settle(self.owner.give_back(part, actor=ANNA, now=self.clock.now()))

    def confirm(self) -> None:
        """Confirm the run."""
        self.settle(self.owner.confirm(actor=ANNA, now=self.clock.now()))

    def abort(self, reason: str = "fixture jammed") -> None:
        """Give the run up."""
        self.settle(self.owner.abort(reason, actor=ANNA, now=self.clock.now()))

    def judged(self, part: str = "RR-0001", /, **answer: Value) -> None:
        """Take a part, present it, and let the station answer."""
        self.scan(part)
        self.put_on()
        self.answer(**answer)

    def repair(
        self,
        case: str = "line1-C-1",
        code: RepairCode = RepairCode.LENS_CLEANED,
        text: str | None = None,
    ) -> None:
        """Say what was repaired."""
        self.write(
            lambda uow: containing.record_repair(
                uow, ContainmentId(case), repair=code, text=text, actor=ANNA
            )
        )

    def verify(self, check: str = TORQUE_CHECK, *, case: str | None = None) -> None:
        """Make a run that passes; of a case, after a repair."""
        if case is not None:
            self.repair(case)
        self.start(check, case=case)
        self.judged("RR-0001", rejected=True, reject_code=11)
        self.give_back("RR-0001")
        self.judged("GM-0001", accepted=True)
        self.give_back("GM-0001")
        self.confirm()

    def miss(self, *, case: str | None = None) -> None:
        """Make a run that misses, and end it."""
        self.start(case=case)
        self.judged(accepted=True)
        self.give_back()
        self.confirm()

    def give_up(self, check: str = TORQUE_CHECK) -> None:
        """Begin a run and give it up before a part is taken."""
        self.start(check)
        self.abort()

    def page(self) -> StationPage:
        """Return the operator's page."""
        now = self.clock.now()
        views = {station: owner.view(now) for station, owner in self.owners.items()}
        return self.ask(lambda reader: station_page(reader, self.plant, views, OP20, now))

    def run_shown(self) -> RunUnderWay:
        """Return the run that the page shows."""
        run = self.page().run
        assert run is not None
        return run
