"""One stream's entries in an exported file: without a gap, from before the period until after it (D11, D25)."""

from collections.abc import Iterator

from redrabbit.domain.export_format import Period
from redrabbit.domain.findings import Finding, Param
from redrabbit.domain.ledger import Entry, StreamHead


class ExportedStream:
    """The entries of one stream, as they are read."""

    def __init__(self, stream: str, period: Period, listed: StreamHead | None) -> None:
        self.stream = stream
        self._period = period
        self._listed = listed
        """Where the stream stood when that was said; None: it had no entry then."""
        self._is_end_shown = listed is None
        self._last: Entry | None = None
        self._last_leaf = b""

    def add(self, entry: Entry, leaf: bytes, number: int) -> Iterator[Finding]:
        """Yield what is wrong with the next entry, which is proved to be in the log."""
        place = f"line {number}"
        if entry.stream != self.stream:
            yield self._at("wrong_stream", place, index=entry.index, found=entry.stream)
        if self._last is None:
            if entry.stream_seq and entry.recorded_at >= self._period.begins_at:
                yield self._at("start_not_shown", place, index=entry.index)
        elif (entry.stream_seq - 1, entry.previous) != (
            self._last.stream_seq,
            self._last_leaf.hex(),
        ):
            place = f"{place}, ledger[{entry.index}]"
            yield self._at("chain_broken", place, previous=self._last.index)
        self._last, self._last_leaf = entry, leaf
        if self._listed is not None:
            last_listed = (self._listed.next_seq - 1, self._listed.leaf)
            is_later = entry.stream_seq > last_listed[0]
            self._is_end_shown |= is_later or (entry.stream_seq, leaf) == last_listed

    def end(self) -> Iterator[Finding]:
        """Yield what is wrong with where the stream ends."""
        if self._last is None:
            yield self._at("section_missing", "file")
        elif not self._is_end_shown and self._last.recorded_at < self._period.ends_at:
            yield self._at("end_not_shown", "file", index=self._last.index)

    def _at(self, code: str, place: str, **params: Param) -> Finding:
        return Finding(code=code, place=place, params={"stream": self.stream, **params})
