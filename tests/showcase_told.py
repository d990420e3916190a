"""The showcase plant after its morning, as often as it is wanted, though it is told once.

Telling it takes a second, and some five hundred tests begin with it. So each gets a copy of the plant as it stood
afterwards. What never changes (frozen dataclasses) is shared; locks are made anew.
"""

import asyncio
import copy
import threading
import types
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from tests.fakes import JumpClock
from tests.showcase_story import BEGIN, Showcase, told

LOCKS: dict[type, Callable[[], Any]] = {
    type(threading.Lock()): threading.Lock,
    type(threading.RLock()): threading.RLock,
}


def told_before() -> tuple[Showcase, JumpClock]:
    """Return the showcase plant at five past two and its clock; nobody else has them."""
    story = _told()
    with pytest.MonkeyPatch.context() as sharing:
        sharing.setattr("copy.dispatch_table", _Reductors(vars(copy)["dispatch_table"]))
        return copy.deepcopy(story)


@cache
def _told() -> tuple[Showcase, JumpClock]:
    clock = JumpClock(BEGIN)
    return asyncio.run(told(Showcase(clock))), clock


class _Reductors(dict[type, Any]):
    """How `copy` copies an instance: also of classes that nobody registered."""

    def get(self, kind: type, default: Any = None) -> Any:
        if kind in LOCKS:
            return lambda _: (LOCKS[kind], ())
        if kind is types.MappingProxyType or _is_frozen(kind):
            return lambda _: "itself"  # a text means: as it is
        return super().get(kind, default)


def _is_frozen(kind: type) -> bool:
    told = vars(kind).get("__dataclass_params__")
    return told is not None and bool(told.frozen)
