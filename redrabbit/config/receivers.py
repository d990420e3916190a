"""The receivers of plant.yaml, `notifications`: where messages go, what they need, what they want.

What is secret is only named: a file outside of this folder, or an environment variable (D24).
"""

from dataclasses import replace
from typing import Final

from redrabbit.base.sentence import sentence
from redrabbit.config.file_schema import (
    Block,
    Choice,
    Entry,
    Key,
    ListOf,
    MapOf,
    Schema,
    Section,
    Shape,
    Words,
)
from redrabbit.config.located_yaml import Node, Scalar
from redrabbit.config.problem import Problems, SourcePosition
from redrabbit.config.spellings import (
    ABSOLUTE_FILE,
    ADDRESS,
    HEADER,
    HEADER_NAME,
    OUR_HEADERS,
    SECRET_FILE,
    SLUG,
    VARIABLE,
    WEB_ADDRESS,
)
from redrabbit.domain.facts.alarm import AlarmKind
from redrabbit.domain.plant import NotificationTarget, TargetKind
from redrabbit.domain.secret_place import SecretPlace

EVENTS: Final = (*(kind.value for kind in AlarmKind), "wrong_part")
"""What receivers can ask for: the kinds of alarms. `wrong_part` was never raised; older files ask
for it."""

ADDED_BY_US: Final = OUR_HEADERS | {"accept-encoding"}
"""Headers that no receiver can ask for, small letters."""
SIGNED_HEADERS: Final = frozenset({"webhook-id", "webhook-timestamp", "webhook-signature"})
"""What a signature is sent in (Standard Webhooks)."""


class PublishedTopic(Words):
    """A topic that can be published to: the name of one, never a pattern for many.

    In files that were adopted with a pattern it is passed over: it could never be published to, but
    what came due under them is owed (L7).
    """

    def read(self, node: Node, problems: Problems) -> str | None:
        """Return the topic, or note that it stands for many."""
        topic = super().read(node, problems)
        if topic is None or problems.adopted or not any(each in topic for each in "+#"):
            return topic
        return self.refuse(node, problems, "+ and # are for subscribing to many topics")

    def schema(self) -> Schema:
        """Return that of a text without them."""
        return {**super().schema(), "pattern": "^[^+#]+$"}


class PlaceSection(Section):
    """Where a secret stands; a value that stands there instead is refused without being shown."""

    def read(self, node: Node, problems: Problems) -> Block | None:
        """Return the block, or note that it is none."""
        if not isinstance(node, Scalar):
            return super().read(node, problems)
        hint = "the value stands in that file or variable; if it was ever in use, change it"
        problems.add(node.place, "a value", self.expected, hint)
        return None


SECRET_PLACE: Final = PlaceSection(
    {
        "file": Key(
            SECRET_FILE, "The file with the value, readable by its owner only.", required=False
        ),
        "env": Key(VARIABLE, "The environment variable that holds it.", required=False),
    },
    "{file: PATH} or {env: NAME}",
)

ONLY: Final = "only"
"""Of a receiver that is sent checkpoints, and no alarms."""


class CheckpointsWanted(Shape[bool | str]):
    """Whether a receiver is sent checkpoints; `only`: and nothing else."""

    expected = "true, false or only"

    def read(self, node: Node, problems: Problems) -> bool | str | None:
        """Return true, false or the word."""
        if isinstance(node, Scalar) and (isinstance(node.value, bool) or node.text == ONLY):
            return ONLY if node.text == ONLY else bool(node.value)
        return self.refuse(node, problems)

    def schema(self) -> Schema:
        """The three, as an enumeration."""
        return {"enum": [True, False, ONLY]}


