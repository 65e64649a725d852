"""Secrets by their looks: the prefixes that providers give their keys, told apart from examples and placeholders.

A provider's prefix is nearly never an accident, so there is no guessing by entropy alone: ordinary code must not fire.
"""

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass

MIN_DIFFERENT_CHARS = 8
"""A random token has more; `xxxxxxxx...` and `AKIA0000...` have fewer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """One match in a text. `kind` names whose key it is; `value` must not reach any message."""

    kind: str
    start: int
    end: int
    value: str

    def __repr__(self) -> str:
        return f"Secret({self.kind})"


def find_secrets(text: str) -> Iterator[Secret]:
    """What in `text` looks like a real key, in no particular order; overlapping kinds are reported once each."""
    for kind, pattern in PATTERNS:
        for found in pattern.finditer(text):
            value = found.group("value")
            if not _is_placeholder(value):
                yield Secret(kind=kind, start=found.start("value"), end=found.end("value"), value=value)


def _key(prefix: str, rest: str) -> re.Pattern[str]:
    """A token that begins with `prefix` and stands on its own."""
    return re.compile(rf"(?<![A-Za-z0-9_-])(?P<value>(?:{prefix}){rest})(?![A-Za-z0-9_-])")


PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("an Anthropic key", _key("sk-ant-", r"[A-Za-z0-9_-]{24,}")),
    ("an OpenAI key", _key("sk-(?:proj|svcacct|admin)-", r"[A-Za-z0-9_-]{24,}")),
    ("an OpenAI key", _key("sk-", r"[A-Za-z0-9]{32,}")),
    ("an OpenRouter key", _key("sk-or-v1-", r"[0-9a-f]{40,}")),
    ("a Stripe key", _key("[sr]k_live_", r"[A-Za-z0-9]{20,}")),
    ("a GitHub token", _key("gh[pousr]_", r"[A-Za-z0-9]{36,}")),
    ("a GitHub token", _key("github_pat_", r"[A-Za-z0-9_]{36,}")),
    ("a GitLab token", _key("glpat-", r"[A-Za-z0-9_-]{20,}")),
    ("an AWS key id", _key("AKIA|ASIA", r"[A-Z0-9]{16}")),
    (
        "an AWS secret key",
        re.compile(r"""(?i)aws.{0,20}secret.{0,20}[=:]\s*["']?(?-i:(?P<value>[A-Za-z0-9/+]{40}))(?![A-Za-z0-9/+=])"""),
    ),
    ("a Slack token", _key("xox[abeoprs]-|xapp-", r"[A-Za-z0-9-]{20,}")),
    ("a Slack webhook", re.compile(r"(?P<value>hooks\.slack\.com/services/T\w{6,}/B\w{6,}/\w{20,})")),
    ("a Google API key", _key("AIza", r"[A-Za-z0-9_-]{35}")),
    ("a Google client secret", _key("GOCSPX-", r"[A-Za-z0-9_-]{28}")),
    ("a Hugging Face token", _key("hf_", r"[A-Za-z0-9]{34,}")),
    ("an npm token", _key("npm_", r"[A-Za-z0-9]{36}")),
    ("a package index token", _key("pypi-AgE", r"[A-Za-z0-9_-]{50,}")),
    ("a SendGrid key", _key(r"SG\.", r"[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}")),
    ("a DigitalOcean token", _key("do[opr]_v1_", r"[0-9a-f]{64}")),
    ("an age key", _key("AGE-SECRET-KEY-1", r"[0-9A-Z]{58}")),
    ("a JSON web token", _key("eyJ", r"[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{16,}")),
    (
        "a private key",
        re.compile(
            r"(?P<value>-----BEGIN (?:[A-Z0-9]+ ){0,3}PRIVATE KEY(?: BLOCK)?-----"
            r"(?:\\[nr]|[\s\"'`,+\\]|[A-Za-z-]+: [^\n]{0,200}\n){0,20}[A-Za-z0-9+/=]{40})"
        ),
    ),
)
"""The body of a private key must follow its first line: code that only knows the marker is no key."""

_PLACEHOLDER = re.compile(
    r"(?i)example|placeholder|redacted|dummy|fake|sample|changeme|your|xxxx|0123456789|1234567890|abcdefgh|test[_-]"
)


def _is_placeholder(value: str) -> bool:
    if _PLACEHOLDER.search(value) or len(set(value)) < MIN_DIFFERENT_CHARS:
        return True
    parts = value.split(".")
    return len(parts) == 3 and value.startswith("eyJ") and bool(_PLACEHOLDER.search(_decoded(parts[1])))


def _decoded(part: str) -> str:
    """The payload of a web token as text; empty when it is none."""
    try:
        return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""
