"""`python -m unittest` that also writes JUnit XML. Its text is put into the sandbox; coderoute never imports it.

For Python 3.8 and later, with the standard library alone. Beside it lie `root` (the checkout's path) and `asked.json`:
{"only": [ids]}, all tests when that is empty. The report is this file's name with `.xml` behind it; it appears only
when the run came to its end.
"""

from __future__ import annotations

import json
import os
import re
import sys
import unittest
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape, quoteattr

__unittest = True  # unittest leaves our frames out of its tracebacks

HERE = Path(__file__)
HOLDER = re.compile(r"(?:setUp|tearDown)(Class|Module) \((.+)\)")
NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
PASSED, SKIPPED, FAILED = range(3)


class Record:
    """One test, or what holds tests: then `name` (and for a file `classes`) is empty. `file` is absolute."""

    def __init__(self, file: Path | None, classes: str, name: str) -> None:
        self.file = file
        self.classes = classes
        self.name = name
        self.outcome = PASSED
        self.texts: list[str] = []

    def failed(self, text: str) -> None:
        self.outcome = FAILED
        self.texts.append(text)

    def skipped(self) -> None:
        self.outcome = max(self.outcome, SKIPPED)

    def id(self, root: Path) -> str:
        path = ""
        if self.file is not None:
            inside = root in self.file.parents
            path = (self.file.relative_to(root) if inside else self.file).as_posix()
        return "::".join(part for part in (path, *self.classes.split("."), self.name) if part)


class Result(unittest.TextTestResult):
    """What the terminal shows, and a record for each test."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.records: list[Record] = []
        self._running: tuple[Any, Record] | None = None

    def startTest(self, test: Any) -> None:
        self._running = (test, self._added(test))
        super().startTest(test)

    def stopTest(self, test: Any) -> None:
        super().stopTest(test)
        self._running = None

    def addError(self, test: Any, err: Any) -> None:
        super().addError(test, err)
        self._record(test).failed(self.errors[-1][1])

    def addFailure(self, test: Any, err: Any) -> None:
        super().addFailure(test, err)
        self._record(test).failed(self.failures[-1][1])

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:
            texts = self.failures if issubclass(err[0], test.failureException) else self.errors
            self._record(test).failed(f"{subtest._subDescription()}\n{texts[-1][1]}")

    def addSkip(self, test: Any, reason: str) -> None:
        super().addSkip(test, reason)
        if not hasattr(test, "test_case"):  # a skipped subtest does not skip its test
            self._record(test).skipped()

    def addExpectedFailure(self, test: Any, err: Any) -> None:
        super().addExpectedFailure(test, err)
        self._record(test).skipped()

    def addUnexpectedSuccess(self, test: Any) -> None:
        super().addUnexpectedSuccess(test)
        self._record(test).failed("unexpected success: it is marked as an expected failure, and passes")

    def _record(self, test: Any) -> Record:
        if self._running is not None and self._running[0] is getattr(test, "test_case", test):
            return self._running[1]
        return self._added(test)

    def _added(self, test: Any) -> Record:
        self.records.append(record_of(test))
        return self.records[-1]


class Runner(unittest.TextTestRunner):
    """Runs every test, whatever `--failfast` says, and writes the report at the end."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.update(failfast=False, resultclass=Result)
        super().__init__(*args, **kwargs)

    def run(self, test: Any) -> Any:
        result: Any = super().run(test)
        if not result.shouldStop:
            write_report(result.records)
        return result


class Program(unittest.TestProgram):
    """The command line of `python -m unittest`; only the tests that were asked for are left."""

    def createTests(self, *args: Any, **kwargs: Any) -> None:
        super().createTests(*args, **kwargs)
        suite: Any = vars(self)["test"]
        only = json.loads(HERE.with_name("asked.json").read_text(encoding="utf-8"))["only"]
        if only:
            prune(suite, only, Path(HERE.with_name("root").read_text(encoding="utf-8").rstrip("\n")))


