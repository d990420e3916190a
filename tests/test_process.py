"""What a process may have of its machine (D47)."""

import asyncio
import sys
import threading
from contextlib import suppress

import pytest

from redrabbit.process import MOST_OPEN_FILES, allowed_open_files, in_own_thread


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limit")
def test_a_service_takes_all_the_open_files_that_it_may_have() -> None:
    import resource

    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = min(before[1], MOST_OPEN_FILES) if before[1] >= 0 else MOST_OPEN_FILES
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (512, before[1]))
        assert allowed_open_files() == most
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (most, before[1])
        assert allowed_open_files() == most
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


async def test_what_nobody_wants_any_more_is_ended_without_holding_the_event_loop() -> None:
    """A database that was opened too late is closed, and that waits for its threads."""
    began, may_end, heard, ended = (threading.Event() for _ in range(4))

    def unwanted(result: int) -> None:
        if heard.wait(10) and result == 7:  # what only the event loop says
            ended.set()

    def work() -> int:
        began.set()
        may_end.wait(10)
        return 7

    task = asyncio.create_task(in_own_thread(work, on_cancel=lambda: None, unwanted=unwanted))
    assert await asyncio.to_thread(began.wait, 10)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
    may_end.set()
    asyncio.get_running_loop().call_later(0.1, heard.set)
    assert await asyncio.to_thread(ended.wait, 20)
    assert heard.is_set()
