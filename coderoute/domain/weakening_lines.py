"""Weakened tests by their lines: for languages we do not parse, and for Python that does not parse."""

import re
from collections import Counter
from dataclasses import dataclass

from coderoute.domain.visible import one_line

MAX_LINE_CHARS = 2_000
"""Of a longer line only the beginning is looked at: no test is written that far to the right."""

MAX_SHOWN = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Weakening:
    """One thing a change took from the tests. `rule` is `tests.removed` or `tests.weakened`; `line` counts in the new
    file, None where nothing stands in the place of what was."""

    rule: str
    line: int | None
    detail: str


def weakened_lines(old: str, new: str) -> tuple[Weakening, ...]:
    """Tests and assertions whose lines are gone, and lines that skip or assert nothing which are new."""
    before = Counter(line.strip()[:MAX_LINE_CHARS] for line in old.splitlines())
    after = [line.strip()[:MAX_LINE_CHARS] for line in new.splitlines()]
    gone = list((before - Counter(after)).elements())
    found: list[Weakening] = []
    tests = [line for line in gone if _TEST.search(line)]
    if tests:
        found.append(Weakening(rule="tests.removed", line=None, detail=f"tests removed or renamed: {some(tests)}"))
    checks = [line for line in gone if _CHECK.search(line) and line not in tests]
    if checks:
        detail = f"assertions removed or changed: {some(checks)}"
        found.append(Weakening(rule="tests.weakened", line=None, detail=detail))
    for number, line in enumerate(after, start=1):
        if before[line] > 0:
            before[line] -= 1
        elif skipping := _SKIP.search(line):
            detail = f"does not run, or keeps others from running: {one_line(skipping.group(), MAX_SHOWN)}"
            found.append(Weakening(rule="tests.weakened", line=number, detail=detail))
        elif _HOLLOW.search(line):
            detail = f"asserts nothing: {one_line(line, MAX_SHOWN)}"
            found.append(Weakening(rule="tests.weakened", line=number, detail=detail))
    return tuple(found)


def some(texts: list[str], limit: int = 3) -> str:
    """The first few of `texts`, safe to print, and how many more there are."""
    more = f" and {len(texts) - limit} more" if len(texts) > limit else ""
    return ", ".join(f"`{one_line(text, MAX_SHOWN)}`" for text in texts[:limit]) + more


_TEST = re.compile(
    r"""\b(?:it|test|specify|describe|context)(?:\.\w+)*\s*(?:\([^)]{0,200}\)\s*)?[(]?\s*['"`]"""  # JavaScript, Ruby
    r"""|\bfunc\s+(?:\([^)]{0,100}\)\s*)?(?:Test|Fuzz|Example)\w*\(|\bt\.Run\("""  # Go
    r"""|\#\[(?:\w+::)?test\b|\#\[rstest|@(?:Parameterized|Repeated)?Test\b|\[(?:Fact|Theory|Test|TestMethod|TestCase)\b"""
    r"""|\b(?:def|function|fun|fn|void|sub)\s+test\w*|\bTEST(?:_F|_P)?\s*\("""
)
_CHECK = re.compile(
    r"""\bassert\w*\b|\bexpect\w*\s*[(.{]|\bshould\b|\bt\.(?:Error|Fatal|Fail)\w*\(|\brequire\.\w+\("""
    r"""|\b(?:EXPECT|ASSERT|CHECK|REQUIRE)\w*\s*\(|\braises\b|\bverify\("""
)
_SKIP = re.compile(
    r"""\b(?:it|test|describe|context|suite)\.(?:skip\w*|todo|only|failing|fixme)\b"""
    r"""|\b(?:x|f)(?:it|describe|test|context)\s*\(|\bt\.Skip\w*\(|\#\[ignore|\#\[should_panic"""
    r"""|@(?:Disabled|Ignore|Ignored)\b|\[Ignore\b|\bSkip\s*=\s*"|GTEST_SKIP|\bDISABLED_\w+"""
    r"""|\bskip\w*\s*\(|\bmark\.(?:skip|skipif|xfail)\b|\bexpectedFailure\b|\bmarkTestSkipped\b|\bSkipTest\b"""
)
_HOLLOW = re.compile(
    r"""\bassert\w*!?\s*\(?\s*(?:True|true|1)\s*[,)]?\s*;?$|\bexpect\(\s*(?:true|1)\s*\)"""
    r"""|\bassert(?:True|Equals?|_eq!)\s*\(\s*(?:true|True|1)\s*(?:,\s*(?:true|True|1)\s*)?\)"""
)
