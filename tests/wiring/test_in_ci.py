"""Whether a run began in CI is read from the environment."""

import pytest

from coderoute.wiring.terms import in_ci


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, False),
        ({"CI": "true"}, True),
        ({"CI": "1"}, True),
        ({"GITHUB_ACTIONS": "true"}, True),
        ({"JENKINS_URL": "https://ci.example.invalid"}, True),
        ({"CI": "false"}, False),
        ({"CI": ""}, False),
        ({"CI": "0"}, False),
        ({"CI": "false", "GITHUB_ACTIONS": "true"}, True),
    ],
)
def test_that_this_is_ci_is_read_from_the_environment(environ: dict[str, str], expected: bool) -> None:
    assert in_ci(environ) is expected
