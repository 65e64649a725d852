"""Characters that a model is shown spelled out (`<U+200B>`), and gets back into the file as they were."""

import re

SPELLED = re.compile(r"<U\+(10[0-9A-F]{4}|[0-9A-F]{4,5})>")


def as_meant(text: str, shown: str) -> str:
    """`text` with each `<U+200B>` that `shown` has too as the character: invisible ones are spelled out to a model."""
    codes = set(SPELLED.findall(shown))
    return SPELLED.sub(lambda found: chr(int(found[1], 16)) if found[1] in codes else found[0], text)


def restored(content: str, before: str) -> str:
    """A file's new text, with the invisible characters of the old one that a model could only copy spelled out."""
    shown = "".join(found[0] for found in SPELLED.finditer(content) if chr(int(found[1], 16)) in before)
    return (
        content if not shown or any(code[0] in before for code in SPELLED.finditer(shown)) else as_meant(content, shown)
    )
