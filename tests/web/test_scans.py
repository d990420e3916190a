"""What a scan on a station's page is: its code, and nothing that a scanner put around it (B29, B40)."""

import pytest

from redrabbit.domain.errors import Refusal
from redrabbit.domain.identity import RunId, StationId
from redrabbit.domain.record_query import equals
from redrabbit.domain.records import PresentationRecord
from redrabbit.services.ports import Reader
from redrabbit.services.runs_under_way import run_under_way_at
from redrabbit.web.pages.scans import with_one_code
from tests.showcase import showcase_plant
from tests.web.conftest import Visitor

STATION = "/stations/line1-op20"


@pytest.mark.parametrize("scan", ["]C1RR-0001", "RR-0001\r\n", "RR-0001RR-0001"])
def test_a_part_is_taken_however_its_scanner_writes_it(visitor: Visitor, scan: str) -> None:
    visitor.be("badge 2207")
    visitor.send(f"{STATION}/start", check="line1-op20")
    run = visitor.plant.ask(lambda reader: run_under_way_at(reader, StationId("line1-op20")))
    assert run is not None
    assert visitor.send(f"{STATION}/scan", code=scan, run=run.run_id, expected="take") == 303
    (issued,) = visitor.plant.ask(lambda reader: issued_in(reader, run.run_id))
    assert issued.part_id == "RR-0001"


def issued_in(reader: Reader, run: RunId) -> list[PresentationRecord]:
    return reader.find(PresentationRecord, equals("run_id", run))


def test_a_scan_of_several_codes_is_refused_by_name() -> None:
    with pytest.raises(Refusal, match="scan_of_several") as refused:
        with_one_code({"code": "RR-0001GM-0001"}, showcase_plant())
    assert refused.value.params == {"scans": "RR-0001, GM-0001"}


def test_a_scan_of_nothing_but_a_prefix_is_none() -> None:
    with pytest.raises(Refusal, match="nothing_scanned"):
        with_one_code({"code": "]C1"}, showcase_plant())


def test_a_form_without_a_scan_stays_as_it_is() -> None:
    assert with_one_code({"run": "R-1"}, showcase_plant()) == {"run": "R-1"}
    assert with_one_code({"code": " "}, showcase_plant()) == {"code": " "}
