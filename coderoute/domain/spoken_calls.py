"""Tool calls that a model wrote into its text instead of making them."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from coderoute.domain.conversation import JsonObject, Tool
from coderoute.domain.wire import json_object

THOUGHT = re.compile(r"\A\s*<(think|thinking)>.*?</\1>\s*", re.DOTALL)
"""Reasoning that a server left in the text."""
OPENED, CLOSED = re.compile(r"<(?:tool_call|function_call)>"), re.compile(r"</(?:tool_call|function_call)>")
FENCED = re.compile(r"```\w*[ \t]*\n(.*?)\n[ \t]*```", re.DOTALL)
MARKER = re.compile(r"\A(?:\[TOOL_CALLS\]|<\|python_tag\|>)\s*")
NAMES, ARGUMENTS = ("name", "tool", "function"), ("arguments", "parameters", "args", "input")

Spoken = tuple[str, JsonObject]
"""A tool's name and arguments that fit its schema."""


def spoken_calls(text: str, tools: Sequence[Tool]) -> tuple[str, tuple[Spoken, ...]]:
    """(the text without them, the calls); no call where it is not certain what was meant.

    Read are blocks between `<tool_call>` tags, a text that is JSON as a whole, and a single block of code at its end.
    Each must name an offered tool whose schema its arguments fit, or be arguments that fit exactly one.
    """
    words, written, may_be_bare = _candidates(text.strip())
    calls = [call for value in written for call in _meant(value, tools, may_be_bare=may_be_bare)]
    return (words, tuple(calls)) if calls and len(calls) == len(written) else (text, ())


def _candidates(text: str) -> tuple[str, list[object], bool]:
    """(words around, JSON values, whether a value may be arguments alone)."""
    before, *tagged = OPENED.split(text)
    if tagged:
        blocks = [[*CLOSED.split(piece, maxsplit=1), ""][:2] for piece in tagged]  # the last may lack its end
        words = "\n".join(part for part in (before.strip(), *(after.strip() for _, after in blocks)) if part)
        return words, [json_object(block, by_model=True) for block, _ in blocks], True
    whole = _json(MARKER.sub("", text))
    if whole is not None:
        return "", whole if isinstance(whole, list) else [whole], True
    fenced = list(FENCED.finditer(text))
    if len(fenced) != 1 or fenced[0].end() != len(text):
        return text, [], False
    words = text[: fenced[0].start()].strip()
    return words, [_json(fenced[0].group(1))], not words


def _meant(value: object, tools: Sequence[Tool], *, may_be_bare: bool) -> Iterator[Spoken]:
    """The one call that `value` can mean, if there is one."""
    if not isinstance(value, dict):
        return
    inner = value.get("function")
    if isinstance(inner, dict):
        value = inner
    name = next((value[key] for key in NAMES if isinstance(value.get(key), str)), None)
    given = next((value[key] for key in ARGUMENTS if key in value), None)
    if isinstance(given, str):
        given = json_object(given, by_model=True)
    named = [tool for tool in tools if tool.name == name and isinstance(given, dict) and fits(given, tool.schema)]
    if named and isinstance(given, dict):
        yield named[0].name, given
    elif may_be_bare and value:
        fitting = [tool for tool in tools if fits(value, tool.schema)]
        if len(fitting) == 1:
            yield fitting[0].name, value


def fits(value: object, schema: Mapping[str, object]) -> bool:
    """Whether `value` is what `schema` describes, of the keywords that our tools use. Null stands for an absent
    optional property; a property that is not described does not fit."""
    branches, options, kind = schema.get("anyOf"), schema.get("enum"), schema.get("type")
    if isinstance(branches, list) and not any(isinstance(b, dict) and fits(value, b) for b in branches):
        return False
    if isinstance(options, list) and value not in options:
        return False
    kinds = [kind] if isinstance(kind, str) else kind
    if isinstance(kinds, list) and not any(_is(value, one) for one in kinds):
        return False
    if isinstance(value, dict):
        return _object_fits(value, schema)
    items = schema.get("items")
    return not (isinstance(value, list) and isinstance(items, dict)) or all(fits(item, items) for item in value)


def _object_fits(value: dict[str, object], schema: Mapping[str, object]) -> bool:
    properties, required = schema.get("properties"), schema.get("required")
    if not isinstance(properties, dict):
        return True
    needed = required if isinstance(required, list | tuple) else ()
    return all(name in value for name in needed) and all(
        name in properties and ((item is None and name not in needed) or fits(item, properties[name]))
        for name, item in value.items()
    )


def _is(value: object, kind: object) -> bool:
    match kind:
        case "object":
            return isinstance(value, dict)
        case "array":
            return isinstance(value, list)
        case "string":
            return isinstance(value, str)
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "number":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "null":
            return value is None
        case _:
            return False


def _json(text: str) -> object:
    try:
        value: object = json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None
    return value
