"""Who may do what: one table of acts and roles, asked inside each command (R47, D47, D65).

A person has roles on a line (`redrabbit.domain.rights`); a program with a token is a *service*, and its scopes
say which of a service's acts it may do. Not here: what the role further limits (`redrabbit.domain.role_limits`).
"""

from collections.abc import Mapping

from redrabbit.domain import acts, calendar_acts, people_acts, plan_acts
from redrabbit.domain.acts import Act
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.facts.token import Scope
from redrabbit.domain.identity import How
from redrabbit.domain.role import Role

_RUNNING = frozenset({Role.OPERATOR, Role.SHIFT_LEADER, Role.QUALITY_ENGINEER, Role.SERVICE})
_ON_THE_FLOOR = frozenset({Role.OPERATOR, Role.SHIFT_LEADER, Role.QUALITY_ENGINEER})
_REPAIRING = _ON_THE_FLOOR | {Role.MAINTENANCE, Role.PROCESS_ENGINEER}
_LEADING = frozenset({Role.SHIFT_LEADER, Role.QUALITY_ENGINEER})
_ADMINISTERING = frozenset({Role.ADMINISTRATOR})
_LEADING_PEOPLE = frozenset({Role.SHIFT_LEADER, Role.ADMINISTRATOR})

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
    acts.ExplainLapse: frozenset({Role.QUALITY_ENGINEER}),
    acts.Excuse: _LEADING,
    acts.DeclarePause: _LEADING | {Role.SERVICE},
    acts.EndPause: _LEADING | {Role.SERVICE},
    acts.ConfirmClock: _LEADING,  # what waited lapses then; a program only repeats a clock
    acts.TellEvent: _REPAIRING | {Role.SERVICE},  # more is to be verified, never less
    acts.RecordStop: _REPAIRING,
    acts.RecordAlternate: _LEADING,
    acts.TickReaction: _REPAIRING,
    acts.RecordRepair: _REPAIRING,
    acts.CloseContainment: frozenset({Role.QUALITY_ENGINEER}),
    acts.QuarantinePart: _ON_THE_FLOOR | {Role.PARTS_KEEPER, Role.SERVICE},  # always safe
    acts.ReleasePart: frozenset({Role.QUALITY_ENGINEER}),  # never the parts keeper (D65)
    acts.FindPart: _LEADING | {Role.PARTS_KEEPER},
    acts.AcknowledgeAlarm: _REPAIRING | {Role.PARTS_KEEPER, Role.SERVICE},
    acts.AcknowledgeAlarms: _REPAIRING | {Role.PARTS_KEEPER, Role.SERVICE},
    acts.SilenceAlarms: _LEADING,  # somebody is not told of alarms
    acts.EndSilence: _REPAIRING,  # more is told
    acts.TestReceiver: _LEADING | {Role.MAINTENANCE, Role.PROCESS_ENGINEER},
    acts.SendMessageAgain: _REPAIRING | {Role.PARTS_KEEPER, Role.SERVICE},  # it tells, no more
    acts.DropMessage: _LEADING,  # somebody is not told of an alarm
    acts.DecidePulse: frozenset({Role.QUALITY_ENGINEER}),  # every later silence rests on it
    acts.RefuseApproval: _LEADING,  # whoever may approve it: `redrabbit.domain.role_limits`
    acts.WithdrawRequest: _REPAIRING | {Role.PARTS_KEEPER},  # whoever asked, whatever they are now
    acts.GiveSignature: _ON_THE_FLOOR,  # which meaning takes whom: `redrabbit.domain.signing`
    calendar_acts.ChangeCalendar: frozenset({Role.QUALITY_ENGINEER}),
    calendar_acts.TakeBackCalendarChange: frozenset({Role.QUALITY_ENGINEER}),
    plan_acts.ApprovePlan: frozenset({Role.QUALITY_ENGINEER}),
    plan_acts.SchedulePlan: frozenset({Role.QUALITY_ENGINEER}),
    plan_acts.DiscardPlan: frozenset({Role.QUALITY_ENGINEER}),
    people_acts.RegisterPerson: _ADMINISTERING,
    people_acts.ChangePerson: _ADMINISTERING,
    people_acts.DisablePerson: _ADMINISTERING,
    people_acts.EnablePerson: _ADMINISTERING,
    people_acts.GrantRole: _ADMINISTERING,
    people_acts.RevokeRole: _ADMINISTERING,
    people_acts.IssueBadge: _LEADING_PEOPLE,  # a shift leader: of those on their line's floor
    people_acts.RevokeBadge: _LEADING_PEOPLE,
    people_acts.TeachInBadge: frozenset({Role.SHIFT_LEADER}),  # whoever stands there (D45)
    people_acts.RecordQualification: _LEADING | {Role.ADMINISTRATOR},
    people_acts.WithdrawQualification: _LEADING | {Role.ADMINISTRATOR},
    people_acts.ResetCredential: _ADMINISTERING,
    people_acts.UnlockCredential: _LEADING_PEOPLE,
    people_acts.EnrolScreen: _LEADING_PEOPLE,
    people_acts.RevokeScreen: _LEADING_PEOPLE,
    people_acts.IssueToken: _ADMINISTERING,
    people_acts.RevokeToken: _ADMINISTERING,
    people_acts.AcknowledgeAdministrator: _ADMINISTERING,  # and not whom it is about
}
"""One row an act. Auditors act on nothing, administrators on no record of what was verified."""

