"""The files of a step as an executor first sees them: whole where they are short, else by what the step speaks of."""

from coderoute.domain.excerpts import outline, spoken_of
from coderoute.domain.lines import lines_of
from coderoute.domain.plan import Step
from coderoute.lookups import numbered
from coderoute.ports import Repository

WHOLE_FILE_LINES = 300
TOTAL_CHARS = 36_000
MAX_DEFINITIONS = 6
MAX_SYMBOLS = 80


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
        body = numbered(text) if lines <= WHOLE_FILE_LINES else parts_of(text, f"{step.title}\n{step.instructions}")
        if len(body) > left:
            body = "(use read_file)"
        parts.append(f"{path} ({lines} lines):\n{body}")
        left -= len(body)
    return "\n\n".join(parts) or "(none declared: find them)"


def parts_of(text: str, words: str) -> str:
    """The definitions that `words` name; where they name none, an outline."""
    spans = spoken_of(text, words, limit=MAX_DEFINITIONS)
    if not spans:
        return f"definitions:\n{outline(text, limit=MAX_SYMBOLS)}"
    return "the parts the step speaks of:\n" + "\n   ...\n".join(numbered(text, first, last) for first, last in spans)
