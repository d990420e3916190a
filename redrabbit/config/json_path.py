"""Where something stands in a JSON document: `result.torque`, or a list of steps where a key has a dot or a list is on the way.

path: result.torque
path: [values, 0, v]                        # the first item of a list
path: [values, {id: Line1.OP20.Torque}, v]  # the one item whose `id` is this
path: ["torque.actual"]                     # one key with a dot in it
"""

from redrabbit.config import located_yaml
from redrabbit.config.file_schema import Schema, Shape
from redrabbit.config.located_yaml import Node, Scalar
from redrabbit.config.problem import Problems
from redrabbit.domain.signals import ItemWhere, Path, PathStep

MOST_STEPS = 32


class JsonPath(Shape[Path]):
    """A path as text with dots, or as a list of its steps."""

    expected = (
        "keys into the JSON object, joined by dots, for example result.torque, or a list as "
        "[values, 0, v] or [values, {id: torque}, v]"
    )

    def read(self, node: Node, problems: Problems) -> Path | None:
        """Return the steps."""
        if isinstance(node, Scalar):
            keys = tuple(node.text.split("."))
            if node.value is None or not all(keys):
                hint = "a key between two dots is missing" if node.text else None
                return self.refuse(node, problems, hint)
            return keys
        if not isinstance(node, located_yaml.Sequence) or not 0 < len(node.items) <= MOST_STEPS:
            return self.refuse(node, problems)
        steps = [_step(item) for item in node.items]
        for item, step in zip(node.items, steps, strict=True):
            if step is None:
                self.refuse(item, problems)
        return tuple(step for step in steps if step is not None) if None not in steps else None

    def schema(self) -> Schema:
        """A text, or an array of texts, whole numbers and objects of one key."""
        plain = {"type": ["string", "number", "boolean"]}
        where = {
            "type": "object",
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": plain,
        }
        step = {
            "anyOf": [{"type": "string", "minLength": 1}, {"type": "integer", "minimum": 0}, where]
        }
        listed = {"type": "array", "items": step, "minItems": 1, "maxItems": MOST_STEPS}
        return {"anyOf": [{"type": ["string", "number"], "minLength": 1}, listed]}


def _step(node: Node) -> PathStep | None:
    if isinstance(node, Scalar):
        if isinstance(node.value, int) and not isinstance(node.value, bool):
            return node.value if node.value >= 0 else None
        return node.text if isinstance(node.value, str) and node.text else None
    if isinstance(node, located_yaml.Mapping) and len(node.entries) == 1:
        (key, value) = node.entries[0]
        if isinstance(value, Scalar) and value.value is not None:
            return ItemWhere(key.text, value.value)
    return None


PATH = JsonPath()
