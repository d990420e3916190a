"""How pages of a served plant look at a plan that is brought, and at one that is stored: the product's own eyes, beside the plant of a test."""

from collections.abc import Mapping
from dataclasses import dataclass

from redrabbit.base.clock import Clock
from redrabbit.domain.plant import Plant
from redrabbit.plan_at_start import load_revised
from redrabbit.plan_desk import InForce, look_at_bytes
from redrabbit.services.agent import Agent
from redrabbit.services.plan_forms import PlanKnown
from redrabbit.services.plan_looking import PlanAnswers, PlanLooked
from redrabbit.services.plans_ahead import PlansAhead


@dataclass(frozen=True)
class PlanDesk:
    """The desk at which plans are brought to a plant that was made of files."""

    plant: Plant
    files: Mapping[str, str]
    clock: Clock

    def look(
        self,
        content: bytes,
        name: str,
        sheet: str | None,
        answers: PlanAnswers,
        known: PlanKnown,
    ) -> PlanLooked:
        """Look at a file beside the plan in force."""
        beside = InForce(plant=self.plant, files=self.files, now=self.clock.now())
        return look_at_bytes(content, name, sheet, answers, known, beside=beside)

    def revised(self, content: str) -> Plant | str:
        """Return the plant with another plan in the place of its own; what is wrong with it where that can't be."""
        loaded = load_revised(self.files, content)
        return loaded if isinstance(loaded, str) else loaded[0]

    def ahead(self, agent: Agent) -> PlansAhead:
        """Return what takes plans over at their instant."""
        return PlansAhead(agent, lambda _, content: load_revised(self.files, content))
