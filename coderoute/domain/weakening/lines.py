"""Weakened tests by their lines: for languages we do not parse, and for Python that does not parse."""

import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence

from coderoute.domain.weakening.finding import Weakening, became, quoted, removed, some, weaker
from coderoute.domain.weakening.statements import Statement, statements

MAX_TOLD = 8
"""Lines of one finding that are told by number."""

MAX_TRIED = 100
"""Assertions that came which are tried as the partner of one that went, and partners that are looked for."""


def weakened_lines(old: str, new: str, path: str, elsewhere: Counter[str] | None = None) -> tuple[Weakening, ...]:
    """Tests and assertions whose lines are gone, and lines that skip or assert nothing which came to old tests.

    `elsewhere`: statements that other test files of the change gained; what moved there is not gone, and is taken out.
    """
    return tuple(_Lines(statements(old, path), statements(new, path), elsewhere).told())


def gained(old: str, new: str, path: str) -> Counter[str]:
    """What a file gained, for `elsewhere` of another one."""
    return Counter(one.text for one in _beyond(statements(new, path), statements(old, path)))


def has_tests(source: str, path: str) -> bool:
    """Whether anything in it looks like a test."""
    return any(_TEST.search(one.text) for one in statements(source, path))


class _Lines:
    """Both sides of a file, told apart by statements."""

    def __init__(self, before: Sequence[Statement], after: Sequence[Statement], elsewhere: Counter[str] | None) -> None:
        self.before = before
        self.after = after
        self.gone = [one for one in _beyond(before, after) if not _taken(elsewhere, one.text)]
        self.came = _beyond(after, before)
        self.before_heads = [one for one in before if _TEST.search(one.text)]
        self.known = {_title(one.text) for one in self.before_heads}
        self.heads = [one for one in after if _TEST.search(one.text)]

    def told(self) -> Iterator[Weakening]:
        lost = self.lost_tests()
        if lost:
            told = ", ".join(f"{quoted(one.shown)} (line {one.line} before)" for one in lost[:MAX_TOLD])
            more = f" and {len(lost) - MAX_TOLD} more" if len(lost) > MAX_TOLD else ""
            yield removed(f"tests removed or renamed: {told}{more}")
        yield from self.lost_checks({one.line for one in lost})
        yield from self.arrivals()

    def lost_tests(self) -> list[Statement]:
        """Without those that still have their title, or the same statements under another one."""
        titles = {_title(one.text) for one in self.heads}
        came = {one.line for one in self.came}
        bodies = Counter(body for line, body in _bodies(self.after) if line in came)
        known = dict(_bodies(self.before))
        lost: list[Statement] = []
        for one in self.gone:
            if not _TEST.search(one.text) or _title(one.text) in titles:
                continue
            if bodies[known[one.line]] > 0:
                bodies[known[one.line]] -= 1
            else:
                lost.append(one)
        return lost

    def lost_checks(self, lost_tests: set[int]) -> Iterator[Weakening]:
        """Those of the tests that are still there."""
        fresh = [one for one in self.came if _CHECK.search(one.text) and not _HOLLOW.search(one.text)]
        renamed = Counter(_untitled(one.text) for one in fresh)
        missing: list[Statement] = []
        paired: list[Statement] = []
        for was in self.gone:
            head = _head_of(was, self.before_heads)
            if not _CHECK.search(was.text) or (head is not None and head.line in lost_tests):
                continue
            if _taken(renamed, _untitled(was.text)):
                continue
            now = self.partner(was, head, fresh[:MAX_TRIED]) if len(paired) < MAX_TRIED else None
            if now is None:
                missing.append(was)
            else:
                fresh.remove(now)
                paired.append(now)
                yield weaker(now.line, f"an assertion changed: {became(was.shown, now.shown)}")
        if missing:
            where = ", ".join(str(one.line) for one in missing[:MAX_TOLD])
            shown = some([one.shown for one in missing])
            yield weaker(None, f"assertions removed or changed: {shown} (line {where} before)")

    def partner(self, was: Statement, head: Statement | None, fresh: Sequence[Statement]) -> Statement | None:
        """The assertion that came in the place of one: about the same, else in the same test."""
        alike = next((one for one in fresh if _subject(one.text) == _subject(was.text)), None)
        if alike is not None or head is None:
            return alike
        title = _title(head.text)
        heads = ((one, _head_of(one, self.heads)) for one in fresh)
        return next((one for one, other in heads if other is not None and _title(other.text) == title), None)

    def arrivals(self) -> Iterator[Weakening]:
        """Statements that weaken by being there."""
        if not self.before:
            return
        for one in self.came:
            if _SKIP.search(one.text):
                if not self.is_in_new_test(one):
                    yield weaker(one.line, f"does not run, or keeps others from running: {quoted(one.shown)}")
            elif _HOLLOW.search(one.text):
                if not self.is_in_new_test(one):
                    yield weaker(one.line, f"asserts nothing: {quoted(one.shown)}")
            elif _STAND_IN.search(one.text) and not self.is_in_new_test(one):
                yield weaker(one.line, f"puts a stand-in in the place of code: {quoted(one.shown)}")

    def is_in_new_test(self, one: Statement) -> bool:
        """Whether the test around it came with this change: then nothing relied on it. `.only` reaches beyond."""
        if _ALONE.search(one.text):
            return False
        head = _head_of(one, self.heads)
        return head is not None and _title(head.text) not in self.known


