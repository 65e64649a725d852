import pytest

from coderoute.domain.file_kinds import is_code, is_prose, is_test


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("tests/test_a.py", True),
        ("test_a.py", True),
        ("pkg/a_test.go", True),
        ("web/a.spec.ts", True),
        ("web/__tests__/a.js", True),
        ("src/FooTest.java", True),
        ("app/tests.py", True),
        ("testing/benchmark.py", True),
        ("pkg/testing.py", True),
        ("pkg/test_data/in.txt", True),
        ("app/fixtures/users.json", True),
        ("unit_tests/a.json", True),
        ("tests-integration/a.py", True),
        ("ab_test/model.py", False),
        ("pkg/test_rig/model.py", False),
        ("pkg/testdata/a.txt", True),
        ("src/x.approved.txt", True),
        ("src/latest.py", False),
        ("src/contest.py", False),
        ("src/attestation.py", False),
        ("src/greatest_hits.py", False),
    ],
)
def test_tests_are_known_by_the_names_that_runners_use(path: str, expected: bool) -> None:
    assert is_test(path) is expected


@pytest.mark.parametrize(
    ("path", "kinds"),
    [
        ("src/a.py", (True, False)),
        ("src/A.TSX", (True, False)),
        ("README.md", (False, True)),
        ("data.json", (False, False)),
        ("Makefile", (False, False)),
        (".py", (True, False)),
    ],
)
def test_code_and_prose_are_known_by_their_endings(path: str, kinds: tuple[bool, bool]) -> None:
    assert (is_code(path), is_prose(path)) == kinds
