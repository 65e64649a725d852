"""The keys of this process: one object has them, the environment and whatever it starts have not.

A key variable is taken out of the environment when a command begins and put back when it has ended; what reads the
environment in between sees that the variable is set, and not its value.
"""

import os
import re
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coderoute.domain.redaction import Redactor

OURS = frozenset({
    "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN", "OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENROUTER_API_KEY",
    "GITHUB_TOKEN", "GH_TOKEN", "GITHUB_ENTERPRISE_TOKEN", "GH_ENTERPRISE_TOKEN",
    "ACTIONS_RUNTIME_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_TOKEN",
})  # fmt: skip
"""Taken out of the environment. Others stay, since programs of the user's may need them (a Docker credential helper
needs its cloud's), but their values are redacted all the same."""

SECRET_NAME = re.compile(
    r"(?:^|_)(?:\w*KEY|TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|CREDENTIALS?)(?:$|_)", re.IGNORECASE
)
USER_INFO = re.compile(r"\w://(?P<user>[^/\s:@]*)(?::(?P<password>[^/\s@]*))?@")
_WORD = r"(?:[A-Z]?[a-z]{1,15}|[A-Z]{1,15})"
WORDING = re.compile(rf"{_WORD}(?:[-_ .]{_WORD})*[-_]?[0-9]{{0,3}}")
MAX_WORDING_CHARS = 20
HIDDEN = "***"
"""Stands for a key's value where only its being set matters."""


class Keys:
    """The secrets of an environment, by variable. It never prints one.

    `source` is the environment to take keys from; with `remove` those of ours are gone from it.
    """

    def __init__(self, source: MutableMapping[str, str] | Mapping[str, str], *, remove: bool = False) -> None:
        self._source = source if remove and isinstance(source, MutableMapping) else None
        self._values: dict[str, str] = {}
        self._others: dict[str, str] = {}
        self._redactor: Redactor | None = None
        self._environ = dict(source)
        for name, value in self._environ.copy().items():
            if name in OURS:
                self.hold(name)
            elif SECRET_NAME.search(name) and looks_random(value):
                self._others[name] = value
            else:
                self._others.update(in_urls(name, value))

    def __repr__(self) -> str:
        return f"Keys({', '.join(sorted(self._values))})"

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment, with HIDDEN for each key's value."""
        return self._environ

    @property
    def known(self) -> frozenset[str]:
        """Every value that must not be written anywhere."""
        return frozenset(self._secrets().values())

    def _secrets(self) -> dict[str, str]:
        """Name -> value of what is a key by its looks too: `EMPTY` and `not-needed`, which servers without keys are
        given, are words of every text."""
        from coderoute.domain.redaction import MIN_CHARS

        values = {name: value.strip() for name, value in {**self._others, **self._values}.items()}
        return {name: value for name, value in values.items() if len(value) >= MIN_CHARS and not is_wording(value)}

    def hold(self, name: str) -> str:
        """The key in the variable `name`, empty where there is none; from now on it is held like the others."""
        if name not in self._values and self._environ.get(name):
            self._values[name] = self._environ[name]
            self._environ[name] = HIDDEN
            self._redactor = None
            if self._source is not None:
                self._source.pop(name, None)
        return self._values.get(name, "")

    def take_in(self, name: str, value: str) -> str:
        """Hold a key that stood in no variable (a program printed it); `name` is what texts without it will say."""
        if self._others.get(name) != value:
            self._others[name] = value
            self._redactor = None
        return value

    def redacted(self, text: str) -> str:
        """`text` without any key, in whichever form."""
        redactor = self._made_redactor()
        return text if redactor is None else redactor(text)

    def unfinished(self, text: str) -> int:
        """How many characters at the end of `text` may be the beginning of a key."""
        redactor = self._made_redactor()
        return 0 if redactor is None else redactor.unfinished(text)

    def _made_redactor(self) -> "Redactor | None":
        """None without any key: most commands need not even import it."""
        if self._redactor is None and (self._values or self._others):
            from coderoute.domain.redaction import Redactor

            self._redactor = Redactor(self._secrets())
        return self._redactor

    @property
    def taken(self) -> Mapping[str, str]:
        """The variables that are gone from the environment, with their values."""
        return {} if self._source is None else dict(self._values)

    def give_back(self) -> None:
        """Put what was taken back into the environment it was taken from."""
        if self._source is not None:
            for name, value in self._values.items():
                self._source.setdefault(name, value)


def looks_random(value: str) -> bool:
    """Whether a value may be a secret, by its looks: `development` and a path are none."""
    if value.startswith("-----BEGIN"):
        return True
    if re.search(r"\s", value) or value.startswith(("/", "~", ".")) or "://" in value:
        return False
    return len(set(value)) >= 8 and (len(value) >= 20 or (len(value) >= 12 and any(c.isdigit() for c in value)))


def is_wording(value: str) -> bool:
    """Whether a value is words and perhaps a number (`postgres`, `password123`), which stand in ordinary text."""
    return len(value) <= MAX_WORDING_CHARS and WORDING.fullmatch(value) is not None


def in_urls(name: str, value: str) -> Iterator[tuple[str, str]]:
    """(name, secret) for each password in the URLs of a variable, and for a user's name that is a token."""
    for number, url in enumerate(USER_INFO.finditer(value), 1):
        from urllib.parse import unquote  # most environments have no such address, and it takes milliseconds

        user, password = unquote(url["user"]), unquote(url["password"] or "")
        for what, secret in (("password", password), ("user", user if looks_random(user) else "")):
            if secret:
                yield f"{what} {number} in {name}", secret


_held: list[Keys] = []
"""Of the process, as its environment is: a thread that a command starts has the same."""


def held() -> Keys:
    """The keys of the command that runs; outside of one those of the environment as it is now, which keeps them."""
    return _held[-1] if _held else Keys(os.environ)


@contextmanager
def holding(source: MutableMapping[str, str]) -> Iterator[Keys]:
    """The keys of `source`, held for the block and out of `source` meanwhile."""
    keys = Keys(source, remove=True)
    _held.append(keys)
    try:
        yield keys
    finally:
        _held.remove(keys)
        keys.give_back()
