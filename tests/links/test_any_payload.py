"""Whatever one station publishes, the messages of the others are read as they were said (K3, B4)."""

import asyncio
import json
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from redrabbit.domain.signals import Encoding
from tests.links.brokers import simulated
from tests.links.mqtt_bench import JSON_SIGNALS, TOPIC, Bench, signal, station_at, told

OTHERS_TOPIC = "line/op31/n"
OTHERS_SIGNALS = (signal("n", Encoding.INTEGER, OTHERS_TOPIC),)

DOCUMENTS = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**25), 10**25)
    | st.floats()
    | st.text(st.characters(codec="utf-8")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(["seq", "reject", "result", "code", "x"]), inner)
    ),
    max_leaves=12,
)
PAYLOADS = st.one_of(
    st.binary(max_size=300),
    DOCUMENTS.map(lambda document: json.dumps(document).encode()),
    st.builds(
        lambda seq, reject, code: json.dumps(
            {"seq": seq, "reject": reject, "result": {"code": code}}
        ).encode(),
        DOCUMENTS,
        DOCUMENTS,
        DOCUMENTS,
    ),
    st.sampled_from([b"{", b"9" * 5000, b"[" * 9000, b"{}," * 20_000, b"B" * 300_000, b"\xff\xfe"]),
)


@given(st.lists(PAYLOADS, min_size=1, max_size=12))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example([b'{"seq": 1, "reject": true, "result": {"code": 99999999999999999999}}'] * 12)
def test_whatever_one_station_publishes_the_others_are_read(payloads: list[bytes]) -> None:
    asyncio.run(story(payloads))


async def story(payloads: list[bytes]) -> None:
    async with simulated(Path()) as port:
        bench = Bench(port)
        await bench.tap.start()
        await bench.listen(
            station_at(bench.tap.port, JSON_SIGNALS),
            station_at(bench.tap.port, OTHERS_SIGNALS, name="op31"),
        )
        said = [
            one
            for number, payload in enumerate(payloads)
            for one in ((TOPIC, payload), (OTHERS_TOPIC, number))
        ]
        await bench.publish_all(said)
        heard = [await bench.next() for _ in said]
        await bench.stop()
        await bench.tap.stop()
    assert [one.station for one in heard] == ["op30", "op31"] * len(payloads)
    assert [told(one) for one in heard if one.station == "op31"] == [
        {"n": number} for number in range(len(payloads))
    ]
