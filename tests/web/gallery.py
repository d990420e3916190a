"""Serve the showcase plant for looking at: `python tests/web/gallery.py [PORT] [calm|runs|cases|late|empty]`."""

import asyncio
import sys
from pathlib import Path

import uvicorn

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from redrabbit.web.app import create_app
from tests.people import sign_in_at
from tests.showcase import ShowcaseClock, at
from tests.showcase_story import BEGIN, Showcase, cases_in_every_state, runs_in_every_state, told


async def serve(port: int, scene: str) -> None:
    """Tell the scene, then serve the plant while it lives on."""
    clock = ShowcaseClock(BEGIN)
    showcase = Showcase(clock)
    if scene == "empty":
        await showcase.open()
    else:
        await told(showcase)
    if scene == "runs":
        await runs_in_every_state(showcase)
    if scene in {"cases", "late"}:
        await cases_in_every_state(showcase)
    if scene == "late":  # what fell due at 18:00 is overdue, also where a case is open
        await showcase.pass_to(at(268))
    living = asyncio.create_task(showcase.live())
    app = create_app(
        showcase.service,
        clock=clock,
        sign_in=sign_in_at(showcase.agent),
        ledger_key="Changchun-2/5f0c1e9b7a3d2468+3f91c0aa+AUdyb1Zk9pQ2mT7c0xUe4sVb1nRk8yHq5wLz3dJf6gXo",
    )
    await uvicorn.Server(uvicorn.Config(app, port=port, log_level="warning")).serve()
    living.cancel()


if __name__ == "__main__":
    asyncio.run(
        serve(
            port=int(sys.argv[1]) if len(sys.argv) > 1 else 8095,
            scene=sys.argv[2] if len(sys.argv) > 2 else "calm",
        )
    )
