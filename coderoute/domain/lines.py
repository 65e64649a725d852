"""Lines as git, grep and test runners number them: only a line feed ends one."""


def lines_of(text: str) -> list[str]:
    """The lines of `text` without their ends (`\\n` or `\\r\\n`); form feeds and the like stay inside a line."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    return [line.removesuffix("\r") for line in lines]