def _head_of(one: Statement, heads: Sequence[Statement]) -> Statement | None:
    """The last test that begins above a statement or with it."""
    at = bisect_right(heads, one.line, key=lambda head: head.line)
    return heads[at - 1] if at else None


def _bodies(file: Sequence[Statement]) -> Iterator[tuple[int, str]]:
    """The line of each test, and what it consists of but for its title."""
    head, body = 0, [""]
    for one in file:
        if _TEST.search(one.text):
            if head:
                yield head, "\n".join(body)
            head, body = one.line, [_untitled(one.text)]
        else:
            body.append(one.text)
    if head:
        yield head, "\n".join(body)


def _beyond(these: Sequence[Statement], those: Sequence[Statement]) -> list[Statement]:
    known = Counter(one.text for one in those)
    left: list[Statement] = []
    for one in these:
        if not _taken(known, one.text):
            left.append(one)
    return left


def _taken(known: Counter[str] | None, text: str) -> bool:
    if known is None or known[text] <= 0:
        return False
    known[text] -= 1
    return True


def _title(text: str) -> str:
    found = _TITLE.search(text)
    return found.group(1) or found.group(2) if found else text


def _untitled(text: str) -> str:
    """A head without its title; what is no head stays as it is."""
    found = _TITLE.search(text) if _TEST.search(text) else None
    return text.replace(found.group(1) or found.group(2), "", 1) if found else text


def _subject(text: str) -> str:
    """What an assertion is about, as far as its beginning tells."""
    found = _SUBJECT.search(text)
    return found.group() if found else text


