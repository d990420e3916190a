"""An open suspect window is counted on live, on pages and in the API (D34)."""

from redrabbit.domain.identity import StationId
from redrabbit.domain.record_query import equals
from redrabbit.domain.records import ContainmentRecord
from tests.web.conftest import Visitor

STATION = "line1-op20"


def test_an_open_window_tells_how_many_parts_are_in_it_so_far(visitor: Visitor) -> None:
    visitor.let(visitor.plant.run_up_to_return(STATION, "missed"))
    (case,) = visitor.plant.ask(
        lambda reader: reader.find(
            ContainmentRecord, equals("station", STATION), equals("state", "open")
        )
    )
    address = f"/api/v1/containments/{case.containment_id}"
    before = visitor.client.get(address).json()
    counter = visitor.plant.agent.queues[StationId(STATION)].owner.live.counter()
    assert counter is not None
    visitor.let(visitor.plant.show(STATION, part_count=counter + 7))
    after = visitor.client.get(address).json()
    assert after["quantity"] == before["quantity"]
    assert after["quantity_so_far"] == before["quantity_so_far"] + 7
    assert after["quantity_unknown"] == 0
    listed = visitor.client.get("/api/v1/containments").json()["items"]
    by_id = {each["containment_id"]: each["quantity_so_far"] for each in listed}
    assert by_id[case.containment_id] == after["quantity_so_far"]
    n = f"{after['quantity_so_far']:,}"
    for language, words in (
        ("en", f"So far at least {n} suspect parts, and counting."),
        ("zh-CN", f"截至目前至少 {n} 件可疑品"),
    ):
        page = visitor.text(f"/stations/{STATION}", language).replace("\u202f", ",")
        assert words in page
    for address in (f"/containments/{case.containment_id}", f"/runs/{case.run_id}"):
        page = visitor.text(address)
        assert "so far, and counting" in page
        assert f"at least {n}" in page
    assert f"at least {n} suspect" in visitor.text("/"), "the board says no other number"
