"""`init` on real folders: what it writes, what it prints, what it refuses, and that it runs and follows nothing."""

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.cli.conftest import Desk

PYPROJECT = """\
[build-system]
requires = ["hatchling", "hatch-vcs"]
[project]
name = "shout"
dynamic = ["version"]
optional-dependencies.tests = ["pytest>=8"]
[tool.pytest.ini_options]
addopts = "-ra"
"""


def written(desk: "Desk") -> dict[str, dict[str, object]]:
    return tomllib.loads((desk.repo / "coderoute.toml").read_text("utf-8"))


def test_it_writes_what_it_found_and_says_why(desk: "Desk") -> None:
    desk.commit({"pyproject.toml": PYPROJECT})
    desk.git("tag", "v1.2.0")
    desk.git("tag", "v1.10.0")
    desk.git("tag", "nightly")
    desk.git("pack-refs", "--all")
    desk.git("tag", "1.9")

    ended = desk("init", "--repo", desk.repo)

    assert ended.code == 0
    assert written(desk) == {
        "test": {"command": "python -m pytest -q"},
        "sandbox": {"setup": ["SETUPTOOLS_SCM_PRETEND_VERSION=1.10.0 pip install -e '.[tests]'"]},
    }
    assert "pyproject.toml has [tool.pytest.ini_options]" in ended.out
    assert "a verdict per test" in ended.out
    assert f"wrote {desk.repo}/coderoute.toml" in ended.out
    assert "commit it" in ended.out
    assert "doctor" in ended.out


def test_what_it_wrote_is_what_a_run_then_asks_consent_for(desk: "Desk") -> None:
    desk.commit({"pyproject.toml": PYPROJECT})
    desk("init", "--repo", desk.repo)
    desk.commit({})

    checks = {check["name"]: check for check in desk("doctor", "--repo", desk.repo, "--json").json["checks"]}

    assert checks["git"]["ok"], "its settings are right"
    assert "missing" in checks["consent"]["detail"]
    assert "pip install -e '.[tests]'" in checks["set-up"]["detail"]


def test_its_document_has_all_of_it(desk: "Desk") -> None:
    desk.commit({"package.json": '{"scripts": {"test": "jest"}}', "api/go.mod": "module x\n", "web.ts": "", "x.ts": "",
                 "y.ts": ""})  # fmt: skip

    found = desk("init", "--repo", desk.repo, "--json").json

    assert found["path"] == str(desk.repo / "coderoute.toml")
    assert (found["found"]["language"], found["found"]["command"], found["framework"]) == ("Node", "npm test", "jest")
    assert {other["language"] for other in found["others"]} == {"Python", "Go"}
    assert written(desk)["test"]["framework"] == "jest"


def test_a_toolchain_that_the_sandbox_has_not_is_said_on_screen_and_in_the_file(desk: "Desk") -> None:
    desk.git("rm", "-rq", ".")
    desk.commit({"go.mod": "module x\n\ngo 1.23\n", "x_test.go": ""})

    ended = desk("init", "--repo", desk.repo)

    assert "no Go: name an image that has" in ended.out
    assert "sandbox.image = golang:1.23, for example" in ended.out
    assert '#image = "golang:1.23"' in (desk.repo / "coderoute.toml").read_text()


def test_where_nothing_is_known_the_file_says_so(desk: "Desk") -> None:
    desk.git("rm", "-rq", ".")
    desk.commit({"notes.txt": ""})

    ended = desk("init", "--repo", desk.repo)

    assert ended.code == 0
    assert "none found" in ended.out
    assert written(desk) == {"test": {}, "sandbox": {}}
    assert "No test command was found" in (desk.repo / "coderoute.toml").read_text()


def test_a_file_that_is_there_is_left_alone(desk: "Desk") -> None:
    (desk.repo / "coderoute.toml").write_text("# mine\n")

    ended = desk("init", "--repo", desk.repo)

    assert ended.code == 4
    assert "--force" in ended.err
    assert (desk.repo / "coderoute.toml").read_text() == "# mine\n"


def test_unless_it_is_told_to_replace_it(desk: "Desk") -> None:
    (desk.repo / "coderoute.toml").write_text("# mine\n")

    ended = desk("init", "--repo", desk.repo, "--force")

    assert (ended.code, "replaced" in ended.out) == (0, True)
    assert "# mine" not in (desk.repo / "coderoute.toml").read_text()