def prune(suite: Any, only: list[str], root: Path) -> None:
    """Suites stay as they are, with their own class and order: some run their tests in ways of their own."""
    kept = []
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            prune(test, only, root)
            kept.append(test)
        elif is_chosen(record_of(test).id(root), only):
            kept.append(test)
    suite._tests = kept


def is_chosen(test_id: str, only: list[str]) -> bool:
    return any(
        test_id == wanted or test_id.startswith((f"{wanted}::", f"{wanted}/")) or wanted.startswith(f"{test_id}::")
        for wanted in only
    )


def record_of(test: Any) -> Record:
    kind = type(test)
    if kind.__module__ == "unittest.loader" and kind.__name__ in ("_FailedTest", "ModuleSkipped"):
        return whole_module(test._testMethodName)
    holder = HOLDER.fullmatch(getattr(test, "description", None) or "")
    if kind.__name__ == "_ErrorHolder" and holder:
        return whole_module(holder.group(2)) if holder.group(1) == "Module" else whole_class(holder.group(2))
    if isinstance(test, unittest.FunctionTestCase):
        function: Any = test._testFunc  # type: ignore[attr-defined]
        return in_module(function.__module__, "", getattr(function, "__name__", test.id()))
    if hasattr(test, "_dt_test"):  # doctest's own
        return Record(real_file(test._dt_test.filename), "", test.id())
    if hasattr(test, "_testMethodName"):
        return in_module(kind.__module__, kind.__qualname__, test._testMethodName)
    return Record(None, "", test.id() if hasattr(test, "id") else repr(kind))


def in_module(module: str, classes: str, name: str) -> Record:
    file = file_of_module(module)
    return Record(file, classes if file else f"{module}.{classes}", name)


def whole_module(module: str) -> Record:
    """A module that could not be imported has the file its name stands for."""
    file = file_of_module(module)
    for folder in sys.path:
        base = Path(folder or ".").joinpath(*module.split("."))
        for path in (base.with_name(f"{base.name}.py"), base / "__init__.py"):
            file = file or real_file(str(path))
    return Record(file, "", "" if file else module)


def whole_class(dotted: str) -> Record:
    """`tests.test_x.Outer.Inner`: the longest part that is a module, and the class in it."""
    parts = dotted.split(".")
    for count in range(len(parts) - 1, 0, -1):
        module = ".".join(parts[:count])
        if module in sys.modules:
            return in_module(module, ".".join(parts[count:]), "")
    return Record(None, "", dotted)


def file_of_module(module: str) -> Path | None:
    return real_file(getattr(sys.modules.get(module), "__file__", None))


def real_file(path: str | None) -> Path | None:
    return Path(path).resolve() if path and Path(path).is_file() else None


def write_report(records: list[Record]) -> None:
    lines = ['<?xml version="1.0" encoding="utf-8"?>\n<testsuites><testsuite name="unittest">\n']
    for record in records:
        attributes = {"classname": record.classes, "name": record.name}
        if record.file is not None:
            attributes["file"] = record.file.as_posix()
        shown = " ".join(f"{name}={quoteattr(plain(value))}" for name, value in attributes.items())
        inside = "".join(f"<failure>{escape(plain(text))}</failure>" for text in record.texts)
        lines.append(f"<testcase {shown}>{'<skipped/>' if record.outcome == SKIPPED else inside}</testcase>\n")
    lines.append("</testsuite></testsuites>\n")
    part = HERE.with_name(f"{HERE.name}.part")
    part.write_text("".join(lines), encoding="utf-8")
    part.replace(HERE.with_name(f"{HERE.name}.xml"))


def plain(text: str) -> str:
    """`text` with characters that XML cannot hold as `\\x07`."""
    return NOT_XML.sub(lambda found: found.group().encode("unicode_escape").decode("ascii"), text)


if __name__ == "__main__":
    if sys.path and Path(sys.path[0]).resolve() == HERE.resolve().parent:
        sys.path[0] = os.getcwd()  # noqa: PTH109 - a string, and as `python -m` does it
    sys.argv[0] = "python -m unittest"
    Program(module=None, testRunner=Runner)
