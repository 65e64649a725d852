"""Examples in documents, which doctest may run: no other rule takes a document for a test."""

from collections import Counter

from coderoute.domain.visible import one_line
from coderoute.domain.weakening import Weakening

MAX_BYTES = 1_000_000
MAX_TOLD = 3
MAX_SHOWN = 100
DOCUMENTS = ("rst", "txt", "md")


def weakened_examples(path: str, old: bytes, new: bytes) -> tuple[Weakening, ...]:
    """The examples of a document that went, or promise another output now; none where it is no document."""
    if path.rpartition(".")[2].lower() not in DOCUMENTS or max(len(old), len(new)) > MAX_BYTES or b">>>" not in old:
        return ()
    before, after = (_examples(side.decode("utf-8", "replace")) for side in (old, new))
    gone, came = (list((one - other).elements()) for one, other in ((before, after), (after, before)))
    if not gone:
        return ()
    became = f"; now there are {_some(came)}" if came else ""
    return (Weakening(rule="tests.weakened", line=None, detail=f"examples changed or removed: {_some(gone)}{became}"),)


def _examples(text: str) -> Counter[str]:
    """What is typed, with what comes of it."""
    if ">>>" not in text:
        return Counter()
    import doctest  # it takes longer to import than all modules of ours, and few changes need it

    try:
        parsed = doctest.DocTestParser().get_examples(text)
    except ValueError:  # no room behind the prompt, or uneven indentation
        return Counter(line.strip() for line in text.splitlines() if line.strip().startswith(">>>"))
    pairs = ((one.source.strip(), one.want.strip()) for one in parsed)
    return Counter(f"{source} -> {want}" if want else source for source, want in pairs)


def _some(texts: list[str]) -> str:
    more = f" and {len(texts) - MAX_TOLD} more" if len(texts) > MAX_TOLD else ""
    return ", ".join(f"`{one_line(text, MAX_SHOWN)}`" for text in texts[:MAX_TOLD]) + more
