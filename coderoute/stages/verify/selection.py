"""Running only some tests: the test command rewritten to name them, where it is a plain call of pytest."""

import re
import shlex
from collections.abc import Collection, Iterable, Sequence

MAX_COMMAND_BYTES = 100_000
"""Linux takes no argument longer than 128 KiB, and the whole command is one argument of `sh -c`."""

_NOT_PLAIN = re.compile(r"[$`\n#~*?{}]")
"""What a shell would expand, quoted or not: such a command is left alone."""

_OPERATOR = re.compile(r"[();<>|&]+")
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_PYTHON = re.compile(r"(.*/)?python[\d.]*")
_WRAPPERS = frozenset({"uv", "poetry", "pdm", "pipenv", "hatch", "rye", "run", "coverage", "env", "xvfb-run"})
_WITHOUT_VALUE = re.compile(
    r"-[qvsxlhV]+|-r\w+|--(quiet|verbose|exitfirst|strict|strict-markers|strict-config|showlocals|lf|ff|nf|sw|pyargs"
    r"|last-failed|failed-first|new-first|stepwise|no-header|no-summary|no-cov|runxfail|full-trace|doctest-modules"
    r"|continue-on-collection-errors|disable-warnings|disable-pytest-warnings|cache-clear|noconftest)"
)


def is_plain_pytest(command: str) -> bool:
    """Whether `command` is one call of pytest, whose exit code is pytest's own and whose arguments we can change."""
    return _split(command) is not None


def narrowed(command: str, ids: Iterable[str]) -> str | None:
    """`command` with the tests it names replaced by `ids`; None if it is no plain call of pytest, or too long then.

    An option whose value could be mistaken for a test keeps it, so more tests than asked for may run.
    """
    parts = _split(command)
    if parts is None:
        return None
    words, arguments = parts
    changed = " ".join((*words, *(shlex.quote(word) for word in (*_options(arguments), *ids))))
    return changed if len(changed.encode("utf-8", "replace")) <= MAX_COMMAND_BYTES else None


def file_of(node_id: str) -> str:
    """The path in a node id."""
    return node_id.partition("::")[0]


def is_chosen(node_id: str, only: Collection[str]) -> bool:
    """Whether `only` asks for `node_id`: by itself, by its function without parameters, by a class or by its file.

    The failed collection of a file or class that holds an asked-for test is asked for too.
    """
    if not only or node_id in only:
        return True
    for wanted in only:
        if node_id.startswith((f"{wanted}::", f"{wanted}/")) or wanted.startswith(f"{node_id}::"):
            return True
        if "[" not in wanted and "::" in wanted and node_id.startswith(f"{wanted}["):
            return True
    return False


def _split(command: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    """(the shell words up to `pytest`, its arguments), None unless that is all there is."""
    if _NOT_PLAIN.search(command):
        return None
    lexer = shlex.shlex(command, posix=True, punctuation_chars=True)
    lexer.whitespace_split = True
    lexer.commenters = ""
    try:
        words = tuple(lexer)
    except ValueError:  # an open quote
        return None
    if any(_OPERATOR.fullmatch(word) for word in words):
        return None
    for position, word in enumerate(words):
        if word.rpartition("/")[2] in ("pytest", "py.test"):
            return tuple(map(_shell_word, words[: position + 1])), words[position + 1 :]
        known = word in _WRAPPERS or word.startswith("-") or _PYTHON.fullmatch(word) or _ASSIGNMENT.match(word)
        if not known:
            return None
    return None


def _shell_word(word: str) -> str:
    if _ASSIGNMENT.match(word):
        name, _, value = word.partition("=")
        return f"{name}={shlex.quote(value)}"
    return shlex.quote(word)


def _options(arguments: Sequence[str]) -> tuple[str, ...]:
    """`arguments` without those that certainly name tests."""
    kept: list[str] = []
    value_follows = False
    for word in arguments:
        if word.startswith("-"):
            kept.append(word)
            value_follows = "=" not in word and not _WITHOUT_VALUE.fullmatch(word)
        elif value_follows:
            kept.append(word)
            value_follows = False
    return tuple(kept)
