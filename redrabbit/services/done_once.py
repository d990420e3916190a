"""An act that comes with a key is done once: asked again it gets the first answer, whatever has happened since (D65)."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from redrabbit.domain import acts
from redrabbit.domain.acts import Act
from redrabbit.domain.erasable import StatedName
from redrabbit.domain.errors import Refusal
from redrabbit.domain.facts.codec import encode
from redrabbit.domain.facts.fact import Record
from redrabbit.domain.identity import Actor
from redrabbit.domain.ledger import PLANT_STREAM, canonical_text
from redrabbit.domain.reauthentication import Reauthentication
from redrabbit.services.kept_answers import answer_again, answer_with
from redrabbit.services.ports import KeptAct, Reader, UnitOfWork
from redrabbit.services.run_version import run_version
from redrabbit.services.stated_names import keep_new

R = TypeVar("R", bound=Record)

Seen = frozenset[int] | None
"""Versions of a run, one of which it must still have; None: whatever it is by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An act with who asks it, the key under which it is done once, and what they had seen."""

    act: Act[Any]
    actor: Actor
    key: str | None
    seen: Seen = None
    shown: Reauthentication | None = None
    """By what the asker has shown again who they are; only a signature asks for it."""
    names: tuple[StatedName, ...] = ()
    """Names in the act that are not kept yet: they are kept with it, as the one that the asker states is."""

    @property
    def new_names(self) -> tuple[StatedName, ...]:
        """All names that are kept with the act, or not at all."""
        own = self.actor.new_name
        return self.names if own is None else (own, *self.names)


def once(
    asked: Asked,
    permit: Callable[[UnitOfWork], None],
    command: Callable[[UnitOfWork], R],
    answered: Callable[[R], str] = answer_with,
) -> Callable[[UnitOfWork], R]:
    """Return a command that is permitted, and done once under its key: asked again it gives the first answer.

    `permit` raises Refusal to who may not. `answered` makes of the result what is kept as the answer.
    """

    def guarded(uow: UnitOfWork) -> R:
        permit(uow)
        before = answer_of(uow, asked)
        if before is not None:
            return cast("R", before)
        refuse_changed(uow, asked)
        keep_new(uow, asked.new_names)
        result = command(uow)
        if asked.key is not None:
            uow.keep_act(_kept(uow, asked, asked.key, result, answered(result)))
        return result

    return guarded


def refuse_changed(reader: Reader, asked: Asked) -> None:
    """Refuse an act on a run that is no longer as the asker saw it."""
    if asked.seen is None or not isinstance(asked.act, acts.ActOnRun | acts.RemarkOnRun):
        return
    version = run_version(reader, asked.act.run_id)
    if version is not None and version not in asked.seen:
        raise Refusal("run_changed", run=asked.act.run_id, entry=version)


def answer_of(reader: Reader, asked: Asked) -> Record | None:
    """Return the answer that was given under this key; None if there was none.

    Refused where that answer was a refusal, and where the key was used for another act, or by
    somebody else. DamagedDatabase where the answer is not the one that was given.
    """
    kept = reader.act(asked.key) if asked.key is not None else None
    if kept is None:
        return None
    same = (kept.kind, kept.payload, kept.actor) == (
        asked.act.KIND,
        _payload(asked.act),
        asked.actor.id,
    )
    if not same:
        raise Refusal("key_used_before", key=kept.key)
    return answer_again(kept, reader)


def _kept(uow: UnitOfWork, asked: Asked, key: str, result: Record, answer: str) -> KeptAct:
    return KeptAct(
        key=key,
        stream=getattr(result, type(result).STREAM, PLANT_STREAM),
        kind=asked.act.KIND,
        payload=_payload(asked.act),
        actor=asked.actor.id,
        done_at=uow.now,
        answer=answer,
    )


def _payload(act: Act[Any]) -> str:
    said = encode(act)
    return canonical_text({name: said[name] for name in said if name not in act.NEW_EACH_TIME})
