"""Who may do what: one table of acts and roles, asked inside each command (R47, D47, D65).

Nobody signs in yet: whoever states a name has every role, and the record says that the name was not
verified. The table is complete all the same, so that signing in changes who has which role and nothing
else. Not here: on which line a role holds, qualifications, and acts that need a second person.
"""

from collections.abc import Mapping

from redrabbit.domain import acts
from redrabbit.domain.acts import Act
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.identity import Actor, How
from redrabbit.domain.role import Role

_RUNNING = frozenset({Role.OPERATOR, Role.SHIFT_LEADER, Role.QUALITY_ENGINEER, Role.SERVICE})
_ON_THE_FLOOR = frozenset({Role.OPERATOR, Role.SHIFT_LEADER, Role.QUALITY_ENGINEER})
_REPAIRING = _ON_THE_FLOOR | {Role.MAINTENANCE, Role.PROCESS_ENGINEER}
_LEADING = frozenset({Role.SHIFT_LEADER, Role.QUALITY_ENGINEER})

MAY: Mapping[type[Act[Record]], frozenset[Role]] = {
    acts.StartRun: _RUNNING,
    acts.ScanPart: _RUNNING,
    acts.TellOfPart: _RUNNING,
    acts.SayPresented: _RUNNING,
    acts.SayFeedHeld: _ON_THE_FLOOR,  # a person stands for it, never a program
    acts.SayNotThePart: _ON_THE_FLOOR,
    acts.GiveBackPart: _RUNNING,
    acts.ConfirmRun: _ON_THE_FLOOR,  # a person stands for it, never a program
    acts.AbortRun: _RUNNING,
    acts.RemarkOnRun: _REPAIRING | {Role.PARTS_KEEPER},
    acts.Excuse: _LEADING,
    acts.DeclarePause: _LEADING | {Role.SERVICE},
    acts.EndPause: _LEADING | {Role.SERVICE},
    acts.RecordStop: _REPAIRING,
    acts.RecordAlternate: _LEADING,
    acts.TickReaction: _REPAIRING,
    acts.RecordRepair: _REPAIRING,
    acts.CloseContainment: frozenset({Role.QUALITY_ENGINEER}),
    acts.QuarantinePart: _ON_THE_FLOOR | {Role.PARTS_KEEPER, Role.SERVICE},  # always safe
    acts.ReleasePart: frozenset({Role.QUALITY_ENGINEER}),  # never the parts keeper (D65)
    acts.FindPart: _LEADING | {Role.PARTS_KEEPER},
    acts.AcknowledgeAlarm: _REPAIRING | {Role.PARTS_KEEPER, Role.SERVICE},
    acts.SendMessageAgain: _REPAIRING | {Role.PARTS_KEEPER, Role.SERVICE},  # it tells, no more
    acts.DropMessage: _LEADING,  # somebody is not told of an alarm
    acts.DecidePulse: frozenset({Role.QUALITY_ENGINEER}),  # every later silence rests on it
}
"""One row an act. Auditors and administrators act on no record."""


def roles_of(actor: Actor) -> frozenset[Role]:
    """Return the roles of an actor: all of them while names are only stated."""
    return frozenset(Role) if actor.how is How.STATED else frozenset()


def may(roles: frozenset[Role], act: type[Act[Record]]) -> bool:
    """Tell whether any of these roles allows the act."""
    return bool(roles & MAY[act])


def require(actor: Actor, act: Act[Record]) -> None:
    """Refuse an act that none of the actor's roles allows."""
    if not may(roles_of(actor), type(act)):
        needs = ", ".join(sorted(role.value for role in MAY[type(act)]))
        raise Refusal("not_permitted", act=act.KIND, needs=needs)
