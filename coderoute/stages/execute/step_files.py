"""The files of a step as an executor first sees them: whole where they are short, else by what the step speaks of."""

import re

from coderoute.domain.lines import lines_of
from coderoute.domain.plan import Step
from coderoute.domain.symbols import DEFINITION, outline
from coderoute.lookups import numbered
from coderoute.ports import Repository

WHOLE_FILE_LINES = 300
TOTAL_CHARS = 36_000
MAX_BLOCK_LINES = 120
MAX_BLOCKS = 4

WORD = re.compile(r"[A-Za-z_]\w+")


def step_files(step: Step, tree: str, repository: Repository) -> str:
    """Every file the step declares, with line numbers."""
    parts: list[str] = []
    left = TOTAL_CHARS
    for path in step.files:
        data = repository.read(tree, path)
        if data is None:
            parts.append(f"{path}: does not exist yet")
            continue
        if b"\0" in data[:8192]:
            parts.append(f"{path}: binary, {len(data):,} bytes")
            continue
        text = data.decode("utf-8", "replace")
        lines = len(lines_of(text))
        body = numbered(text) if lines <= WHOLE_FILE_LINES else spoken_of(text, f"{step.title}\n{step.instructions}")
        if len(body) > left:
            body = "(use read_file)"
        parts.append(f"{path} ({lines} lines):\n{body}")
        left -= len(body)
    return "\n\n".join(parts) or "(none declared: find them)"


def spoken_of(text: str, words: str) -> str:
    """An outline of a long file, and the definitions that `words` name."""
    named = set(WORD.findall(words))
    lines = lines_of(text)
    starts = [(number, match.group(1)) for number, line in enumerate(lines, 1) if (match := DEFINITION.match(line))]
    blocks = [numbered(text, number, end_of_block(lines, number)) for number, name in starts if name in named]
    shown = "\n   ...\n".join(blocks[:MAX_BLOCKS])
    return f"definitions:\n{outline(text)}" + (f"\n\nwhat the step speaks of:\n{shown}" if shown else "")


def end_of_block(lines: list[str], start: int) -> int:
    """The last line of the block that begins at line `start` (1-based), by indentation."""
    indent = len(lines[start - 1]) - len(lines[start - 1].lstrip())
    for number in range(start + 1, min(len(lines), start + MAX_BLOCK_LINES) + 1):
        line = lines[number - 1]
        if line.strip() and len(line) - len(line.lstrip()) <= indent and DEFINITION.match(line):
            return number - 1
    return min(len(lines), start + MAX_BLOCK_LINES)
