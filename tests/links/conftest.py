"""Links run on both event loops: asyncio's own, and uvloop, which the product uses where it is."""

import asyncio
from collections.abc import Callable

try:
    import uvloop
except ImportError:  # Windows
    LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
else:
    LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}


def pytest_asyncio_loop_factories() -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Let each asynchronous test of this folder run once per loop."""
    return LOOPS
