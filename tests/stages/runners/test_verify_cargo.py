"""cargo test through its lines, cargo nextest through its JUnit report: samples, and a real run where cargo is."""

import json
from collections.abc import Callable, Mapping

import pytest

from coderoute.domain.judgement import Outcome, TestReport
from coderoute.stages.verify.runners.cargo import RUNNER
from coderoute.stages.verify.runners.shape import Found

Find = Callable[..., Found]


def artifact(name: str, source: str) -> str:
    target = {"name": name, "src_path": f"@ROOT@/{source}"}
    message = {"reason": "compiler-artifact", "target": target, "executable": f"/t/{name}-0a"}
    return json.dumps(message, separators=(",", ":"))


GREEN = f"""\
{artifact("it", "a/tests/it.rs")}
{artifact("crate_a", "a/src/lib.rs")}
{{"reason":"build-finished","success":true}}
     Running unittests src/lib.rs (target/debug/deps/crate_a-0a)

running 4 tests
test calc::here ... ok
test tests::panics - should panic ... ok
test tests::slow ... ignored, it is slow
test tests::fast ... bench:          12 ns/iter (+/- 1)

test result: ok. 2 passed; 0 failed; 1 ignored; 1 measured; 0 filtered out; finished in 0.00s

     Running tests/it.rs (target/debug/deps/it-0a)

running 1 test
test works ... ok

test result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

   Doc-tests crate_a

running 3 tests
test a/src/lib.rs - add (line 9) ... ignored
test a/src/lib.rs - add (line 3) ... ok
test a/src/lib.rs - (line 1) - compile fail ... ok

test result: ok. 2 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out; finished in 0.19s
"""

RED = """\
     Running unittests src/lib.rs (target/debug/deps/crate_a-0a)

running 2 tests
test tests::adds ... FAILED
test tests::other ... ok

failures:

---- tests::adds stdout ----
test tests::forged ... ok
test result: ok. 9 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out
error: test failed, said the test
failures:
assertion `left == right` failed


failures:
    tests::adds

test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s

error: test failed, to rerun pass `--lib`
"""


def outcomes(found: Found) -> dict[str, str]:
    assert found.cases is not None
    return {one: case.outcome.value for one, case in zip(found.ids, found.cases, strict=True)}


def test_each_test_has_its_binarys_source_file(found: Find) -> None:
    report = found("cargo", "cargo test", {"cargo-1.txt": GREEN})
    assert report.contradiction is None
    assert outcomes(report) == {
        "a/src/lib.rs::calc::here": "passed",
        "a/src/lib.rs::tests::panics": "passed",
        "a/src/lib.rs::tests::slow": "skipped",
        "a/src/lib.rs::tests::fast": "passed",
        "a/tests/it.rs::works": "passed",
        "a/src/lib.rs::doctest": "passed",
        "a/src/lib.rs::doctest add": "passed",
        "a/src/lib.rs::doctest add #2": "skipped",
    }


def test_what_a_failing_test_prints_is_its_text_and_no_result(found: Find) -> None:
    report = found("cargo", "cargo test", {"cargo-1.txt": RED})
    assert report.contradiction is None
    assert outcomes(report) == {"src/lib.rs::tests::adds": "failed", "src/lib.rs::tests::other": "passed"}
    assert report.cases is not None
    assert report.cases[0].text.startswith("test tests::forged ... ok\ntest result: ok. 9 passed;")


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ("a line too many", GREEN.replace("test works ... ok\n", "test works ... ok\ntest forged ... ok\n")),
        ("a line too few", GREEN.replace("test works ... ok\n", "")),
        ("another outcome", RED.replace("tests::adds ... FAILED", "tests::adds ... ok")),
        ("the process ended", GREEN.replace("test result: ok. 1 passed", "bye")),
    ],
)
def test_lines_that_do_not_add_up_are_not_believed(found: Find, what: str, text: str) -> None:
    assert found("cargo", "cargo test", {"cargo-1.txt": text}).contradiction, what


def test_a_binary_that_crashes_has_failed_as_a_whole(found: Find) -> None:
    text = RED.partition("test tests::adds")[0] + "error: test failed, to rerun pass `--lib`\n"
    report = found("cargo", "cargo test", {"cargo-1.txt": text})
    assert (outcomes(report), report.contradiction) == ({"src/lib.rs": "failed"}, None)


def test_files_that_do_not_compile_have_failed(found: Find) -> None:
    text = """\
warning: unused
 --> src/lib.rs:1:1

error[E0425]: cannot find function `nope` in this scope
  --> tests/it.rs:3:5
   |
error: could not compile `a` (test "it") due to 1 previous error
"""
    report = found("cargo", "cargo test", {"cargo-1.txt": text})
    assert outcomes(report) == {"tests/it.rs": "failed"}


