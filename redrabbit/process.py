"""The process around a service: its event loop, its signals, its listening socket, its web server.

What runs inside is put together by `redrabbit.bootstrap`; what a command ends with is said by
`redrabbit.exit_codes`.
"""

import asyncio
import gc
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import TypeVar, cast

import uvicorn
from starlette.types import ASGIApp

from redrabbit.base.clock import Clock
from redrabbit.base.sentence import sentence, system_words
from redrabbit.web.budget import WebBudgets
from redrabbit.web.connections import WebServer
from redrabbit.web.tls import Tls

T = TypeVar("T")

GRACEFUL_STOP_S = 2
"""How long open pages are given to finish when the service stops."""
MOST_OPEN_FILES = 65_536
"""More than a plant ever needs, and few enough for programs that count to the end."""
THREADS_TAKE_TURNS_S = 0.0005
"""The writer thread needs the interpreter back after each statement: with Python's own 5 ms a
transaction of forty statements waits for the polls again and again (test_bench_verdict.py)."""


def run_async(work: Callable[[], Awaitable[int]]) -> int:
    """Run a coroutine on the fastest event loop there is; aiomqtt needs the selector loop."""
    sys.setswitchinterval(THREADS_TAKE_TURNS_S)
    factory: Callable[[], asyncio.AbstractEventLoop]
    if sys.platform == "win32":
        factory = asyncio.SelectorEventLoop
    else:
        import uvloop  # noqa: PLC0415  because Windows has none

        factory = uvloop.new_event_loop

    async def main() -> int:
        starting = asyncio.current_task()
        if sys.platform != "win32" and starting is not None:  # until `until_stopped` takes over
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, starting.cancel)
        return await work()

    with asyncio.Runner(loop_factory=factory) as runner:
        try:
            return runner.run(main())
        except asyncio.CancelledError:
            gc.freeze()  # Python would look for rubbish in all that was read so far, for up to a second
            return 0  # told to stop before there was anything to stop


async def until_stopped() -> None:
    """Wait for Ctrl-C or a termination signal."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        if sys.platform == "win32":  # its event loops know no signals
            signal.signal(number, lambda *_: loop.call_soon_threadsafe(stop.set))
        else:
            loop.add_signal_handler(number, stop.set)
    await stop.wait()


async def until_stopped_or(event: asyncio.Event) -> None:
    """Wait for Ctrl-C, a termination signal, or the event."""
    waiting = [asyncio.create_task(until_stopped()), asyncio.create_task(event.wait())]
    try:
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


@contextmanager
def listening(host: str, port: int) -> Iterator[socket.socket]:
    """Hold a listening socket; OSError says which address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if sys.platform != "win32":  # there it would let two processes share one address
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((host, port))
            listener.listen()
        except OSError as error:
            raise OSError(
                error.errno,
                sentence(
                    "can't listen on {host}:{port}: {problem}; name another port with --port",
                    host=host,
                    port=port,
                    problem=system_words(error),
                ),
            ) from error
        yield listener
    finally:
        listener.close()


def address_of(listener: socket.socket, host: str, scheme: str = "http") -> str:
    """Return the URL under which the socket is reached."""
    port = listener.getsockname()[1]
    return f"{scheme}://[{host}]:{port}" if ":" in host else f"{scheme}://{host}:{port}"


def allowed_open_files() -> int | None:
    """Take as many open files as the process may have, and return how many; None if nobody says.

    Half of all systems start processes with 1,024, and every connection and file takes one.
    """
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415  because Windows has none

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_OPEN_FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with suppress(OSError, ValueError):  # macOS allows less than it says
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return MOST_OPEN_FILES if soft == resource.RLIM_INFINITY else soft


async def in_own_thread(
    work: Callable[[], T], *, on_cancel: Callable[[], None], unwanted: Callable[[T], None]
) -> T:
    """Return what comes of work that takes long; cancelled, nobody waits for its thread.

    A thread of the pool would be waited for before the process ends. `unwanted` is called with what it comes to after
    that, in a thread, too: it may wait.
    """
    loop = asyncio.get_running_loop()
    future: asyncio.Future[T] = loop.create_future()

    def in_thread(what: Callable[[], None]) -> None:
        threading.Thread(target=what, name="redrabbit-opening", daemon=True).start()

    def tell(result: T | None, error: BaseException | None) -> None:
        if future.done():
            if error is None:
                in_thread(lambda: unwanted(cast("T", result)))
        elif error is not None:
            future.set_exception(error)
        else:
            future.set_result(cast("T", result))

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as raised:  # noqa: BLE001  because whoever waits hears of it
            error = raised
        try:
            loop.call_soon_threadsafe(tell, result, error)
        except RuntimeError:  # the loop is closed: the process ends
            if error is None:
                unwanted(cast("T", result))

    in_thread(run)
    try:
        return await future
    except asyncio.CancelledError:
        on_cancel()
        raise


@asynccontextmanager
async def web_server(
    app: ASGIApp,
    listener: socket.socket,
    budgets: WebBudgets,
    clock: Clock,
    *,
    tls: Tls | None = None,
    graceful_stop_s: int = GRACEFUL_STOP_S,
) -> AsyncIterator[None]:
    """Serve pages on the socket, encrypted with `tls`, for as long as the context lasts."""
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        lifespan="off",
        timeout_graceful_shutdown=graceful_stop_s,
    )
    server = WebServer(config, listener, budgets, clock, tls)
    task = asyncio.create_task(server.serve(sockets=[listener]), name="web")
    try:
        while not server.started and not task.done():
            await clock.sleep(0.01)
        if task.done():
            await task
        yield
    finally:
        server.should_exit = True
        await task
