"""What is shown of a long output: what tells why, and where to read the rest."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.stages.execute.output import Outputs, lines_with, shortened

NOISE = "\n".join(f"tests/test_{n}.py ....." for n in range(400))
PYTEST = f"""======= test session starts =======
collected 2000 items
{NOISE}
=================================== FAILURES ===================================
_________________________________ test_first __________________________________

    def test_first():
>       assert slug("A") == "a"
E       AssertionError: first
tests/test_text.py:3: AssertionError
_________________________________ test_second _________________________________
{NOISE}
E       AssertionError: second
=========================== short test summary info ============================
FAILED tests/test_text.py::test_first - AssertionError: first
FAILED tests/test_text.py::test_second - AssertionError: second
2 failed, 1998 passed in 1.00s"""
UNITTEST = f"""{NOISE}
======================================================================
FAIL: test_first (tests.A.test_first)
----------------------------------------------------------------------
AssertionError: first
======================================================================
FAIL: test_second (tests.A.test_second)
{NOISE}
----------------------------------------------------------------------
Ran 3 tests in 0.001s

FAILED (failures=2)"""
JEST = f"""{NOISE}
  \u25cf slug \u203a makes small letters

    expect(received).toBe(expected) // first

  \u25cf slug \u203a other
{NOISE}
Test Suites: 1 failed, 1 total
Tests:       2 failed, 9 passed"""
CARGO = f"""{NOISE}
failures:

---- tests::first stdout ----
thread 'tests::first' panicked at src/lib.rs:9:5: first

---- tests::second stdout ----
{NOISE}

failures:
    tests::first
    tests::second

test result: FAILED. 3 passed; 2 failed"""
GO = f"""{NOISE}
--- FAIL: TestFirst (0.00s)
    a_test.go:5: first
--- FAIL: TestSecond (0.00s)
{NOISE}
FAIL
FAIL\texample.com/a\t0.002s"""


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (PYTEST, ["test session starts", "AssertionError: first\ntests/test_text.py:3", "2 failed, 1998 passed"]),
        (UNITTEST, ["FAIL: test_first", "AssertionError: first", "FAILED (failures=2)"]),
        (JEST, ["makes small letters", "// first", "Tests:       2 failed, 9 passed"]),
        (CARGO, ["panicked at src/lib.rs:9:5: first", "    tests::first\n    tests::second", "3 passed; 2 failed"]),
        (GO, ["--- FAIL: TestFirst", "a_test.go:5: first", "example.com/a"]),
    ],
)
def test_of_a_test_report_the_first_failure_and_the_summary_are_shown(text: str, shown: list[str]) -> None:
    found = shortened(text, 7)
    for piece in shown:
        assert piece in found
    assert len(found) < 7_000
    assert "read_output with run 7 and start_line" in found


def test_of_other_output_the_beginning_and_the_end_are_shown() -> None:
    text = "\n".join(f"line {n}" for n in range(1, 5_001))
    found = shortened(text, 3)
    assert found.startswith("line 1\nline 2\n")
    assert found.endswith("line 4999\nline 5000")
    assert len(found) < 12_500
    (gap,) = re.findall(r"\.\.\. lines (\d+) to (\d+) of 5000 are left out", found)
    assert f"line {int(gap[0]) - 1}\n" in found
    assert f"line {int(gap[1]) + 1}\n" in found


def test_what_fits_is_shown_as_it_is() -> None:
    assert shortened("x" * 12_000, 1) == "x" * 12_000


def test_a_single_endless_line_is_cut() -> None:
    assert len(shortened("x" * 1_000_000, 1)) < 3_000


@given(
    st.lists(st.sampled_from(["", "a", "=" * 30, "FAIL: x (", "___ x ___", "=== FAILURES ===", "b" * 90]), max_size=80)
)
def test_every_line_is_shown_once_or_counted_as_left_out(rows: list[str]) -> None:
    text = "\n".join(rows)
    found = shortened(text, 1, limit=400).split("\n")
    gaps = [re.match(r"\.\.\. lines (\d+) to (\d+) of", row) for row in found]
    left_out = sum(int(gap[2]) - int(gap[1]) + 1 for gap in gaps if gap)
    kept = len([gap for gap in gaps if gap is None])
    if len(text) > 400:
        assert kept + left_out == len(text.removesuffix("\n").split("\n"))


def test_lines_that_contain_a_text_are_found_with_their_numbers() -> None:
    assert lines_with("an Error\nfine\nno error\n", "error") == "    1| an Error\n    3| no error"
    assert lines_with("an Error\nfine\nno error\n", "error", 2) == "    3| no error"
    assert lines_with("fine\n", "error") == "(no line contains that)"
    assert lines_with("x\n" * 500, "x").endswith("... 100 more: give start_line")


def test_only_the_newest_outputs_are_kept() -> None:
    outputs = Outputs()
    for number in range(1, Outputs.KEPT + 2):
        outputs.keep(number, f"output {number}")
    assert outputs.read(1, 1, None, None) is None
    assert outputs.read(2, 1, None, None) == "    1| output 2"
