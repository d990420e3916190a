"""What a command can refuse, read from its source: every code of every function that it reaches.

More than can happen is found, never less: a call through a table reaches all of the table. What is left
out is `carry_out`: it records what a run decided, and refuses nothing but a part that can't be taken.
"""

import ast
import inspect
import textwrap
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any

from redrabbit.domain.acts import GiveSignature
from redrabbit.domain.challenge_part import PartState
from redrabbit.domain.run_transitions import TRANSITIONS, advance
from redrabbit.services import doing
from redrabbit.services.run_effects import carry_out
from redrabbit.services.signing import sign
from redrabbit.services.station_owner import StationOwner
from redrabbit.web.codes import REFUSALS

EVENTS = {event for _, event in TRANSITIONS}


def codes_of_act(act: type[Any]) -> set[str]:
    """Return the codes of the refusals that stand in the command of an act."""
    for table in ("COMMANDS", "MOVES"):
        for key, row in _rows(table):
            if key == act.__name__:
                return _codes(_Reach(vars(doing), StationOwner).within(row))
    if act is GiveSignature:
        return _codes(_Reach(vars(doing), StationOwner).of(sign))
    assert act.__name__ == "StartRun", "neither a command nor a move"
    return _codes(_Reach(vars(doing), StationOwner).of(StationOwner.start)) | {"no_such_check"}


def _rows(table: str) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(ast.parse(inspect.getsource(doing))):
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == table:
            assert isinstance(node.value, ast.Dict)
            for key, row in zip(node.value.keys, node.value.values, strict=True):
                assert isinstance(key, ast.Attribute)
                yield key.attr, row


class _Reach:
    """Everything that is reached from one command."""

    def __init__(self, names: Mapping[str, Any], owner: type[Any]) -> None:
        self._names, self._owner = names, owner
        self._seen: set[object] = set()
        self._events: set[type[Any]] = set()

    def within(self, node: ast.AST) -> list[ast.Call]:
        """Return the refusals in some source and in all that it reaches; first its events."""
        self._events |= {e for e in EVENTS if e.__name__ in _made(node)}
        return list(self._look(node, self._names))

    def of(self, function: Any) -> list[ast.Call]:
        """Return the refusals of a function and of all that it reaches."""
        self._seen.add(function)
        return list(self._look(_source(function), inspect.unwrap(function).__globals__))

    def _look(self, node: ast.AST, names: Mapping[str, Any]) -> Iterator[ast.Call]:
        self._events |= {e for e in EVENTS if e.__name__ in _made(node)}
        for each in ast.walk(node):
            if isinstance(each, ast.Call) and ast.unparse(each.func) == "Refusal":
                yield each
            for found in self._named(each, names):
                yield from self._go(found)

    def _go(self, found: Any) -> Iterator[ast.Call]:
        if found in self._seen or found is carry_out:
            return
        self._seen.add(found)
        if found is advance:  # only by the events that the command makes
            for (_, event), row in TRANSITIONS.items():
                if event in self._events:
                    yield from self._go(row.move)
            yield from self._look(ast.parse('Refusal("not_now")'), {})
            return
        yield from self._look(_source(found), found.__globals__)

    def _named(self, node: ast.AST, names: Mapping[str, Any]) -> Iterator[Any]:
        """Yield the functions of ours that a node names."""
        value: Any = None
        if isinstance(node, ast.Name):
            value = names.get(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            base = names.get(node.value.id)
            if node.value.id in {"owner", "self"}:
                value = getattr(self._owner, node.attr, None)
            elif isinstance(base, ModuleType):
                value = getattr(base, node.attr, None)
        for each in value.values() if isinstance(value, Mapping) else (value,):
            is_ours = isinstance(each, FunctionType) and each.__module__.startswith("redrabbit")
            if is_ours and each.__name__ != "<lambda>":
                yield each


def _source(function: Any) -> ast.AST:
    return ast.parse(textwrap.dedent(inspect.getsource(function)))


def _made(node: ast.AST) -> set[str]:
    return {
        each.func.id
        for each in ast.walk(node)
        if isinstance(each, ast.Call) and isinstance(each.func, ast.Name)
    }


def _codes(refusals: list[ast.Call]) -> set[str]:
    """Return their codes; a word that is made of a part's state may be made of each."""
    found: set[str] = set()
    for refusal in refusals:
        match refusal.args[0]:
            case ast.Constant(value=str(code)):
                found.add(code)
            case ast.JoinedStr(values=[ast.Constant(value=str(begin)), ast.FormattedValue()]):
                found |= {f"{begin}{state.value}" for state in PartState} & set(REFUSALS)
    return found
