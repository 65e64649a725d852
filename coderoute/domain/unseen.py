"""Characters that a person does not see on a page and a model reads all the same: found, spelled out, taken out."""

import re
import unicodedata

_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("bidirectional control", re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")),
    ("tag character", re.compile("[\U000e0000-\U000e007f]")),
    # one behind a symbol chooses its picture; behind a letter or another one it can only carry data
    (
        "variation selector",
        re.compile(
            '[\U000e0100-\U000e01ef]|[\ufe00-\ufe0f]{2,}|(?:(?<=[\x00-"$-)+-/:-\x7f])|^)[\ufe00-\ufe0f]', re.MULTILINE
        ),
    ),
    (
        "invisible character",
        re.compile(
            "[\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2060-\u2065\u206a-\u206f"
            "\u2800\u3164\ufeff\uffa0\ufff9-\ufffb\U0001d159\U0001d173-\U0001d17a]"
        ),
    ),
    ("control character", re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f]")),
    ("half character", re.compile("[\ud800-\udfff]")),
    ("private character", re.compile("[\ue000-\uf8ff\U000f0000-\U0010ffff]")),
    (
        "stacked mark",
        re.compile(
            "(?<=[\u0300-\u036f\u0483-\u0489\u20d0-\u20ff\ufe20-\ufe2f]{4})[\u0300-\u036f\u0483-\u0489\u20d0-\u20ff\ufe20-\ufe2f]+"
        ),
    ),
)
"""By name; what one rule takes out, the next does not see."""

_LINE_ENDS = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_NAMED = (
    "ZeroWidthSpace|NegativeThinSpace|NoBreak|zwnj|zwj|lrm|rlm|shy|InvisibleTimes|InvisibleComma|ApplyFunction|it|ic|af"
)
REFERENCE = re.compile(rf"&(?:#(?P<decimal>\d{{1,7}})|#[xX](?P<hex>[0-9A-Fa-f]{{1,6}})|(?P<named>{_NAMED}));")
SAID_CHARS = 200


def without_unseen(text: str) -> tuple[str, tuple[str, ...]]:
    """`text` with one kind of line end and only characters that show themselves, and a description of each kind that
    went, with the message where they spell one."""
    text = _LINE_ENDS.sub("\n", text)
    removed: list[str] = []
    for name, pattern in _KINDS:
        found = "".join(pattern.findall(text))
        if found:
            points = sorted({f"U+{ord(character):04X}" for character in found})
            more = ", ..." if len(points) > 3 else ""
            said = spelled_by(found)
            message = f" that spell: {said[:SAID_CHARS]}" if said else ""
            removed.append(f"{counted(len(found), name)} ({', '.join(points[:3])}{more}){message}")
            text = pattern.sub("", text)
    return text, tuple(removed)


def spelled_by(characters: str) -> str:
    """What tag characters or variation selectors say in letters: the two ways to write unseen; empty without any."""
    letters: list[str] = []
    for character in characters:
        code = ord(character)
        if 0xE0020 <= code <= 0xE007E:
            letters.append(chr(code - 0xE0000))
        elif 0xE0100 <= code <= 0xE01EF:
            letters.append(chr(code - 0xE0100 + 16))
        elif 0xFE00 <= code <= 0xFE0F:
            letters.append(chr(code - 0xFE00))
    said = "".join(letters)
    readable = "".join(letter for letter in said if " " <= letter <= "~")
    return readable if len(readable) >= 3 and len(readable) * 2 > len(said) else ""


def is_unseen_reference(match: re.Match[str]) -> bool:
    """Whether a character reference of HTML (a match of REFERENCE) stands for a character that shows nothing."""
    if match["named"]:
        return True
    code = int(match["decimal"]) if match["decimal"] else int(match["hex"], 16)
    if code > 0x10FFFF:
        return False
    return any(pattern.search(f"a{chr(code)}") for _, pattern in _KINDS) or unicodedata.category(chr(code)) == "Cf"


def counted(number: int, name: str) -> str:
    return f"{number} {name}" if number == 1 else f"{number} {name}s"
