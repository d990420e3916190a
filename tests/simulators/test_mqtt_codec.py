"""Packets survive encoding, any cut of the stream, and garbage."""

import contextlib
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulators.mqtt_codec import (
    MAX_PACKET_BYTES,
    Frame,
    FrameReader,
    MalformedPacketError,
    Message,
    PacketType,
    decode_connect,
    decode_puback,
    decode_publish,
    decode_subscribe,
    decode_unsubscribe,
    encode_publish,
    packet,
    varint,
)

TOPICS = st.text(min_size=1).filter(
    lambda topic: not set(topic) & set("+#\0") and topic.isprintable()
)
MESSAGES = st.builds(Message, TOPICS, st.binary(), st.integers(0, 1), st.booleans())


@given(message=MESSAGES, packet_id=st.integers(1, 65535))
def test_a_message_survives_encoding_and_decoding(message: Message, packet_id: int) -> None:
    (frame,) = FrameReader().feed(encode_publish(message, packet_id=packet_id))
    decoded = decode_publish(frame.flags, frame.body)
    assert decoded == (message, packet_id if message.qos else 0)


@given(bodies=st.lists(st.binary(max_size=300), max_size=5), cuts=st.lists(st.integers(1, 40)))
def test_frames_do_not_depend_on_where_the_stream_is_cut(
    bodies: list[bytes], cuts: list[int]
) -> None:
    stream = b"".join(packet(PacketType.PUBLISH, body) for body in bodies)
    reader, frames = FrameReader(), []
    for cut in [*cuts, len(stream)]:
        frames += list(reader.feed(stream[:cut]))
        stream = stream[cut:]
    assert frames == [Frame(PacketType.PUBLISH, 0, body) for body in bodies]


DECODERS: dict[str, Callable[[bytes, int], object]] = {
    "connect": lambda body, _: decode_connect(body),
    "publish": lambda body, flags: decode_publish(flags, body),
    "subscribe": lambda body, _: decode_subscribe(body),
    "unsubscribe": lambda body, _: decode_unsubscribe(body),
    "ack": lambda body, _: decode_puback(body),
}


@given(garbage=st.binary(max_size=80), flags=st.integers(0, 15))
@pytest.mark.parametrize("kind", DECODERS)
def test_garbage_is_decoded_or_called_malformed_and_nothing_else(
    garbage: bytes, flags: int, kind: str
) -> None:
    with contextlib.suppress(MalformedPacketError):
        assert DECODERS[kind](garbage, flags) is not None


@given(value=st.integers(0, 268_435_455))
def test_a_length_takes_at_most_four_bytes(value: int) -> None:
    assert len(varint(value)) <= 4


def test_a_fifth_length_byte_is_malformed() -> None:
    with pytest.raises(MalformedPacketError, match="four bytes"):
        list(FrameReader().feed(b"\x30\xff\xff\xff\xff\x01"))


def test_a_packet_beyond_the_bound_is_refused_before_it_is_stored() -> None:
    with pytest.raises(MalformedPacketError, match="bytes"):
        list(FrameReader().feed(b"\x30" + varint(MAX_PACKET_BYTES + 1)))
