"""Serve the showcase plant for looking at: `python tests/web/gallery.py [PORT] [calm|runs|empty]`."""

import sys
from pathlib import Path

import uvicorn

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from redrabbit.web.app import create_app
from tests.showcase import ShowcaseClock
from tests.showcase_records import runs_in_every_state
from tests.showcase_service import ShowcaseService

if __name__ == "__main__":
    clock = ShowcaseClock()
    scene = sys.argv[2] if len(sys.argv) > 2 else "calm"
    service = ShowcaseService(clock, records=[] if scene == "empty" else None)
    if scene == "runs":
        service.put(*runs_in_every_state())
    port = int(sys.argv[1]) if len(sys.argv) > 1 else 8095
    uvicorn.run(create_app(service, clock=clock), port=port, log_level="warning")
