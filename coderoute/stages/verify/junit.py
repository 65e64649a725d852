"""JUnit XML, as any test runner writes it, to test cases. The bytes come from untrusted code."""

import io
from dataclasses import dataclass
from xml.etree.ElementTree import Element, ParseError

from coderoute.domain.judgement import Outcome
from coderoute.domain.work import without_escapes

MAX_REPORT_BYTES = 32_000_000
"""About 100,000 tests. A larger report is not read."""

MAX_TEXT = 3_000
"""Characters kept of one failure: its first and its last lines."""

MAX_DEPTH = 50
"""Nested suites; a real report has three levels or four."""


class UnreadableReport(Exception):
    """The report is no JUnit XML that we are willing to read; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One `<testcase>` with the worst thing in it. `file` is None where the runner does not write it."""

    classname: str
    name: str
    file: str | None
    outcome: Outcome
    text: str
    """The failure's own text, shortened; empty without a failure."""


def read_cases(xml: bytes) -> tuple[Case, ...]:
    """The test cases of a report in its order; nested suites are flattened.

    Memory stays bounded by the report's size: no element outlives its end tag.

    Raises:
        UnreadableReport: too large, no XML, or XML with a document type (and so with entities).
    """
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import iterparse

    if len(xml) > MAX_REPORT_BYTES:
        raise UnreadableReport(f"it has more than {MAX_REPORT_BYTES} bytes")
    cases: list[Case] = []
    stack: list[Element] = []
    case: _OpenCase | None = None
    try:
        for event, element in iterparse(io.BytesIO(xml), events=("start", "end"), forbid_dtd=True):
            tag = _local(element)
            if event == "start":
                stack.append(element)
                if len(stack) > MAX_DEPTH:
                    raise UnreadableReport(f"its elements are nested more than {MAX_DEPTH} deep")
                if tag == "testcase":
                    case = _OpenCase(element)
                continue
            stack.pop()
            if case is not None and tag == "testcase":
                cases.append(case.closed())
                case = None
            elif case is not None:
                case.take(tag, element)
            if stack:
                stack[-1].clear()
    except DefusedXmlException as unsafe:
        raise UnreadableReport(f"it has a document type or entities ({type(unsafe).__name__})") from unsafe
    except (ParseError, ValueError, LookupError) as broken:  # LookupError: an encoding nobody knows
        raise UnreadableReport(f"it does not parse as XML ({broken})") from broken
    return tuple(cases)


def shortened(text: str, limit: int = MAX_TEXT) -> str:
    """`text` without colours, and with its middle left out where it is longer than `limit` characters.

    The end gets two thirds: runners print the error last.
    """
    text = without_escapes(text)
    if len(text) <= limit:
        return text
    head = text[: limit // 3].rsplit("\n", 1)[0]
    tail = text[len(text) - (limit - limit // 3) :].split("\n", 1)[-1]
    return f"{head}\n[... {len(text) - len(head) - len(tail)} characters left out ...]\n{tail}"


class _OpenCase:
    """A `<testcase>` that is being read: its attributes at once, its children as they end."""

    def __init__(self, element: Element) -> None:
        self._classname = element.get("classname") or ""
        self._name = element.get("name") or ""
        self._file = element.get("file")
        self._outcome = Outcome.PASSED
        self._texts: list[str] = []

    def take(self, tag: str, element: Element) -> None:
        if tag in ("failure", "error"):
            self._outcome = Outcome.FAILED
            self._texts.append((element.text or "").strip() or element.get("message") or "")
        elif tag == "skipped" and self._outcome is Outcome.PASSED:
            self._outcome = Outcome.SKIPPED

    def closed(self) -> Case:
        return Case(
            classname=self._classname,
            name=self._name,
            file=self._file,
            outcome=self._outcome,
            text=shortened("\n\n".join(self._texts)),
        )


def _local(element: Element) -> str:
    """The tag without its namespace."""
    tag: str = element.tag
    return tag.rpartition("}")[2]
