"""The commands about people, one row an act, for the door (`redrabbit.services.doing`)."""

from collections.abc import Callable, Mapping
from typing import Any

from redrabbit.domain import people_acts
from redrabbit.domain.acts import Act
from redrabbit.domain.identity import Actor
from redrabbit.domain.plant import Plant
from redrabbit.domain.records import Record
from redrabbit.services import (
    administrators_added,
    badges,
    credential_states,
    granting,
    people,
    qualifying,
    station_screens,
    tokens,
)
from redrabbit.services.ports import UnitOfWork

PEOPLE_COMMANDS: Mapping[type[Act[Any]], Callable[[UnitOfWork, Plant, Any, Actor], Record]] = {
    people_acts.RegisterPerson: lambda uow, _plant, act, by: people.register(
        uow,
        name=act.name,
        language=act.language,
        employee_number=act.employee_number,
        kind=act.kind,
        expires_at=act.expires_at,
        same_name=act.same_name,
        actor=by,
    ),
    people_acts.ChangePerson: lambda uow, _plant, act, by: people.change(
        uow,
        act.person_id,
        name=act.name,
        language=act.language,
        employee_number=act.employee_number,
        kind=act.kind,
        expires_at=act.expires_at,
        same_name=act.same_name,
        actor=by,
    ),
    people_acts.DisablePerson: lambda uow, _plant, act, by: people.disable(
        uow, act.person_id, actor=by
    ),
    people_acts.EnablePerson: lambda uow, _plant, act, by: people.enable(
        uow, act.person_id, actor=by
    ),
    people_acts.GrantRole: lambda uow, plant, act, by: granting.grant(uow, plant, act, actor=by),
    people_acts.RevokeRole: lambda uow, _plant, act, by: granting.revoke(
        uow, act.grant_id, person_id=act.person_id, actor=by
    ),
    people_acts.IssueBadge: lambda uow, _plant, act, by: badges.issue(
        uow, act.badge_id, act.person_id, actor=by
    ),
    people_acts.RevokeBadge: lambda uow, _plant, act, by: badges.revoke(
        uow, act.badge_id, person_id=act.person_id, actor=by
    ),
    people_acts.TeachInBadge: lambda uow, plant, act, by: badges.teach_in(
        uow, plant, act, actor=by
    ),
    people_acts.RecordQualification: lambda uow, plant, act, by: qualifying.qualify(
        uow, plant, act, actor=by
    ),
    people_acts.WithdrawQualification: lambda uow, _plant, act, by: qualifying.withdraw(
        uow, act, actor=by
    ),
    people_acts.ResetCredential: lambda uow, _plant, act, by: credential_states.reset(
        uow, act.person_id, act.kind, actor=by
    ),
    people_acts.UnlockCredential: lambda uow, _plant, act, by: credential_states.unlock(
        uow, act.person_id, act.kind, actor=by
    ),
    people_acts.EnrolScreen: lambda uow, plant, act, by: station_screens.enrol(
        uow, plant, act, actor=by
    ),
    people_acts.RevokeScreen: lambda uow, _plant, act, by: station_screens.revoke(
        uow, act.screen_id, station=act.station, actor=by
    ),
    people_acts.AcknowledgeAdministrator: lambda uow, _plant, act, by: (
        administrators_added.acknowledge(uow, act.alarm_id, actor=by)
    ),
    people_acts.IssueToken: lambda uow, plant, act, by: tokens.issue(uow, plant, act, actor=by),
    people_acts.RevokeToken: lambda uow, _plant, act, by: tokens.revoke(
        uow, act.token_id, actor=by
    ),
}
"""One row an act."""