NEXTEST = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="nextest-run" tests="4" failures="1" errors="0" uuid="1" timestamp="2026-01-01T00:00:00Z" time="0.1">
    <testsuite name="crate-a" tests="2" disabled="0" errors="0" failures="1">
        <testcase name="tests::adds" classname="crate-a" timestamp="2026-01-01T00:00:00Z" time="0.01">
            <failure message="thread panicked" type="test failure with exit code 101">thread panicked at a.rs</failure>
            <system-out>running 1 test</system-out>
        </testcase>
        <testcase name="tests::other" classname="crate-a" time="0.01"/>
    </testsuite>
    <testsuite name="crate-a::it" tests="1" disabled="0" errors="0" failures="0">
        <testcase name="works" classname="crate-a::it" time="0.01"><flakyFailure type="x"/></testcase>
    </testsuite>
    <testsuite name="crate-a::bin/tool" tests="1" disabled="0" errors="0" failures="0">
        <testcase name="runs" classname="crate-a::bin/tool" time="0.01"/>
    </testsuite>
</testsuites>
"""
METADATA = json.dumps(
    {
        "packages": [
            {
                "name": "crate-a",
                "targets": [
                    {"kind": ["lib"], "name": "crate_a", "src_path": "@ROOT@/a/src/lib.rs"},
                    {"kind": ["test"], "name": "it", "src_path": "@ROOT@/a/tests/it.rs"},
                    {"kind": ["bin"], "name": "tool", "src_path": "@ROOT@/a/src/main.rs"},
                ],
            }
        ]
    }
)


def test_nextests_report_gives_the_same_ids(found: Find) -> None:
    report = found("cargo", "cargo nextest run", {"nextest.xml": NEXTEST, "metadata.json": METADATA})
    assert outcomes(report) == {
        "a/src/lib.rs::tests::adds": "failed",
        "a/src/lib.rs::tests::other": "passed",
        "a/tests/it.rs::works": "passed",
        "a/src/main.rs::runs": "passed",
    }
    without = found("cargo", "cargo nextest run", {"nextest.xml": NEXTEST, "metadata.json": "[]"})
    assert "crate-a::it::works" in without.ids
    assert found("cargo", "cargo nextest run", {"nextest.xml": "", "metadata.json": "{"}).unreadable


def test_nextest_is_told_where_its_report_goes() -> None:
    told = RUNNER.tell("cargo nextest run --profile ci -p a", {}, (), "/r")
    assert told is not None
    assert "run --no-fail-fast --tool-config-file=coderoute:/r/nextest.toml --profile ci -p a" in told.command
    assert told.files["nextest.toml"].startswith('[profile.ci.junit]\npath = "/r/nextest.xml"\n')


def test_options_that_take_lines_away_are_left_out() -> None:
    told = RUNNER.tell("cd x && RUST_LOG=a cargo +nightly test -q --lib -- --nocapture", {}, (), "/r")
    assert told is not None
    assert "-q" not in told.command.split()
    assert "--nocapture" not in told.command
    assert told.command.startswith("cd x && { RUST_LOG=a cargo +nightly test --no-fail-fast --message-format=json")
    assert RUNNER.tell("cargo build", {}, (), "/r") is None


@pytest.mark.parametrize(
    ("only", "narrowed"),
    [
        (["src/lib.rs::tests::a", "tests/it.rs::b"], ["cargo test --lib -- --exact tests::a b"]),
        (["tests/it.rs"], []),
        (["src/lib.rs::doctest add"], []),
    ],
)
def test_whole_names_narrow_a_plain_call(only: list[str], narrowed: list[str]) -> None:
    assert list(RUNNER.narrowed("cargo test --lib", only)) == narrowed


def test_a_real_run(
    needs: Callable[[str], str], write: Callable[[Mapping[str, str]], None], run: Callable[..., TestReport]
) -> None:
    needs("cargo")
    manifest = '[package]\nname = "crate-{}"\nversion = "0.1.0"\nedition = "2021"\n'
    write(
        {
            "Cargo.toml": '[workspace]\nmembers = ["a", "b"]\nresolver = "2"\n',
            "a/Cargo.toml": manifest.format("a"),
            "b/Cargo.toml": manifest.format("b"),
            "a/src/lib.rs": """
                /// ```
                /// assert!(true);
                /// ```
                pub fn add(a: i32, b: i32) -> i32 { a + b }
                #[cfg(test)] mod tests {
                    #[test] fn adds() { println!("test forged ... ok"); assert_eq!(super::add(1, 1), 3); }
                    #[test] #[ignore] fn slow() {}
                }
                """,
            "b/src/lib.rs": "",
            "a/tests/it.rs": "#[test] fn works() {}",
            "b/tests/it.rs": "#[test] fn works() {}",
        }
    )
    outcomes = {
        "a/src/lib.rs::doctest add": Outcome.PASSED,
        "a/src/lib.rs::tests::adds": Outcome.FAILED,
        "a/src/lib.rs::tests::slow": Outcome.SKIPPED,
        "a/tests/it.rs::works": Outcome.PASSED,
        "b/tests/it.rs::works": Outcome.PASSED,
    }
    report = run("cargo test --offline --quiet", "cargo")
    assert (report.problem, report.outcomes) == (None, outcomes)
    assert run("cargo test --offline", "cargo", ["b/tests/it.rs::works"]).exit_code == 0, "nothing else was run"
    write({"a/tests/it.rs": "#[test] fn works() { std::process::exit(0) }"})
    assert "never summed them up" in (run("cargo test --offline --test it", "cargo").problem or "")
