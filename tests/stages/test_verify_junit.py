"""Reading JUnit XML that untrusted code wrote."""

import pytest

from coderoute.domain.judgement import Outcome
from coderoute.stages.verify.junit import MAX_DEPTH, MAX_REPORT_BYTES, MAX_TEXT, UnreadableReport, read_cases, shortened


def report(*cases: str) -> bytes:
    body = "".join(cases)
    return f'<?xml version="1.0" encoding="utf-8"?><testsuites><testsuite>{body}</testsuite></testsuites>'.encode()


@pytest.mark.parametrize(
    ("child", "outcome"),
    [
        ("", Outcome.PASSED),
        ("<system-out>noise</system-out>", Outcome.PASSED),
        ("<failure/>", Outcome.FAILED),
        ('<error message="fixture"/>', Outcome.FAILED),
        ('<skipped type="pytest.xfail"/>', Outcome.SKIPPED),
        ("<skipped/><failure/>", Outcome.FAILED),
        ("<failure/><skipped/>", Outcome.FAILED),
        ("<properties><property name='failure' value='x'/></properties>", Outcome.PASSED),
    ],
)
def test_the_worst_child_is_the_outcome(child: str, outcome: Outcome) -> None:
    (case,) = read_cases(report(f"<testcase classname='a.b' name='t' file='a/b.py'>{child}</testcase>"))
    assert case.outcome is outcome
    assert (case.classname, case.name, case.file) == ("a.b", "t", "a/b.py")


def test_nested_suites_and_namespaces_are_flattened() -> None:
    xml = b"<testsuite xmlns='urn:x'><testcase name='a'/><testsuite><testcase name='b'/></testsuite></testsuite>"
    assert [case.name for case in read_cases(xml)] == ["a", "b"]


def test_all_failure_texts_of_a_case_are_kept() -> None:
    (case,) = read_cases(report("<testcase name='t'><failure>call</failure><error message='teardown'/></testcase>"))
    assert case.text == "call\n\nteardown"


def test_an_empty_suite_is_a_report_without_cases() -> None:
    assert read_cases(report()) == ()


@pytest.mark.parametrize(
    ("what", "xml", "why"),
    [
        ("nothing", b"", "does not parse"),
        ("no XML", b"1 passed", "does not parse"),
        ("cut off", report("<testcase name='t'/>")[:-5], "does not parse"),
        ("an entity", b"<!DOCTYPE t [<!ENTITY e 'x'>]><testsuite name='&e;'/>", "document type"),
        (
            "an outside entity",
            b"<!DOCTYPE t [<!ENTITY e SYSTEM 'file:///x'>]><testsuite>&e;</testsuite>",
            "document type",
        ),
        ("a document type", b"<!DOCTYPE testsuite SYSTEM 'http://127.0.0.1/x.dtd'><testsuite/>", "document type"),
        ("an unknown encoding", b"<?xml version='1.0' encoding='nope'?><testsuite/>", "does not parse"),
        ("bytes of another encoding", b"<?xml version='1.0' encoding='utf-8'?><t name='\xff'/>", "does not parse"),
        ("endless nesting", b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1), "nested"),
        ("too many bytes", report().ljust(MAX_REPORT_BYTES + 1), "bytes"),
    ],
)
def test_a_report_we_will_not_read_says_why(what: str, xml: bytes, why: str) -> None:
    with pytest.raises(UnreadableReport, match=why):
        read_cases(xml)


def test_the_limits_themselves_are_readable() -> None:
    assert read_cases(b"<a>" * MAX_DEPTH + b"</a>" * MAX_DEPTH) == ()
    assert read_cases(report().ljust(MAX_REPORT_BYTES)) == ()


def test_a_long_failure_keeps_its_first_and_its_last_lines() -> None:
    text = "\n".join(f"line {number}" for number in range(5_000))
    kept = shortened(text)
    assert kept.startswith("line 0\nline 1\n")
    assert kept.endswith("\nline 4998\nline 4999")
    assert "left out" in kept
    assert len(kept) < MAX_TEXT + 100


def test_one_endless_line_is_cut_too() -> None:
    assert len(shortened("x" * 1_000_000)) < MAX_TEXT + 100