_TITLE = re.compile(
    r"""(?:\b[xf]?(?:it|test|specify|describe|context)|\bt\.Run)\b[\w.]*\s*(?:\([^'()]{0,200}\)\s*)?\(?\s*'([^'\n]{1,200})'"""
    r"""|\b(?:def|func|function|fun|fn|void|Task|sub|TEST(?:_F|_P)?)\s*(?:\([^)]{0,100}\)\s*)?\(?\s*(\w+(?:,\s*\w+)?)"""
)
_TEST = re.compile(
    r"""(?<![\w.])[xf]?(?:it|test|specify|describe|context)(?:\.\w+)*\s*(?:\([^)']{0,200}\)\s*)?\(?\s*'"""
    r"""|\bfunc\s+(?:\([^)]{0,100}\)\s*)?(?:Test|Fuzz|Example|Benchmark)\w*\(|\bt\.Run\("""
    r"""|\#\[(?:\w+::)?test\b|\#\[rstest|\#\[(?:test_case|quickcheck)|@(?:Parameterized|Repeated)?Test\b"""
    r"""|\[(?:Fact|Theory|Test|TestMethod|TestCase)\b|\b(?:def|function|fun|fn|void|sub)\s+test\w*"""
    r"""|\bTEST(?:_F|_P)?\s*\(|\#\[cfg\(test\)\]"""
)
_CHECK = re.compile(
    r"""\bassert\w*\b|\bexpect\w*\s*[(.{]|\bshould\b|\bt\.(?:Error|Fatal|Fail)\w*\(|\brequire\.\w+\("""
    r"""|\b(?:EXPECT|ASSERT|CHECK|REQUIRE)\w*\s*\(|\braises?\b|\bverify\w*\(|\bAssert\.|\bmust_\w+|\brefute\w*\b"""
    r"""|\bpanic!\(|\bunreachable!\(|->toThrow|\bthis\.fail\("""
)
_ALONE = re.compile(r"""\.only\b|\bf(?:it|describe|context)\s*\(|\bfdescribe\b|\bTestMain\(""")
_SKIP = re.compile(
    r"""\b(?:it|test|describe|context|suite)(?:\.\w+)*\.(?:skip\w*|only|failing|fails|fixme|todo)\b"""
    r"""|\b[xf](?:it|describe|test|context|specify)\b\s*[('(]|\bt\.Skip\w*\(|\bb\.Skip\w*\(|\btesting\.Short\(\)"""
    r"""|\bfunc TestMain\(|//\s*\+build|//go:build|\#!?\[ignore|\#\[should_panic|\#!?\[cfg(?:_attr)?\((?!test\))"""
    r"""|@(?:Disabled\w*|Enabled\w*|Ignore|Ignored)\b|\[(?:Ignore|Explicit)\b|\bSkip\s*=\s*'|GTEST_SKIP|\bDISABLED_\w+"""
    r"""|\benabled\s*=\s*false|\bassum(?:e|ing)(?:True|False|That)?\(|\bAssert\.(?:Ignore|Inconclusive|Skip)\w*\("""
    r"""|\bskip\w*\s*\(|(?:^|\s)(?:skip|pending)(?:\s+'|$)|\bmark\.(?:skip|skipif|xfail)\b|\bexpectedFailure\b"""
    r"""|\bmarkTest(?:Skipped|Incomplete)\b|\bSkipTest\b|@tag :skip|\bif\s*\(?\s*(?:false|False|0)\s*\)?\s*[:{]"""
    r"""|\b(?:process|os|std::process|System)(?:\.|::)_?[eE]xit\("""
)
_HOLLOW = re.compile(
    r"""\bassert\w*!?\s*\(?\s*(?:True|true|1)\s*[,)]?$|\bexpect\(\s*(?:true|1)\s*\)"""
    r"""|\bassert(?:True|Equals?|Same|_eq!|\.ok|\.equal|\.True)?!?\s*\(\s*(?:t,\s*)?(?:true|True|1)\s*(?:,\s*(?:true|True|1)\s*)?\)"""
    r"""|\bAssert\.(?:True|IsTrue|Pass)\(\s*(?:true)?\s*\)|\bexpect\(([^()]{1,80})\)\.to(?:Be|Equal|StrictEqual)\(\1\)"""
    r"""|\bassert(?:Equals?|Same|_eq!|\.equal|\.Equal)\(\s*(?:t,\s*)?([\w.]{1,80}),\s*\2\s*\)|\bexpect\.anything\(\)"""
)
_STAND_IN = re.compile(
    r"""\b(?:jest|vi)\.(?:mock|doMock|setMock|unstable_mockModule)\('(?:\.|@/|~|src/)|\bspyOn\(.*\.mock(?:Return|Implement|Resolve|Reject)"""
    r"""|\b(?:sinon|sandbox)\.(?:stub|replace)\(|\bproxyquire\(|\btd\.replace\(|\bmockStatic\(|\ballow_any_instance_of\("""
    r"""|\ballow\(.*\bto receive|\.stubs?\(:|\bmonkeypatch\.setattr\(|\bmock\.patch\b"""
)
_SUBJECT = re.compile(r"""^.*?(?:expect|assert\w*!?|Assert\.\w+|require\.\w+|EXPECT\w*|ASSERT\w*)\s*\(?[^),]{0,80}""")
