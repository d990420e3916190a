"""The two ways out: an MQTT topic and a webhook.

Each opens a connection for a message and closes it: alarms are few, and a connection kept open is
one more thing that can die unseen.
"""

import asyncio
from collections.abc import Mapping

import aiomqtt
import httpx2

from redrabbit.alarms.delivery import Channel, DeliveryFailed
from redrabbit.base.redaction import REMOVED
from redrabbit.domain.plant import NotificationTarget

TIMEOUT_S = 5.0
HTTP_OK_BELOW = 300


async def publish(target: NotificationTarget, key: str, body: str) -> None:
    """Publish at QoS 1, so that the broker has said that it has the message."""
    del key  # it is in the body: topics have no headers before MQTT 5
    assert target.host is not None  # noqa: S101  because the plant file was checked
    assert target.topic is not None  # noqa: S101  because the plant file was checked
    try:
        async with (
            asyncio.timeout(TIMEOUT_S),
            aiomqtt.Client(target.host, target.port or 1883, timeout=TIMEOUT_S) as client,
        ):
            await client.publish(target.topic, body.encode(), qos=1)
    except (aiomqtt.MqttError, TimeoutError, OSError) as error:
        raise DeliveryFailed(f"{type(error).__name__}: {error}") from error


def posting(tokens: Mapping[str, str]) -> Channel:
    """Return the webhook channel; `tokens` are by receiver's name."""

    async def post_with_token(target: NotificationTarget, key: str, body: str) -> None:
        await post(target, key, body, tokens.get(target.name))

    return post_with_token


async def post(target: NotificationTarget, key: str, body: str, token: str | None = None) -> None:
    """POST the JSON body; anything but a 2xx answer is a failure. Redirects are not followed."""
    assert target.url is not None  # noqa: S101  because the plant file was checked
    headers = {"Content-Type": "application/json", "Idempotency-Key": key}
    if token is not None:
        header = target.token_header
        headers |= {header: token} if header else {"Authorization": f"Bearer {token}"}
    try:
        async with httpx2.AsyncClient(timeout=TIMEOUT_S, trust_env=False) as client:
            response = await client.post(target.url, content=body.encode(), headers=headers)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        said = f"{type(error).__name__}: {error}"
        raise DeliveryFailed(said.replace(token, REMOVED) if token else said) from None
    if response.status_code >= HTTP_OK_BELOW:
        raise DeliveryFailed(f"answered {response.status_code}")