def test_settings_in_pyproject_are_not_put_out_of_use(desk: "Desk") -> None:
    desk.commit({"pyproject.toml": "[tool.coderoute.limits]\nmax_turns = 3\n"})

    ended = desk("init", "--repo", desk.repo)

    assert ended.code == 4
    assert "[tool.coderoute]" in ended.err
    assert not (desk.repo / "coderoute.toml").exists()


def test_no_repository_is_a_bad_argument(desk: "Desk") -> None:
    (desk.folder / "plain").mkdir()

    assert desk("init", "--repo", "plain").code == 2
    assert desk("init", "--repo", "nowhere").code == 2
    assert list((desk.folder / "plain").iterdir()) == []


def test_a_repository_without_a_commit_is_good_enough(desk: "Desk") -> None:
    fresh = desk.folder / "fresh"
    fresh.mkdir()
    desk.git("init", "-q", repo=fresh)
    (fresh / "test_x.py").write_text("")

    assert desk("init", "--repo", fresh).code == 0
    assert (fresh / "coderoute.toml").exists()


def test_from_a_folder_inside_it_writes_at_the_top(desk: "Desk", monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(desk.repo / "tests")

    assert desk("init").code == 0
    assert (desk.repo / "coderoute.toml").exists()


def test_a_folder_that_cannot_be_written_to_is_named(desk: "Desk") -> None:
    (desk.repo / "coderoute.toml").mkdir()

    ended = desk("init", "--repo", desk.repo, "--force")

    assert ended.code == 2
    assert "cannot be written" in ended.err
    assert [path.name for path in desk.repo.iterdir() if path.name.startswith(".coderoute")] == []


class TestTreesNobodyShouldTrust:
    def test_a_link_in_the_file_s_place_is_replaced_and_not_written_through(self, desk: "Desk") -> None:
        outside = desk.folder / "outside"
        outside.write_text("precious")
        (desk.repo / "coderoute.toml").symlink_to(outside)

        assert desk("init", "--repo", desk.repo).code == 4
        assert desk("init", "--repo", desk.repo, "--force").code == 0
        assert outside.read_text() == "precious"
        assert not (desk.repo / "coderoute.toml").is_symlink()

    def test_links_pipes_and_huge_files_are_not_read(self, desk: "Desk") -> None:
        (desk.folder / "outside.toml").write_text(PYPROJECT)
        (desk.repo / "pyproject.toml").symlink_to(desk.folder / "outside.toml")
        os.mkfifo(desk.repo / "tox.ini")
        (desk.repo / "setup.cfg").write_text("[tool:pytest]\n" + "#" * 2_000_000)

        found = desk("init", "--repo", desk.repo, "--json").json["found"]

        assert "names no other runner" in found["why_command"]

    def test_no_code_of_the_repository_runs(self, desk: "Desk") -> None:
        mark = desk.folder / "ran"
        evil = f"import pathlib; pathlib.Path({str(mark)!r}).touch()\n"
        desk.commit({"setup.py": evil, "conftest.py": evil, "noxfile.py": evil, "sitecustomize.py": evil})
        desk.git("config", "core.fsmonitor", f"touch {mark}")

        assert desk("init", "--repo", desk.repo).code == 0
        assert not mark.exists()

    def test_names_are_shown_as_they_are(self, desk: "Desk") -> None:
        evil = "\u202e]31m\x1b[31m"
        desk.commit(
            {f"a{evil}/go.mod": "module x\n", "pyproject.toml": f'[project]\nname="x"\nrequires-python="{evil[:6]}"'}
        )

        ended = desk("init", "--repo", desk.repo)

        assert ended.code == 0
        assert "\u202e" not in ended.out
        assert "\x1b" not in ended.out


def test_but_its_one_file_nothing_is_changed(desk: "Desk") -> None:
    before = {path: path.stat().st_mtime_ns for path in desk.repo.rglob("*") if path.is_file()}

    desk("init", "--repo", desk.repo)

    after = {path: path.stat().st_mtime_ns for path in desk.repo.rglob("*") if path.is_file()}
    assert after.keys() - before.keys() == {Path(desk.repo / "coderoute.toml")}
    assert all(after[path] == time for path, time in before.items())