SCOPES: Mapping[type[Act[Record]], Scope] = {
    acts.StartRun: Scope.RUN,
    acts.ScanPart: Scope.RUN,
    acts.TellOfPart: Scope.RUN,
    acts.SayPresented: Scope.RUN,
    acts.GiveBackPart: Scope.RUN,
    acts.AbortRun: Scope.RUN,
    acts.DeclarePause: Scope.PAUSE,
    acts.EndPause: Scope.PAUSE,
    acts.TellEvent: Scope.EVENTS,
    acts.QuarantinePart: Scope.PARTS_QUARANTINE,
    acts.AcknowledgeAlarm: Scope.ALARMS,
    acts.AcknowledgeAlarms: Scope.ALARMS,
    acts.SendMessageAgain: Scope.ALARMS,
}
"""Which scope a token needs for each act that the table allows a service."""

NEED_PROOF: frozenset[type[Act[Record]]] = frozenset(
    {
        acts.Excuse,
        acts.ReleasePart,
        acts.CloseContainment,
        acts.GiveSignature,
        acts.RefuseApproval,
        acts.WithdrawRequest,
        *calendar_acts.CALENDAR_ACTS,
        *plan_acts.PLAN_ACTS,
        *people_acts.PEOPLE_ACTS,
    }
) - {people_acts.TeachInBadge}
"""Acts for which a badge is too little: it says who somebody is, and anybody can hold it (D45)."""

PROOFS: frozenset[How] = frozenset({How.BADGE_PIN, How.PASSWORD, How.OIDC, How.SECURITY_KEY})
"""Ways in which somebody has shown more than what can be found or copied."""


def may(roles: frozenset[Role], act: type[Act[Record]]) -> bool:
    """Tell whether any of these roles allows the act."""
    return bool(roles & MAY[act])


def needs(act: Act[Record], allowing: frozenset[Role] | None = None) -> tuple[str, ...]:
    """Return which roles of people allow an act, as a refusal names them: `allowing`, or those of the table.

    A program is told of the scope that it lacks instead, and no person is one.
    """
    allowing = MAY[type(act)] if allowing is None else allowing
    return tuple(role.value for role in Role if role in allowing and role is not Role.SERVICE)


def require_role(
    roles: frozenset[Role], act: Act[Record], allowing: frozenset[Role] | None = None
) -> None:
    """Refuse an act that none of these roles allows; `allowing` are the roles where what it is about allows fewer."""
    if not may(roles, type(act)) or not (allowing is None or roles & allowing):
        raise Refusal("not_permitted", act=act.KIND, needs=needs(act, allowing))


def require_scope(scopes: frozenset[Scope], act: Act[Record]) -> None:
    """Refuse an act of a program for which its token has no scope."""
    scope = SCOPES.get(type(act))
    if scope is None:
        raise Refusal("not_permitted", act=act.KIND, needs=needs(act))
    if scope not in scopes:
        raise Refusal("scope_missing", act=act.KIND, needs=scope.value)


def require_proof(how: How, act: Act[Record]) -> None:
    """Refuse an act for which it is too little known who asks (D45)."""
    if type(act) in NEED_PROOF and how not in PROOFS:
        raise Refusal("proof_required", act=act.KIND)


def require_person(act: Act[Record], allowing: frozenset[Role] | None = None) -> None:
    """Refuse an act that nobody may do in a name that was only stated; `allowing` as above."""
    if isinstance(
        act,
        people_acts.ActOnPeople | acts.GiveSignature | acts.RefuseApproval | acts.WithdrawRequest,
    ):
        raise Refusal("person_required", act=act.KIND, needs=needs(act, allowing))
