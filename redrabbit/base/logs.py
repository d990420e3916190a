"""Log lines: one line an event, structured, saying station, run and reason where there are any."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime

from redrabbit.base.printable import visible, visible_json, visible_lines

_STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


def _extras(record: logging.LogRecord) -> Mapping[str, object]:
    return {name: value for name, value in vars(record).items() if name not in _STANDARD}


class JsonLines(logging.Formatter):
    """One JSON object a line, for machines."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line; a traceback only for what is a bug."""
        at = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, object] = {
            "at": at.isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **_extras(record),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return visible_json(line)


class PlainLines(logging.Formatter):
    """One readable line, for people at a terminal."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line, with a traceback below only for what is a bug."""
        at = datetime.fromtimestamp(record.created, UTC).astimezone()
        extras = " ".join(f"{name}={value}" for name, value in _extras(record).items())
        line = f"{at:%H:%M:%S} {record.levelname.lower():7} {record.getMessage()}"
        line = visible(f"{line} · {extras}" if extras else line)
        if record.exc_info:
            line = f"{line}\n{visible_lines(self.formatException(record.exc_info))}"
        return line


def configure_logs(*, json_lines: bool, level: int = logging.INFO) -> None:
    """Send all logs to standard error in one of the two forms."""
    stream = logging.StreamHandler()
    stream.setFormatter(JsonLines() if json_lines else PlainLines())
    root = logging.getLogger()
    root.handlers[:] = [stream]
    root.setLevel(logging.WARNING)
    logging.getLogger("redrabbit").setLevel(level)
