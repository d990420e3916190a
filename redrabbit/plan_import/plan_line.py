"""One line of a plan: what is verified, with which parts, how often, and what then."""

from dataclasses import dataclass, field

from redrabbit.plan_import.line_terms import Terms
from redrabbit.plan_import.trigger import Frequency


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanLine:
    """One line of a plan."""

    at: str
    row: int
    line: str | None
    """Process number and number of the characteristic; None where the sheet has no line numbers."""
    process: str
    device_text: str
    device: str | None
    parts: tuple[str, ...]
    frequency_text: str
    frequency: Frequency
    reaction: tuple[str, ...]
    characteristic: str
    special: str | None
    """Its special characteristic, empty where it has none; None where the sheet has no column for it."""
    pfmea: str | None
    size: str | None
    owner: str | None
    failure_mode: str | None
    reaction_also: tuple[str, ...] = ()
    """The same steps in another language, where the plan has a column for them."""
    terms: Terms = field(default_factory=Terms)

    def as_json(self) -> dict[str, object]:
        """Return it as the dry run's JSON has it; what the file does not say is left out."""
        told: dict[str, object] = {
            "at": self.at,
            "line": self.line,
            "device_text": self.device_text,
            "device": self.device,
            "parts": list(self.parts),
            "frequency_text": self.frequency_text,
            "triggers": [trigger.as_json() for trigger in self.frequency.triggers],
            "reaction": list(self.reaction),
        }
        more = {
            "combine": "first" if self.frequency.is_first_of else None,
            "sampling": list(self.frequency.sampling) or None,
            "process": self.process or None,
            "characteristic": self.characteristic or None,
            "special": self.special or None,
            "pfmea": self.pfmea,
            "size": self.size,
            "owner": self.owner,
            "failure_mode": self.failure_mode,
            "reaction_also": list(self.reaction_also) or None,
            **self.terms.as_json(),
        }
        return told | {name: value for name, value in more.items() if value is not None}
