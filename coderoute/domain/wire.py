"""What every model provider's wire has in common: tags as headers, text fit for UTF-8, arguments, believable usage."""

import json
from collections.abc import Mapping
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import quote, urlsplit

from coderoute.domain.conversation import CallTags, JsonObject, ModelReply, Stop, Usage
from coderoute.errors import ConfigurationError

NO_OUTPUT = "(no output)"
NOT_EXECUTED = "This call was not executed."
GO_ON = "Go on."
"""Said for a caller who had nothing to say: no provider takes a conversation that ends with the model's own words."""

INVALID_JSON = "INVALID_JSON"
"""The one key of the object that stands for arguments which were no JSON object, here and in Anthropic's API."""


def tag_headers(tags: CallTags) -> dict[str, str]:
    """The four pinned X-Coderoute-* headers. What a header cannot hold is percent-encoded."""
    values = {"Run": tags.run, "Stage": tags.stage, "Step": tags.step, "Attempt": str(tags.attempt)}
    return {f"X-Coderoute-{name}": quote(value, safe=" !#$&'()*+,/:;=?@[]") for name, value in values.items()}


def cache_key(tags: CallTags) -> str:
    """The same for all requests of one step of one run (or of a stage without steps), for a provider that keeps
    prefixes where such a key leads. Their number is below what one place can bear."""
    return sha256(json.dumps([tags.run, tags.stage, tags.step]).encode()).hexdigest()[:32]


def endpoint_error(url: str) -> ConfigurationError | None:
    """Why `url` may not be given a key: only https, or http on this machine."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "https" or (parts.scheme == "http" and is_this_machine(host)):
        return None
    return ConfigurationError(
        f"the model endpoint {parts.scheme}://{host} would carry the key unencrypted",
        remedy="use an https address, or http on this machine (127.0.0.1), as base_url",
    )


def is_this_machine(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def key_error(key: str, variable: str) -> ConfigurationError | None:
    """Why `key` cannot be sent in a header. The key itself is never in the message."""
    if key and key.isascii() and key.isprintable() and " " not in key:
        return None
    return ConfigurationError(
        f"the key in {variable} is empty or holds characters that no key has", remedy=f"set {variable} again"
    )


def well_formed(value: object) -> object:
    """`value` (text, lists and objects of it) with lone surrogates replaced: they cannot be sent, stored or shown."""
    match value:
        case str():
            return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        case list():
            return [well_formed(item) for item in value]
        case dict():
            return {str(well_formed(key)): well_formed(item) for key, item in value.items()}
        case _:
            return value


def json_object(text: str | bytes, *, by_model: bool = False) -> JsonObject | None:
    """The JSON object in `text`, None if it is anything else. `by_model`: line breaks and tabs may stand in its strings
    as they are, since what is meant by them is plain."""
    try:
        value = json.loads(text, strict=not by_model)
    except (ValueError, RecursionError):
        return None
    return {str(key): item for key, item in value.items()} if isinstance(value, dict) else None


def arguments_object(value: object, schema: JsonObject | None) -> JsonObject | None:
    """A tool call's arguments as its own schema means them; None if `value` is no JSON object.

    A strict schema makes a provider say null for an optional argument that is absent; here it is absent again, at
    every depth. A null that the tool's schema requires stays.
    """
    if not isinstance(value, dict) or set(value) == {INVALID_JSON}:
        return None
    return {str(key): item for key, item in _without_nulls(value, schema or {}).items()}


def _without_nulls(value: dict[str, object], schema: Mapping[str, object]) -> dict[str, object]:
    properties, required = schema.get("properties"), schema.get("required")
    known = properties if isinstance(properties, dict) else {}
    needed = required if isinstance(required, list | tuple) else ()
    return {
        key: _pruned(item, known.get(key))
        for key, item in value.items()
        if item is not None or key in needed or key not in known
    }


def _pruned(value: object, schema: object) -> object:
    if not isinstance(schema, dict):
        return value
    branches = schema.get("anyOf")
    if isinstance(branches, list):
        wanted = "properties" if isinstance(value, dict) else "items"
        return _pruned(value, next((b for b in branches if isinstance(b, dict) and wanted in b), None))
    if isinstance(value, dict):
        return _without_nulls(value, schema)
    if isinstance(value, list):
        return [_pruned(item, schema.get("items")) for item in value]
    return value


def at(value: object, *path: str) -> object:
    """What is found along `path` of keys in nested objects, None if it ends early."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def counts(*values: object) -> tuple[int, ...] | None:
    """Token counts as a provider reports them (absent or null is 0); None if one of them is no count at all."""
    found = [0 if value is None else value for value in values]
    whole = [value for value in found if isinstance(value, int) and not isinstance(value, bool) and value >= 0]
    return tuple(whole) if len(whole) == len(found) else None


def context_full() -> ModelReply:
    """The reply that a refused, because too long, conversation stands for.

    Nothing was generated or billed, and the caller meets the same end when the model itself runs out of room.
    """
    free = Usage(input_tokens=0, output_tokens=0)
    return ModelReply(text="", tool_calls=(), stop=Stop.CONTEXT_FULL, usage=free)


def believable(usage: Usage, *, max_output_tokens: int) -> Usage | None:
    """`usage`, or None if it cannot be true: it would make a wrong bill, and a wrong bill is worse than an estimate."""
    consistent = (
        usage.input_tokens > 0
        and usage.cached_input_tokens + usage.cache_write_tokens <= usage.input_tokens
        and usage.cache_write_1h_tokens <= usage.cache_write_tokens
        and usage.reasoning_tokens <= usage.output_tokens <= 2 * max(max_output_tokens, 1024)
    )
    return usage if consistent else None
