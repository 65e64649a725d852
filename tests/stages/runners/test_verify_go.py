"""go test through its JSON stream: samples of old and new Go, and a real run where Go is installed."""

import json
from collections.abc import Callable, Mapping

import pytest

from coderoute.domain.judgement import Outcome, TestReport
from coderoute.stages.verify.runners.go import RUNNER
from coderoute.stages.verify.runners.shape import Found

MODULE = "example.com/acme"
INDEX = """./go.mod:module example.com/acme // the root
./tools/go.mod:module "example.com/acme/tools"
./testdata/copy/go.mod:module example.com/acme
./a_test.go:func TestAdd
./inner/b_test.go:func TestPanic
./inner/c_test.go:func ExampleB
./tools/t_test.go:func TestTool
./broken/x_test.go:func TestX
./broken/y_test.go:func TestY
"""


def event(action: str, package: str = "", test: str | None = None, **more: str) -> str:
    named = {"Test": test} if test else {}
    return json.dumps({"Time": "2026-01-01T00:00:00Z", "Action": action, "Package": MODULE + package, **named, **more})


def outcomes(found: Found) -> dict[str, str]:
    assert found.cases is not None
    return {one: case.outcome.value for one, case in zip(found.ids, found.cases, strict=True)}


def test_each_test_and_subtest_has_the_file_of_its_function(found: Callable[..., Found]) -> None:
    stream = [
        event("start"),
        event("run", "", "TestAdd"),
        event("output", "", "TestAdd", Output="=== RUN   TestAdd\n"),
        event("run", "", "TestAdd/one_two"),
        event("pass", "", "TestAdd/one_two"),
        event("run", "", "TestAdd/b/c"),
        event("output", "", "TestAdd/b/c", Output="    a_test.go:6: got 2\n"),
        event("fail", "", "TestAdd/b/c"),
        event("fail", "", "TestAdd"),
        event("fail", ""),
        event("skip", "/inner", "ExampleB"),
        event("pass", "/inner"),
        event("pass", "/tools", "TestTool"),
        event("pass", "/tools", "TestGenerated"),
        event("skip", "/none"),
    ]
    report = found("go", "go test ./...", {"go-1.json": "\n".join(stream), "index.txt": INDEX})
    assert outcomes(report) == {
        "a_test.go::TestAdd": "failed",
        "a_test.go::TestAdd/one_two": "passed",
        "a_test.go::TestAdd/b/c": "failed",
        "inner/c_test.go::ExampleB": "skipped",
        "tools/t_test.go::TestTool": "passed",
        "tools::TestGenerated": "passed",
    }
    assert report.cases is not None
    assert report.cases[2].text == "    a_test.go:6: got 2\n"
    assert "=== RUN" in report.output


@pytest.mark.parametrize(
    ("what", "stream"),
    [
        ("before Go 1.20", ["FAIL\texample.com/acme/broken [build failed]"]),
        (
            "since Go 1.24",
            [
                json.dumps(
                    {"ImportPath": f"{MODULE}/broken", "Action": "build-output", "Output": "x.go:3: undefined\n"}
                ),
                json.dumps({"ImportPath": f"{MODULE}/broken", "Action": "build-fail"}),
                event("output", "/broken", Output="FAIL\texample.com/acme/broken [build failed]\n"),
                event("fail", "/broken", FailedBuild=f"{MODULE}/broken"),
            ],
        ),
        ("outside of its tests", [event("pass", "/broken", "TestX"), event("fail", "/broken")]),
    ],
)
def test_of_a_package_that_fails_by_itself_each_test_file_has_failed(
    found: Callable[..., Found], what: str, stream: list[str]
) -> None:
    report = found("go", "go test ./...", {"go-1.json": "\n".join(stream), "index.txt": INDEX})
    failed = [one for one, outcome in outcomes(report).items() if outcome == "failed"]
    assert failed == ["broken/x_test.go", "broken/y_test.go"], what
    if what == "since Go 1.24":
        assert report.cases is not None
        assert "x.go:3: undefined" in report.cases[0].text


