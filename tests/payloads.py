"""Whole payloads, as tests decode them: the product takes a message apart once for all its signals."""

from redrabbit.domain.decoding import decode_field, decode_text, parse_json
from redrabbit.domain.observation import Reason, Value
from redrabbit.domain.signals import MqttAddress, SignalSpec


def decode_payload(spec: SignalSpec, payload: bytes) -> Value | Reason:
    """Return the value of an MQTT signal from a whole payload."""
    if isinstance(spec.address, MqttAddress) and not spec.address.path:
        return decode_text(spec, payload)
    document = parse_json(payload)
    return document if isinstance(document, Reason) else decode_field(spec, document)
