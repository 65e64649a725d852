"""The words sent to models: prompts filled from their files, and foreign text cleaned and fenced beforehand."""

import hashlib
import re
from importlib.resources import files

PLACEHOLDER = re.compile(r"\{\{([a-z][a-z0-9_]*)\}\}")
ISSUE_LIMIT_BYTES = 65_536


def render(package: str, name: str, /, **values: str) -> str:
    """The text of the file `name` of `package` with each `{{word}}` replaced by the value of that name.

    What is inserted is not looked at again, so a value may hold anything.

    Raises:
        ValueError: a value is missing or unused, or the file has a `{{` that starts no placeholder.
    """
    text = files(package).joinpath(name).read_text(encoding="utf-8")
    wanted = set(PLACEHOLDER.findall(text))
    where = f"prompt {name} of {package}"
    if missing := sorted(wanted - values.keys()):
        raise ValueError(f"{where} needs a value for {', '.join(missing)}")
    if unused := sorted(values.keys() - wanted):
        raise ValueError(f"{where} has no place for {', '.join(unused)}")
    if stray := re.search(r"\{\{.{0,20}", PLACEHOLDER.sub("", text)):
        raise ValueError(f"{where} has a malformed placeholder: {stray.group()}")
    return PLACEHOLDER.sub(lambda place: values[place.group(1)], text)


def sha256(package: str, name: str) -> str:
    """Hex digest of the prompt file as it is, so that a result can be traced to the words that made it."""
    return hashlib.sha256(files(package).joinpath(name).read_bytes()).hexdigest()


def fence(label: str, text: str, nonce: str) -> str:
    """`text` between two lines that carry `nonce`, which nothing inside can imitate: it is data, whatever it says.

    `nonce` is at least 8 letters or digits that the author of the text could not know. Its occurrences in `text`
    and `label` are replaced; `label` becomes one line.
    """
    if not re.fullmatch(r"[0-9A-Za-z]{8,}", nonce):
        raise ValueError(f"a nonce has at least 8 letters or digits, this one is {nonce!r}")
    imitation = re.compile(nonce, re.IGNORECASE)
    name = imitation.sub("[removed]", " ".join(label.split()))[:200]
    body = imitation.sub("[removed]", text)
    return f"<<<begin {name} {nonce}>>>\n{body}\n<<<end {name} {nonce}>>>"


_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_INVISIBLE: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("bidirectional control", re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")),
    ("tag character", re.compile("[\U000e0000-\U000e007f]")),
    ("variation selector", re.compile("[\U000e0100-\U000e01ef]|[\ufe00-\ufe0f]{2,}")),
    (
        "invisible character",
        re.compile(
            "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f"
            "\u3164\ufeff\uffa0\ufff9-\ufffb\U0001d173-\U0001d17a]"
        ),
    ),
    ("control character", re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")),
    ("half character", re.compile("[\ud800-\udfff]")),
)
"""What a person does not see on a page and a model reads all the same, by name."""


def clean(text: str, *, limit_bytes: int = ISSUE_LIMIT_BYTES) -> tuple[str, tuple[str, ...]]:
    """`text` as a person would see it, and a description of each kind of thing that was taken out.

    Invisible, bidirectional and control characters go, line ends become `\\n`, HTML comments leave a mark, and what
    is beyond `limit_bytes` of UTF-8 is cut with a mark.
    """
    removed: list[str] = []
    text = _LINE_ENDS.sub("\n", text)
    for name, pattern in _INVISIBLE:
        found = "".join(pattern.findall(text))
        if found:
            points = sorted({f"U+{ord(character):04X}" for character in found})
            more = ", ..." if len(points) > 3 else ""
            removed.append(f"{_count(len(found), name)} ({', '.join(points[:3])}{more})")
            text = pattern.sub("", text)
    text, comments = _without_comments(text)
    if comments:
        removed.append(f"{_count(len(comments), 'HTML comment')} ({_count(sum(map(len, comments)), 'character')})")
    data = text.encode("utf-8")
    if len(data) > limit_bytes:
        left_out = len(data) - limit_bytes
        removed.append(f"the last {left_out} of {len(data)} bytes")
        text = data[:limit_bytes].decode("utf-8", "ignore") + f"\n[cut here: {left_out} bytes left out]\n"
    return text, tuple(removed)


_CODE_BLOCK = r"^(?P<fence>```+|~~~+)[^`\n]*\n(?s:.*?)(?:^ {0,3}(?P=fence)[`~]*[ \t]*$|\Z)"
_COMMENT = r"(?P<comment><!--(?s:.*?)(?:-->|\Z))"
_CODE_OR_COMMENT = re.compile(f"{_CODE_BLOCK}|{_COMMENT}", re.MULTILINE)
_TAG = re.compile(r"<(?!!--)[A-Za-z/!?]")


def _without_comments(text: str) -> tuple[str, list[str]]:
    """`text` with each HTML comment replaced by a mark, and the comments.

    A comment in a fenced code block is seen by readers and stays; but where there are HTML tags besides, a fence
    may be no fence to the page, so comments go everywhere.
    """
    outside_of_code = _CODE_OR_COMMENT.sub("", text)
    pattern = re.compile(_COMMENT) if _TAG.search(outside_of_code) else _CODE_OR_COMMENT
    comments: list[str] = []

    def mark(match: re.Match[str]) -> str:
        comment = match.group("comment")
        if comment is None:
            return match.group()
        comments.append(comment)
        return "[hidden comment removed]"

    return pattern.sub(mark, text), comments


def _count(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