def test_a_test_that_never_ended_has_failed(found: Callable[..., Found]) -> None:
    stream = [event("run", "/inner", "TestPanic"), event("pass", "/inner")]
    report = found("go", "go test ./...", {"go-1.json": "\n".join(stream), "index.txt": INDEX})
    assert outcomes(report) == {"inner/b_test.go::TestPanic": "failed"}


def test_a_failure_is_not_taken_back(found: Callable[..., Found]) -> None:
    stream = [event("fail", "/inner", "TestPanic"), event("pass", "/inner", "TestPanic")]
    report = found("go", "go test", {"go-1.json": "\n".join(stream), "index.txt": INDEX})
    assert outcomes(report) == {"inner/b_test.go::TestPanic": "failed"}


def test_lines_that_are_no_events_are_what_was_printed(found: Callable[..., Found]) -> None:
    stream = ["{not json", "[" * 50_000, "{" * 50_000, '{"Action": 1, "Package": 2, "Test": []}', "go: downloading x"]
    report = found("go", "go test", {"go-1.json": "\n".join(stream)})
    assert report.cases == ()
    assert "go: downloading x" in report.output


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("go test ./...", "go test -count=1 -json ./... >/r/go-1.json"),
        (
            "cd x && go test -json -count 2 2>&1 | tee log",
            "cd x && go test -json -count 2 2>&1 >/r/go-1.json | tee log",
        ),
        ("gotestsum -- ./...", "gotestsum --jsonfile=/r/go-1.json -- ./..."),
        ("go test a && go test b", "go test -count=1 -json a >/r/go-1.json && go test -count=1 -json b >/r/go-2.json"),
    ],
)
def test_the_call_of_go_test_is_told_to_report(command: str, told: str) -> None:
    made = RUNNER.tell(command, {}, (), "/r")
    assert made is not None
    assert made.command == told


@pytest.mark.parametrize("command", ["make test", "go vet ./...", "gotestsum --jsonfile x"])
def test_any_other_command_is_not_told(command: str) -> None:
    assert RUNNER.tell(command, {}, (), "/r") is None


@pytest.mark.parametrize(
    ("only", "narrowed"),
    [
        (
            ["a/x_test.go::TestA/sub", "a/x_test.go::TestB"],
            ["go test -race  ./a -run '^(TestA|TestB)$'", "go test -race  ./a"],
        ),
        (["x_test.go", "b::TestB"], ["go test -race  ./ ./b"]),
        (["b/x.go::T$(id)"], ["go test -race  ./b -run '^(T\\$\\(id\\))$'", "go test -race  ./b"]),
    ],
)
def test_packages_and_functions_take_the_place_of_what_the_call_names(only: list[str], narrowed: list[str]) -> None:
    assert list(RUNNER.narrowed("go test -race ./...", only)) == narrowed


def test_a_real_run(
    needs: Callable[[str], str], write: Callable[[Mapping[str, str]], None], run: Callable[..., TestReport]
) -> None:
    needs("go")
    write(
        {
            "go.mod": "module example.com/acme\n\ngo 1.19\n",
            "a_test.go": """
                package acme
                import "testing"
                func TestAdd(t *testing.T) { t.Run("one two", func(t *testing.T) {}) }
                func TestFail(t *testing.T) { t.Fatal("red") }
                """,
            "exits/e_test.go": """
                package exits
                import ("os"; "testing")
                func TestExit(t *testing.T) { os.Exit(0) }
                """,
            "broken/b_test.go": 'package broken\nimport "testing"\nfunc TestB(t *testing.T) { undefined() }\n',
        }
    )
    report = run("go test ./...", "go", env={"CGO_ENABLED": "0"})
    assert report.problem is None
    assert report.outcomes == {
        "a_test.go::TestAdd": Outcome.PASSED,
        "a_test.go::TestAdd/one_two": Outcome.PASSED,
        "a_test.go::TestFail": Outcome.FAILED,
        "broken/b_test.go": Outcome.FAILED,
        "exits/e_test.go::TestExit": Outcome.FAILED,
    }
    only = ["a_test.go::TestAdd"]
    assert run("go test ./...", "go", only, env={"CGO_ENABLED": "0"}).exit_code == 0, "nothing else was run"
