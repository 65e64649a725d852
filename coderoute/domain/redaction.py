"""Known secrets taken out of text, in every form that programs write them in: plain, base64, URL, JSON, HTML, hex."""

import base64
import html
import json
import re
from collections.abc import Iterator, Mapping
from urllib.parse import quote

from coderoute.domain.secrets import find_secrets

MIN_CHARS = 8
"""A shorter value is no key, and would be found in text that has nothing to do with it."""

MIN_LINE_CHARS = 20
"""Of a key of several lines (PEM), each line this long is a secret of its own: text may come line by line."""

WRAPPED_FROM = 16
HALF = WRAPPED_FROM // 2
"""A form of at least WRAPPED_FROM may be broken into longer lines; then one of its first two halves is whole."""

LINE_BREAK = r"(?:\\r|\r)?(?:\\n|\n)?"
"""As it is, and as JSON writes it."""

MAY_HOLD_A_KEY = re.compile(
    r"sk-|k_live_|gh[pousr]_|github_pat_|glpat-|A[KS]IA|(?i:aws)|xox|xapp-|slack\.com|AIza|GOCSPX|hf_|npm_|pypi-|SG\."
    r"|do[opr]_v1_|AGE-S|eyJ|-----BEGIN"
)
"""What every pattern of `secrets` needs somewhere; most texts have none of it."""


class Redactor:
    """Takes secrets (name -> value) out of text, leaving `[redacted: NAME]`. Never prints a value."""

    def __init__(self, secrets: Mapping[str, str]) -> None:
        found: dict[str, str] = {}
        for name, value in secrets.items():
            for part in parts_of(value):
                for form in forms(part):
                    found.setdefault(form, name)
        self._forms = tuple(sorted(found.items(), key=lambda pair: (-len(pair[0]), pair[0])))
        self._longest = max(map(len, found), default=0)
        self._wrapped = {form: _wrapped(form) for form in found if len(form) >= WRAPPED_FROM and form.isascii()}

    def __repr__(self) -> str:
        return f"Redactor({len(self._forms)} forms)"

    def __call__(self, text: str) -> str:
        for form, name in self._forms:
            pattern = self._wrapped.get(form)
            if pattern is None:
                text = text.replace(form, mark(name)) if form in text else text
            elif form[:HALF] in text or form[HALF:WRAPPED_FROM] in text:
                text = pattern.sub(mark(name), text)
        return text

    def found_in(self, text: str) -> frozenset[str]:
        """The forms of the secrets that stand in `text`; as secret as they are."""
        return frozenset(form for form, _ in self._forms if self._stands_in(form, text))

    def unfinished(self, text: str) -> int:
        """How many characters at the end of `text` may be the beginning of a secret, broken into lines or not."""
        tail = text[-2 * self._longest :]
        places = [at for at, character in enumerate(tail) if character not in "\r\n"]
        plain = "".join(tail[at] for at in places)
        longest = max((_overlap(plain, form) for form, _ in self._forms), default=0)
        return len(tail) - places[-longest] if longest else 0

    def _stands_in(self, form: str, text: str) -> bool:
        pattern = self._wrapped.get(form)
        if pattern is None or form in text:
            return form in text
        half_there = form[:HALF] in text or form[HALF:WRAPPED_FROM] in text
        return half_there and pattern.search(text) is not None


def _overlap(text: str, form: str) -> int:
    """The length of the longest beginning of `form`, short of the whole, that `text` ends with."""
    at = text.find(form[0], max(len(text) - len(form) + 1, 0))
    while at >= 0:
        if form.startswith(text[at:]):
            return len(text) - at
        at = text.find(form[0], at + 1)
    return 0


def mark(name: str) -> str:
    return f"[redacted: {name}]"


def parts_of(value: str) -> Iterator[str]:
    """The value, and its long lines where it has several."""
    value = value.strip()
    if len(value) >= MIN_CHARS:
        yield value
        lines = [line.strip() for line in value.splitlines()]
        if len(lines) > 1:
            yield from (line for line in lines if len(line) >= MIN_LINE_CHARS and not line.startswith("-----"))


def forms(value: str) -> frozenset[str]:
    """`value` as it stands in text, JSON, HTML, a URL, hex digits, and inside any base64."""
    data = value.encode("utf-8", "surrogatepass")
    found = {value, json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    found |= {repr(value)[1:-1], html.escape(value)}
    in_url = quote(data, safe="")
    found |= {in_url, quote(data), re.sub("%[0-9A-F]{2}", lambda code: code.group().lower(), in_url)}
    found |= {data.hex(), data.hex().upper()}
    found |= {core for altchars in (b"+/", b"-_") for core in _base64_cores(data, altchars)}
    return frozenset(form for form in found if len(form) >= MIN_CHARS)


def _base64_cores(data: bytes, altchars: bytes) -> Iterator[str]:
    """What base64 of any text with `data` in it must contain, for each of the three places `data` may begin at."""
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + data, altchars).decode("ascii")
        first = -(-before * 8 // 6)  # the characters that depend on what stands before
        last = (before + len(data)) * 8 // 6  # those behind depend on what follows
        yield encoded[first:last]


def _wrapped(form: str) -> re.Pattern[str]:
    return re.compile(LINE_BREAK.join(map(re.escape, form)))


def without_likely_keys(text: str) -> str:
    """`text` without what looks like anybody's key: a model has no use for one."""
    if not MAY_HOLD_A_KEY.search(text):
        return text
    found = sorted(find_secrets(text), key=lambda secret: (secret.start, -secret.end))
    parts: list[str] = []
    at = 0
    for secret in found:
        if secret.start >= at:
            parts += [text[at : secret.start], mark(secret.kind)]
            at = secret.end
    return "".join([*parts, text[at:]])
