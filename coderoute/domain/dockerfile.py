"""What a Dockerfile needs and asks, read without building it: its base images, its arguments, what we refuse in it."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

VARIABLE = re.compile(r"\$(?:\{(\w+)(?::-([^${}]*))?\}|(\w+))")
NAMES_ITS_FILE_PLAINLY = re.compile(r"[^:@$'\"\\]+")
"""No address, and nothing that the builder would still expand or unquote into one."""
CONTINUES = re.compile(r"\\[ \t]*$")

READ_DIFFERENTLY = (
    (re.compile(r"[^\S\r\n\t ]|[\x00-\x08\x0e-\x1f\x7f]|\r(?!\n)"), "it has control characters or foreign spaces"),
    (re.compile(r"^[ \t]*#[ \t]*escape[ \t]*=", re.MULTILINE | re.IGNORECASE), "it sets an escape character"),
    (re.compile(r"^.*<<-?[ \t]*[\"']?[A-Za-z_]", re.MULTILINE), "it has a here-document"),
)
"""What one builder takes for one instruction and another for two: then nobody can tell what was agreed to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction with its continuation lines joined. `word` is upper case; ONBUILD is taken off."""

    word: str
    rest: str


def instructions(text: str) -> tuple[Instruction, ...]:
    found: list[Instruction] = []
    for line in logical_lines(text.removeprefix("\ufeff")):
        word, rest = split(line)
        if word == "ONBUILD":
            word, rest = split(rest)
        found.append(Instruction(word=word, rest=rest))
    return tuple(found)


def logical_lines(text: str) -> Iterator[str]:
    waiting = ""
    for line in text.split("\n"):
        line = line.rstrip("\r")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if CONTINUES.search(line):
            waiting += CONTINUES.sub("", line)
            continue
        yield (waiting + line).strip()
        waiting = ""
    if waiting.strip():
        yield waiting.strip()


def split(line: str) -> tuple[str, str]:
    word, rest = (*line.split(None, 1), "")[:2]
    return word.upper(), rest.strip()


def declared(found: Sequence[Instruction]) -> frozenset[str]:
    """The build arguments that are declared anywhere: their values end up in the image's history."""
    return frozenset(
        word.partition("=")[0] for each in found if each.word == "ARG" for word in each.rest.split() if word[0] != "="
    )


def bases(found: Sequence[Instruction], arguments: Mapping[str, str]) -> tuple[str, ...]:
    """The images that are taken from elsewhere, in the order they are first named.

    Raises:
        ValueError: a name cannot be known before the build.
    """
    known: dict[str, str] = {}
    stages = {"scratch"}
    wanted: dict[str, None] = {}
    first = next((number for number, each in enumerate(found) if each.word == "FROM"), len(found))
    for number, each in enumerate(found):
        words = [word for word in each.rest.split() if not word.startswith("--")]
        if each.word == "ARG" and number < first:
            for word in words:
                name, given, default = word.partition("=")
                if given or name in arguments:
                    known[name] = arguments.get(name, default.strip("\"'"))
        elif each.word == "FROM" and words:
            image = VARIABLE.sub(partial(value_of, known), words[0])
            if "$" in image:
                raise ValueError(f"FROM {words[0]} cannot be known before the build")
            if image.lower() not in stages:
                wanted[image] = None
            stages |= {words[2].lower()} if len(words) > 2 else set()
    return tuple(wanted)


def value_of(known: Mapping[str, str], match: re.Match[str]) -> str:
    name, default = match[1] or match[3], match[2]
    value = known.get(name) or default
    if not value:
        raise ValueError(f"FROM uses ${name}, which has no value there")
    return value


def why_not(text: str) -> str | None:
    """What keeps a Dockerfile from being built, None if nothing does."""
    unclear = next((problem for pattern, problem in READ_DIFFERENTLY if pattern.search(text)), None)
    if unclear is not None:
        return f"{unclear}, so that what is built of it may differ from what is read"
    return refused(instructions(text))


def refused(found: Sequence[Instruction]) -> str | None:
    """What may not be done, None if nothing stands against it.

    The engine itself fetches what ADD names by its address, with the network of the host and not of a container.
    """
    for each in found:
        if each.word == "ADD" and not all(NAMES_ITS_FILE_PLAINLY.fullmatch(source) for source in sources_of(each.rest)):
            return f"ADD {each.rest}: ADD may only name files of the repository, without address, quotes and variables"
    return None


def sources_of(rest: str) -> Sequence[str]:
    words = [word for word in rest.split() if not word.startswith("--")]
    try:
        listed = json.loads(" ".join(words))
    except ValueError:
        return words[:-1]
    return [str(entry) for entry in listed[:-1]] if isinstance(listed, list) else words[:-1]