TARGET: Final = Section(
    {
        "mqtt": Key(ADDRESS, "host:port of a broker.", required=False),
        "topic": Key(
            PublishedTopic("a topic without wildcards"), "The topic, for MQTT.", required=False
        ),
        "webhook": Key(WEB_ADDRESS, "Where messages are posted.", required=False),
        "apprise_file": Key(
            SECRET_FILE,
            "The file with one Apprise address: mail, a chat group, an SMS gateway.",
            required=False,
        ),
        "apprise_env": Key(VARIABLE, "The environment variable that holds it.", required=False),
        "language": Key(
            Choice({"en": "en", "zh": "zh"}),
            "In which language its messages are; left out: English, with both beside it.",
            required=False,
        ),
        "token_file": Key(
            SECRET_FILE, "The file with the token that a webhook asks for.", required=False
        ),
        "token_env": Key(VARIABLE, "The environment variable that holds it.", required=False),
        "token_header": Key(
            HEADER,
            "The header the token is sent in; left out: Authorization, behind the word Bearer.",
            required=False,
        ),
        "headers": Key(
            MapOf(HEADER_NAME, SECRET_PLACE, at_least=1),
            "More headers that a webhook asks for; their values stand elsewhere.",
            required=False,
            default=(),
        ),
        "signing_secret_file": Key(
            SECRET_FILE,
            "The file with the secret that messages are signed with, as Standard Webhooks has it.",
            required=False,
        ),
        "signing_secret_env": Key(
            VARIABLE, "The environment variable that holds it.", required=False
        ),
        "ca_file": Key(
            ABSOLUTE_FILE,
            "Certificates of the plant's own authority, PEM, instead of the public ones.",
            required=False,
        ),
        "events": Key(
            ListOf(Choice({event: event for event in EVENTS})),
            "Which events it wants; left out: all of them.",
            required=False,
            default=(),
        ),
        "checkpoints": Key(
            CheckpointsWanted(),
            "Whether it is sent the ledger's signed checkpoint, daily and at the end of each shift, to keep "
            "it; only: and no alarms.",
            required=False,
            default=False,
        ),
    },
    "{mqtt: host:port, topic: …}, {webhook: URL} or {apprise_file: PATH}",
)

RECEIVERS: Final = MapOf(SLUG, TARGET)

TWO_PLACES: Final = {
    "token": "two tokens",
    "signing_secret": "two signing secrets",
    "apprise": "two Apprise addresses",
}
"""Secrets of a receiver that stand in a file or in a variable, and what both would be."""

OF_WEBHOOKS: Final = (
    "token_file",
    "token_env",
    "headers",
    "signing_secret_file",
    "signing_secret_env",
    "ca_file",
)


def read_receivers(
    entries: tuple[Entry[Block], ...] | None, address: str | None, problems: Problems
) -> tuple[NotificationTarget, ...]:
    """Return the receivers that could be read, after noting what is wrong with the others.

    Where none of them keeps checkpoints, that is advised: a ledger that was rewritten with its key shows
    only beside one that was kept elsewhere (D13, D62). Where the service's own address is not said, that is
    advised, too: links in messages are its paths only then (B33).
    """
    read = [_receiver(entry, problems) for entry in entries or ()]
    if entries and not any(entry.value and entry.value["checkpoints"] for entry in entries):
        found = "no receiver is sent the ledger's checkpoints, which prove later that nothing was taken out"
        problems.advise(entries[0].place, found, "checkpoints: true at one on another machine")
    if (
        entries
        and address is None
        and any(entry.value and entry.value["checkpoints"] != ONLY for entry in entries)
    ):
        found = "messages can't link to the page that ends an alarm: nothing says where this service is reached"
        problems.advise(entries[0].place, found, "address: https://… in plant.yaml")
    return tuple(target for target in read if target is not None)


def read_mail(block: Block | None, problems: Problems) -> SecretPlace | None:
    """Return where the mail server's address stands, after noting where it is said to stand in two places or in none."""
    if block is None:
        return None
    if ("file" in block) == ("env" in block):
        found = "a mail server with two addresses" if "file" in block else "one without an address"
        problems.add(block.place, found, SECRET_PLACE.expected)
        return None
    return _place_of(block) if block.complete else None


