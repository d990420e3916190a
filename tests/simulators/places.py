"""Places of signals for tests, as the configuration would give them."""

from redrabbit.domain.signals import Encoding, MqttAddress


def mqtt_place(
    name: str, *path: str, sequence: str | None = None, modulus: int | None = None
) -> MqttAddress:
    """Return a plain topic of that name, or with a path a field of the topic `plant/state`."""
    if not path:
        return MqttAddress(topic=f"plant/{name}", encoding=Encoding.STRING)
    sequence_path = (sequence,) if sequence is not None else ()
    return MqttAddress(
        topic="plant/state",
        encoding=Encoding.STRING,
        path=path,
        sequence_path=sequence_path,
        sequence_modulus=modulus,
    )
