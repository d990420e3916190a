"""How long one message holds up all stations while it is taken apart: the worst shapes there are.

A message at the limit that a topic has by default, and at the largest that one can have
(`domain.signals`), is to be parsed within 50 ms (issue 6, step 8). What would take longer, a document of
nothing but objects or lists, is refused unread (`decoding.MOST_CONTAINERS`): most of its time goes into
Python's search for cycles, so the parts of the service are loaded here.

Run: `pytest tests/benchmarks/test_bench_messages.py --benchmark-enable --benchmark-only -s`.
"""

from collections.abc import Callable
from time import perf_counter
from typing import Any

import pytest

import redrabbit.bootstrap  # noqa: F401  because the search for cycles goes through what it loads
from redrabbit.domain.decoding import MOST_CONTAINERS, parse_json
from redrabbit.domain.observation import Reason
from redrabbit.domain.signals import MOST_BYTES_BY_DEFAULT, MOST_BYTES_OF_ANY
from tests.benchmarks.reporting import median, report

ROUNDS = 21

OBJECTS = b'{"":0},' * (MOST_CONTAINERS - 1)
LISTS = b"[]," * (MOST_CONTAINERS - 1)


def filled(size: int, shape: bytes, before: bytes = b"") -> bytes:
    """Return a JSON list of almost this size."""
    return b"[" + before + shape * ((size - len(before) - 3) // len(shape)) + b"0]"


def keys(size: int) -> bytes:
    """Return a JSON object of almost this size, of nothing but keys."""
    return b"{" + b",".join(b'"%07x":0' % place for place in range(size // 12)) + b"}"


SHAPES: dict[str, Callable[[int], bytes]] = {
    "objects, then numbers": lambda size: filled(size, b"1,", OBJECTS),
    "lists, then numbers": lambda size: filled(size, b"1,", LISTS),
    "keys": keys,
    "long numbers": lambda size: filled(size, b"9" * 4299 + b","),
    "texts": lambda size: filled(size, b'"a",'),
    "nothing but objects": lambda size: filled(size, b"{},"),
}


@pytest.mark.parametrize(
    "size", [MOST_BYTES_BY_DEFAULT, MOST_BYTES_OF_ANY], ids=["default", "most"]
)
def test_the_worst_message_of_a_size(benchmark: Any, size: int) -> None:
    messages = {name: shape(size) for name, shape in SHAPES.items()}
    read = {name: not isinstance(parse_json(message), Reason) for name, message in messages.items()}
    assert [name for name, is_read in read.items() if not is_read] == ["nothing but objects"]

    def measure() -> dict[str, str]:
        return {name: f"{parse_ms(message):.1f} ms" for name, message in messages.items()}

    figures = benchmark.pedantic(measure, rounds=1, iterations=1)
    report(benchmark, f"parsing {size // 1024} KiB", figures)


def parse_ms(message: bytes) -> float:
    """Return the median time of one parse, in milliseconds."""
    return median([_once_ms(message) for _ in range(ROUNDS)])


def _once_ms(message: bytes) -> float:
    began = perf_counter()
    parse_json(message)
    return (perf_counter() - began) * 1000