def _receiver(entry: Entry[Block], problems: Problems) -> NotificationTarget | None:
    block = entry.value
    if block is None:
        return None
    has_apprise = "apprise_file" in block or "apprise_env" in block
    ways = ("mqtt" in block, "webhook" in block, has_apprise)
    if sum(ways) != 1 or ("topic" in block) != ("mqtt" in block):
        found = sentence(
            "receiver {key!r} has {value}",
            key=entry.key,
            value=sentence("several ways, or half of one") if any(ways) else sentence("no way"),
        )
        problems.add(block.place, found, TARGET.expected)
        return None
    before = len(problems.found)
    _refuse_two_places(block, problems)
    _refuse_without_webhook(block, problems)
    _refuse_headers(block, problems)
    _refuse_needless_ca_file(block, problems)
    _refuse_events_beside_only(block, problems)
    if len(problems.found) > before or not block.complete:
        return None
    wishes = NotificationTarget(
        name=entry.key,
        kind=TargetKind.APPRISE,
        apprise=_place(block, "apprise"),
        language=block["language"],
        alarms=block["checkpoints"] != ONLY,
        events=frozenset(event.value for event in block["events"]),
        checkpoints=bool(block["checkpoints"]),
    )
    if block["mqtt"] is not None:
        where = block["mqtt"]
        return replace(
            wishes,
            kind=TargetKind.MQTT,
            host=where.host,
            port=where.port,
            topic=block["topic"],
        )
    if block["webhook"] is None:
        return wishes
    return replace(
        wishes,
        kind=TargetKind.WEBHOOK,
        url=block["webhook"],
        token=_place(block, "token"),
        token_header=block["token_header"],
        headers=tuple((each.key, _place_of(each.value)) for each in block["headers"]),
        signing_secret=_place(block, "signing_secret"),
        ca_file=block["ca_file"],
    )


def _refuse_two_places(block: Block, problems: Problems) -> None:
    """Note a secret that is said to stand in two places, and a header's that stands in none."""
    for secret, several in TWO_PLACES.items():
        file, env = f"{secret}_file", f"{secret}_env"
        if file in block and env in block:
            problems.add(
                block.place_of(env), several, sentence("{file} or {env}", file=file, env=env)
            )
    for header in block["headers"] or ():
        if header.value is not None and ("file" in header.value) == ("env" in header.value):
            found = sentence(
                "header {key} has {value}",
                key=header.key,
                value=sentence("two places") if "file" in header.value else sentence("none"),
            )
            problems.add(header.value.place, found, SECRET_PLACE.expected)


def _refuse_without_webhook(block: Block, problems: Problems) -> None:
    if "webhook" in block:
        return
    for key in (each for each in OF_WEBHOOKS if each in block):
        what = "a token" if key.startswith("token") else key
        problems.add(block.place_of(key), what, sentence("{what} only beside a webhook", what=what))


def _refuse_headers(block: Block, problems: Problems) -> None:
    """Note a header that we say ourselves, and one that is asked for twice."""
    has_token = "token_file" in block or "token_env" in block
    if "token_header" in block and not has_token:
        found = "a token's header without a token"
        problems.add(block.place_of("token_header"), found, "token_file or token_env beside it")
    is_signed = "signing_secret_file" in block or "signing_secret_env" in block
    ours = ADDED_BY_US | (SIGNED_HEADERS if is_signed else frozenset())
    taken: set[str] = set()
    if has_token:
        token_header = (block["token_header"] or "Authorization").lower()
        taken.add(token_header)
        if token_header in SIGNED_HEADERS & ours:
            _add_ours(block.place_of("token_header"), token_header, problems)
    for header in block["headers"] or ():
        name = header.key.lower()
        if name in ours:
            _add_ours(header.place, header.key, problems)
        elif name in taken:
            problems.add(
                header.place, sentence("the header {key} twice", key=header.key), "each header once"
            )
        taken.add(name)


def _add_ours(place: SourcePosition, name: str, problems: Problems) -> None:
    problems.add(
        place, sentence("the header {name}", name=name), "another header", "that one is ours"
    )


def _refuse_needless_ca_file(block: Block, problems: Problems) -> None:
    """Note certificates beside an address that uses none: nothing would be checked by them."""
    if "ca_file" in block and (block["webhook"] or "https:").lower().startswith("http:"):
        problems.add(block.place_of("ca_file"), "a ca_file", "a webhook beginning with https://")


def _refuse_events_beside_only(block: Block, problems: Problems) -> None:
    """Note events that a receiver without alarms would wait for in vain."""
    if block["checkpoints"] == ONLY and "events" in block:
        hint = "left out, events are all of them"
        problems.add(
            block.place_of("events"), "events beside checkpoints: only", "checkpoints: true", hint
        )


def _place(block: Block, secret: str) -> SecretPlace | None:
    file, env = block[f"{secret}_file"], block[f"{secret}_env"]
    return None if file is None and env is None else SecretPlace(file=file, env=env)


def _place_of(block: Block) -> SecretPlace:
    return SecretPlace(file=block["file"], env=block["env"])
