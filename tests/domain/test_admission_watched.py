"""Which files a person must look at when they change."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coderoute.domain.watched import MANIFESTS, matches, watched


def rules(path: str, old: bytes | None = b"a", new: bytes | None = b"b") -> list[str]:
    return [rule for rule, _ in watched(path, old, new)]


@pytest.mark.parametrize(
    ("path", "rule"),
    [
        (".github/workflows/test.yml", "path.ci"),
        (".GitHub/dependabot.yml", "path.ci"),
        (".ｇｉｔｈｕｂ/workflows/x.yml", "path.ci"),
        (".gitlab-ci.yml", "path.ci"),
        ("Jenkinsfile", "path.ci"),
        (".circleci/config.yml", "path.ci"),
        ("tests/conftest.py", "tests.harness"),
        ("tests/CONFTEST.PY", "tests.harness"),
        ("pytest.ini", "tests.harness"),
        ("tox.ini", "tests.harness"),
        (".coveragerc", "tests.harness"),
        ("web/jest.config.ts", "tests.harness"),
        ("setup.py", "path.autoexec"),
        ("src/sitecustomize.py", "path.autoexec"),
        ("src/evil.pth", "path.autoexec"),
        ("Makefile", "path.autoexec"),
        ("docker/Dockerfile.dev", "path.autoexec"),
        (".vscode/tasks.json", "path.autoexec"),
        (".pre-commit-config.yaml", "path.autoexec"),
        (".envrc", "path.autoexec"),
        (".npmrc", "path.autoexec"),
        (".gdbinit", "path.autoexec"),
        ("sub/.pdbrc", "path.autoexec"),
        ("x.code-workspace", "path.autoexec"),
        (".mvn/extensions.xml", "path.autoexec"),
        ("Directory.Build.props", "path.autoexec"),
        ("web/webpack.config.mjs", "path.autoexec"),
        ("debian/rules", "path.autoexec"),
        ("netlify.toml", "path.ci"),
        (".kiro/steering/x.md", "path.agent"),
        ("requirements-dev.txt", "deps.changed"),
        ("requirements/base.txt", "deps.changed"),
        ("poetry.lock", "deps.changed"),
        ("web/package-lock.json", "deps.changed"),
        ("go.sum", "deps.changed"),
        ("Cargo.toml", "deps.changed"),
        ("AGENTS.md", "path.agent"),
        ("sub/CLAUDE.md", "path.agent"),
        (".cursor/rules/x.mdc", "path.agent"),
        (".cursorrules", "path.agent"),
        (".mcp.json", "path.agent"),
        ("coderoute.toml", "path.agent"),
        (".gitattributes", "path.git"),
        ("docs/.gitignore", "path.git"),
        ("LICENSE", "path.legal"),
        ("LICENSE-MIT", "path.legal"),
        ("SECURITY.md", "path.legal"),
        ("docs/CODEOWNERS", "path.legal"),
    ],
)
def test_a_file_with_power_is_watched(path: str, rule: str) -> None:
    assert rules(path) == [rule]


@pytest.mark.parametrize(
    "path",
    [
        "src/app.py",
        "README.md",
        "docs/index.md",
        "src/security/auth.py",
        "src/license_check.py",
        "licenses/list.py",
        "src/configure.py",
        "app/tasks.py",
        "tests/test_conftest.py",
        "src/github/client.py",
        "notice.py",
        "src/makefile_parser.py",
        "requirements.md",
        "src/copying.py",
    ],
)
def test_a_file_that_only_sounds_like_one_is_not(path: str) -> None:
    assert rules(path) == []


PROJECT = b"""[project]
name = "x"
version = "1"
dependencies = ["a"]
[build-system]
requires = ["hatchling"]
[tool.pytest.ini_options]
addopts = "-q"
[tool.ruff]
line-length = 100
[tool.other]
x = 1
"""


@pytest.mark.parametrize(
    ("path", "old", "change", "expected"),
    [
        ("pyproject.toml", PROJECT, (b'version = "1"', b'version = "2"'), []),
        ("pyproject.toml", PROJECT, (b"line-length = 100", b"line-length = 120"), []),
        ("pyproject.toml", PROJECT, (b'["a"]', b'["a", "b"]'), ["deps.changed"]),
        ("pyproject.toml", PROJECT, (b"hatchling", b"other"), ["deps.changed"]),
        ("pyproject.toml", PROJECT, (b"x = 1", b"x = 2"), ["deps.changed"]),
        ("pyproject.toml", PROJECT, (b"-q", b"-q --deselect a"), ["tests.harness"]),
        ("pyproject.toml", PROJECT, (b"[tool.ruff]", b"[tool.coverage.run]\nx = 1\n[tool.ruff]"), ["tests.harness"]),
        ("pyproject.toml", PROJECT, (b"[tool.ruff]", b"[tool.coderoute.gate]\nx = 1\n[tool.ruff]"), ["path.agent"]),
        ("sub/PyProject.toml", PROJECT, (b'["a"]', b'["b"]'), ["deps.changed"]),
        ("pyproject.toml", PROJECT, (b'["a"]', b"[[["), ["tests.harness", "path.autoexec", "deps.changed"]),
        ("setup.cfg", b"[tool:pytest]\naddopts = -q\n", (b"-q", b"-k x"), ["tests.harness"]),
        ("setup.cfg", b"[options]\ninstall_requires = a\n", (b"= a", b"= b"), ["deps.changed"]),
        ("setup.cfg", b"[flake8]\nx = 1\n", (b"1", b"2"), []),
        ("setup.cfg", b"[DEFAULT]\nx = 1\n", (b"1", b"2"), ["deps.changed"]),
        ("package.json", b'{"version": "1", "jest": {}}', (b'"1"', b'"2"'), []),
        ("package.json", b'{"version": "1", "jest": {}}', (b"{}", b'{"a": 1}'), ["tests.harness"]),
        ("package.json", b'{"scripts": {}}', (b"{}", b'{"postinstall": "x"}'), ["path.autoexec"]),
        ("package.json", b'{"dependencies": {}}', (b"{}", b'{"x": "1"}'), ["deps.changed"]),
        ("package.json", b"{}", (b"{}", b"[]"), ["tests.harness", "path.autoexec", "deps.changed"]),
    ],
)
def test_a_manifest_is_watched_by_the_parts_that_differ(
    path: str, old: bytes, change: tuple[bytes, bytes], expected: list[str]
) -> None:
    assert change[0] in old
    assert rules(path, old, old.replace(*change)) == expected


HARNESS = b"""[tool.pytest.ini_options]
addopts = "-q"
testpaths = ["tests"]
markers = ["slow"]
filterwarnings = ["error"]
[tool.coverage.report]
fail_under = 90
"""


@pytest.mark.parametrize(
    ("path", "old", "change", "said"),
    [
        ("pyproject.toml", HARNESS, (b"= 90", b"= 50"), "tool.coverage.report.fail_under was `90`, is `50`"),
        ("pyproject.toml", HARNESS, (b"fail_under = 90", b""), "tool.coverage.report.fail_under was `90`, is not set"),
        ("pyproject.toml", HARNESS, (b"fail_under", b"omit = ['a.py']\nfail_under"), "omit was not set, is `['a.py']`"),
        ("pyproject.toml", HARNESS, (b"-q", b"-q -k fast"), "addopts was `-q`, is `-q -k fast`"),
        ("pyproject.toml", HARNESS, (b'["tests"]', b'["none"]'), "testpaths was `['tests']`, is `['none']`"),
        ("pyproject.toml", HARNESS, (b'["error"]', b'["error", "ignore"]'), "filterwarnings was"),
        ("pyproject.toml", HARNESS, (b'["error"]', b"[]"), "filterwarnings was `['error']`, is `[]`"),
        (
            "pyproject.toml",
            HARNESS,
            (b"[tool.cov", b"[project.entry-points.pytest11]\nx = 'y'\n[tool.cov"),
            "pytest11.x",
        ),
        ("setup.cfg", b"[tool:pytest]\naddopts = -q\n", (b"-q", b"-x"), "tool:pytest.addopts was `-q`, is `-x`"),
        ("pytest.ini", b"[pytest]\npython_files = test_*.py\n", (b"test_*.py", b"no_*.py"), "python_files was"),
        (".coveragerc", b"[report]\nfail_under = 90\n", (b"90", b"89"), "report.fail_under was `90`, is `89`"),
        ("tox.ini", b"[pytest]\nnorecursedirs = x\n", (b"= x", b"= tests"), "norecursedirs was `x`, is `tests`"),
        ("package.json", b'{"jest": {"bail": 0}}', (b"0", b"1"), "jest.bail was `0`, is `1`"),
    ],
)
def test_a_setting_of_the_tests_is_told_as_it_was_and_is(
    path: str, old: bytes, change: tuple[bytes, bytes], said: str
) -> None:
    assert change[0] in old
    told = dict(watched(path, old, old.replace(*change, 1)))
    assert said in told["tests.harness"]


@pytest.mark.parametrize(
    ("path", "old", "change"),
    [
        ("pyproject.toml", HARNESS, (b"= 90", b"= 95")),
        ("pyproject.toml", HARNESS, (b'["slow"]', b'["slow", "fast"]')),
        ("pyproject.toml", HARNESS, (b'["error"]', b'["error", "error::UserWarning"]')),
        ("pyproject.toml", HARNESS, (b"markers", b"xfail_strict = true\nmarkers")),
        (".coveragerc", b"[report]\nfail_under = 90\n", (b"90", b"91")),
    ],
)
def test_a_stricter_setting_is_left_in_peace(path: str, old: bytes, change: tuple[bytes, bytes]) -> None:
    assert change[0] in old
    assert rules(path, old, old.replace(*change, 1)) == []


@pytest.mark.parametrize("data", [b"\xff", b"[" * 100_000, b"a = " + b"[" * 100_000, b'{"a":' * 100_000])
@pytest.mark.parametrize("name", MANIFESTS)
def test_a_manifest_nobody_can_read_concerns_every_rule(name: str, data: bytes) -> None:
    assert rules(name, None, data) == ["tests.harness", "path.autoexec", "deps.changed"]


def test_a_manifest_that_comes_or_goes_is_watched_by_what_it_holds() -> None:
    assert rules("pyproject.toml", None, PROJECT) == rules("pyproject.toml", PROJECT, None) == [
        "tests.harness",
        "deps.changed",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("migrations", "app/migrations/0001.py", True),
        ("migrations/", "app/migrations/0001.py", True),
        ("migrations/", "app/migrations", False),
        ("*.sql", "db/a.sql", True),
        ("*.sql", "db/a.SQL", True),
        ("db/*.sql", "db/a.sql", True),
        ("db/*.sql", "db/old/a.sql", False),
        ("db/**/*.sql", "db/old/older/a.sql", True),
        ("db/**", "db/a/b.py", True),
        ("db/**", "other/db/a.py", False),
        ("/setup.py", "setup.py", True),
        ("/setup.py", "sub/setup.py", False),
        ("src/core", "src/core/a.py", True),
        ("src/core", "src/corelib/a.py", False),
        ("src/*/api", "src/x/api/a.py", True),
        ("Straße", "STRASSE/a.py", True),
        ("ﬁle.py", "file.py", True),
        ("a?.py", "ab.py", True),
        ("**", "anything/at/all", True),
    ],
)
def test_a_pattern_of_the_user(pattern: str, path: str, fits: bool) -> None:
    assert matches(path, [pattern]) is fits


def test_a_pattern_made_to_hurt_still_answers() -> None:
    assert not matches("a" * 250 + "b", ["*a" * 100 + "c"])
    assert not matches("/".join("a" * 60), ["**/a/" * 30 + "b"])


@given(st.text(min_size=1, max_size=30))
def test_a_path_fits_itself_and_the_folder_above(path: str) -> None:
    if not any(char in path for char in "*?[/"):
        assert matches(path, [f"/{path}"])
        assert matches(f"{path}/below", [f"{path}/"])
