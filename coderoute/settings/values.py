"""Checks of single settings: each turns what was written into the value it means, or says what is allowed."""

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A value as TOML understood it. `raw` is its text where it came without quotes: a variable or `-c key=value`."""

    value: object
    raw: str | None = None


class Wrong(Exception):
    """The text completes the sentence "<key> = <value>: ...". With `secret` the value is not shown."""

    def __init__(self, allowed: str, *, secret: bool = False) -> None:
        super().__init__(allowed)
        self.allowed = allowed
        self.secret = secret


Check = Callable[[Written], object]


def text(*, what: str = "text", pattern: str = r"(?s)[^\0]*", secret: bool = False) -> Check:
    """A str that matches `pattern` wholly. What came without quotes is text whatever else it might be."""

    def check(written: Written) -> str:
        value = written.value if isinstance(written.value, str) else written.raw
        if value is None or not re.fullmatch(pattern, value):
            raise Wrong(f"must be {what}", secret=secret)
        return value

    return check


def file_inside(written: Written) -> str:
    """The path of a file, relative to the top of the repository and below it."""
    value = written.value if isinstance(written.value, str) else written.raw
    parts = (value or "").split("/")
    if value is None or not value.isprintable() or "\\" in value or {"", ".", "..", ".git"} & set(parts):
        raise Wrong("must be the path of a file in the repository, such as docker/Dockerfile")
    return value


def choice(*allowed: str) -> Check:
    def check(written: Written) -> str:
        if written.value not in allowed:
            raise Wrong(
                f"must be {', '.join(allowed[:-1])} or {allowed[-1]}" if allowed[1:] else f"must be {allowed[0]}"
            )
        return str(written.value)

    return check


def flag(written: Written) -> bool:
    if not isinstance(written.value, bool):
        raise Wrong("must be true or false")
    return written.value


def amount(written: Written) -> Decimal:
    """A Decimal of zero or more, to the last written digit."""
    value = _number(written)
    if value is None or value < 0:
        raise Wrong("must be a number, zero or more")
    return value


def budget(written: Written) -> Decimal:
    value = _number(written)
    if value is None or value <= 0:
        raise Wrong("must be a number above zero")
    return value


def measure(at_most: int) -> Check:
    """A positive float, for what is not money."""

    def check(written: Written) -> float:
        value = _number(written)
        if value is None or not 0 < value <= at_most:
            raise Wrong(f"must be a number above zero, at most {at_most}")
        return float(value)

    return check


def whole(low: int, high: int) -> Check:
    def check(written: Written) -> int:
        value = written.value
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            raise Wrong(f"must be a whole number from {low} to {high}")
        return value

    return check


def texts(written: Written) -> tuple[str, ...]:
    """Some texts, none of them empty."""
    value = written.value
    if not isinstance(value, list) or not all(isinstance(entry, str) and entry.strip() for entry in value):
        raise Wrong('must be a list of texts, such as ["one", "two"]')
    if any("\0" in entry for entry in value):
        raise Wrong("must not hold the character NUL")
    return tuple(value)


def fallbacks(written: Written) -> tuple[str, ...]:
    """Models by `provider:model`, in the order in which they are asked."""
    found = texts(written)
    if not all(re.fullmatch(r"(anthropic|openai):[^\s\0-\x1f\x7f-\x9f]+", name) for name in found):
        raise Wrong('must be a list of models with their provider, such as ["openai:gpt-6.1-sol"]')
    return tuple(dict.fromkeys(found))


def address(written: Written) -> str:
    """The base URL of a model API: nobody in between may read what is sent there."""
    value = written.value
    allowed = "must be an https address (or http on this machine) without user, password, query and fragment"
    if not isinstance(value, str) or not value.isascii() or not value.isprintable() or " " in value:
        raise Wrong(allowed, secret=True)
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise Wrong(allowed, secret=True) from error
    safe = parts.scheme == "https" or (parts.scheme == "http" and _is_loopback(host or ""))
    if not host or not safe or "@" in parts.netloc or "?" in value or "#" in value:
        raise Wrong(allowed, secret=True)
    return value


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _number(written: Written) -> Decimal | None:
    value = written.value
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    number = Decimal(value)
    return number if number.is_finite() else None
