"""The one way in which queries say something: a code and its values, for the edge to word (D17).

Values may be instants, durations, numbers, `Text`s and other messages: the edge knows how each is
said in a language and in the plant's time zone.
"""

from redrabbit.base.messages import Message


def say(code: str, /, **params: object) -> Message:
    """Return the message of this code."""
    return Message(code, params)
