"""Settings come from many places, and the nearest to the user wins."""

import dataclasses
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from coderoute.domain.conversation import ModelRef
from coderoute.domain.money import PriceOverride
from coderoute.domain.plan import Kind
from coderoute.journal import from_json, to_json
from coderoute.settings import Route, Settings, user_file, user_prices
from coderoute.settings.keys import KEYS, ROUTES, Named
from coderoute.settings.schema import GithubSettings

Load = Callable[..., Settings]
Mistakes = Callable[..., list[str]]


EVERYTHING = """
[models.frontier]
provider = "openai"
model = "gpt-6.1-sol"
effort = "medium"
api = "responses"
api_key_env = "TEAM_KEY"
base_url = "https://gateway.example/v1"
fallback = []
[models.cheap]
provider = "anthropic"
model = "claude-haiku-5-5"
[models.premium]
provider = "anthropic"
model = "claude-opus-5-5"
[routes]
triage = "code"
edit.local = "frontier"
"edit.cross" = "human"
review = "premium"
[prices."openai:gpt-6.1-sol"]
input_usd_per_mtok = 2.10
output_usd_per_mtok = 10
cached_input_usd_per_mtok = 0.1
[test]
command = "python -m pytest -q tests"
framework = "pytest"
timeout_s = 60.5
env = { PYTHONHASHSEED = "0" }
[sandbox]
image = "python:3.12"
setup = ["pip install -e .", "make"]
runtime = "runsc"
cpus = 1.5
memory_mb = 4096
pids = 300
disk_mb = 2048
[verify]
mutation = true
[limits]
budget_usd = 7.25
review_reserve_usd = 0.50
max_turns = 20
diff_lines = 200
diff_files = 5
parallel_steps = 2
docker_runs = 3
[people]
usd_per_minute = 2
minutes_per_100_lines = 5.5
takeover_minutes = 45
[gate]
protected_paths = ["infra/"]
require_other_approver = true
[github]
draft = false
labels = ["bot"]
line_comments = true
[trust]
repository = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
all = true
"""


class TestDefaults:
    def test_nothing_written_is_fine(self, load_with: Load) -> None:
        assert load_with() == Settings()

    def test_empty_files_are_fine(self, load_with: Load) -> None:
        assert load_with(file="", coderoute_toml="", pyproject_toml="") == Settings()

    def test_the_defaults_are_those_of_the_design(self) -> None:
        defaults = Settings()
        assert (defaults.limits.budget_usd, defaults.limits.max_turns) == (Decimal("3.00"), 40)
        assert (defaults.limits.diff_lines, defaults.limits.diff_files, defaults.limits.parallel_steps) == (400, 10, 4)
        assert defaults.limits.docker_runs == 8
        assert (defaults.test.command, defaults.test.framework) == ("python -m pytest -q", "pytest")
        assert (defaults.test.timeout_s, defaults.people.usd_per_minute) == (900, Decimal("1.5"))
        assert (defaults.github.draft, defaults.gate.require_other_approver, defaults.trust.all) == (True, False, False)


class TestReading:
    def test_every_key_is_read(self, load_with: Load) -> None:
        settings = load_with(file=EVERYTHING)
        assert settings.models.frontier == ModelRef(
            provider="openai",
            model="gpt-6.1-sol",
            effort="medium",
            api="responses",
            api_key_env="TEAM_KEY",
            base_url="https://gateway.example/v1",
        )
        assert settings.models.cheap == ModelRef(provider="anthropic", model="claude-haiku-5-5")
        assert settings.models.premium == ModelRef(provider="anthropic", model="claude-opus-5-5", effort="high")
        assert settings.routes == {
            "triage": Route.CODE,
            "edit.local": Route.FRONTIER,
            "edit.cross": Route.HUMAN,
            "review": Route.PREMIUM,
        }
        assert settings.prices == {
            "openai:gpt-6.1-sol": PriceOverride(
                input_usd_per_mtok=Decimal("2.10"),
                output_usd_per_mtok=Decimal(10),
                cached_input_usd_per_mtok=Decimal("0.1"),
            )
        }
        assert dataclasses.asdict(settings.test) == {
            "command": "python -m pytest -q tests",
            "framework": "pytest",
            "timeout_s": 60.5,
            "env": {"PYTHONHASHSEED": "0"},
        }
        assert dataclasses.asdict(settings.sandbox) == {
            "image": "python:3.12",
            "dockerfile": None,
            "devcontainer": None,
            "build": None,
            "variables": {},
            "setup": ("pip install -e .", "make"),
            "runtime": "runsc",
            "cpus": 1.5,
            "memory_mb": 4096,
            "pids": 300,
            "disk_mb": 2048,
        }
        assert dataclasses.asdict(settings.limits) == {
            "budget_usd": Decimal("7.25"),
            "review_reserve_usd": Decimal("0.50"),
            "max_turns": 20,
            "diff_lines": 200,
            "diff_files": 5,
            "parallel_steps": 2,
            "docker_runs": 3,
        }
        assert dataclasses.asdict(settings.people) == {
            "usd_per_minute": Decimal(2),
            "minutes_per_100_lines": Decimal("5.5"),
            "takeover_minutes": Decimal(45),
        }
        assert settings.verify.mutation
        assert (settings.gate.protected_paths, settings.gate.require_other_approver) == (("infra/",), True)
        assert settings.github == GithubSettings(draft=False, labels=("bot",), line_comments=True)
        assert settings.trust.repository is not None
        assert (settings.trust.repository[:4], settings.trust.all) == ("0123", True)

    def test_every_key_has_its_place_in_the_settings(self) -> None:
        of_the_repository_s_files = {"build", "variables"}
        for section in dataclasses.fields(Settings):
            keys = KEYS.get(section.name)
            default = getattr(Settings(), section.name)
            if isinstance(keys, dict) and section.name not in ("models", "routes"):
                fields = {field.name for field in dataclasses.fields(default)}
                assert fields - of_the_repository_s_files == set(keys), section.name
        assert set(KEYS) == {field.name for field in dataclasses.fields(Settings)} - {"asked", "notes"}
        assert isinstance(KEYS["prices"], Named)

    def test_every_step_kind_has_a_route(self) -> None:
        assert {kind.value for kind in Kind} <= set(ROUTES)

    @pytest.mark.parametrize(
        ("written", "digits"), [("0.1", "0.1"), ("3.000000000000000000001", "3.000000000000000000001"), ("3", "3")]
    )
    def test_money_is_exact_from_every_source(self, load_with: Load, written: str, digits: str) -> None:
        for settings in (
            load_with(file=f"limits.budget_usd = {written}"),
            load_with(f"limits.budget_usd={written}"),
            load_with(CODEROUTE_LIMITS__BUDGET_USD=written),
        ):
            assert str(settings.limits.budget_usd) == digits

    @pytest.mark.parametrize(
        ("command", "framework"),
        [
            ("python -m pytest -q", "pytest"),
            ("py.test tests", "pytest"),
            ("make test", "exit-code"),
            ("python -m unittest -v", "unittest"),
            ("cd web && go test ./...", "go"),
            ("tox -e pytester", "exit-code"),
            ("", "pytest"),
        ],
    )
    def test_the_framework_follows_from_the_command(self, load_with: Load, command: str, framework: str) -> None:
        assert load_with(file=f'test.command = "{command}"').test.framework == framework

    def test_a_written_framework_stays(self, load_with: Load) -> None:
        assert load_with('test.framework="pytest"', "test.command=make test").test.framework == "pytest"


class TestPrecedence:
    def test_the_command_line_beats_the_environment_beats_the_users_file_beats_the_repository(
        self, load_with: Load
    ) -> None:
        sources: dict[str, Any] = {}
        seen = []
        for source, value in (
            ("coderoute_toml", 'test.command = "1"'),
            ("file", 'test.command = "2"'),
            ("CODEROUTE_TEST__COMMAND", "3"),
        ):
            sources[source] = value
            seen.append(load_with(**sources).test.command)
        seen.append(load_with("test.command=4", **sources).test.command)
        seen.append(load_with("test.command=4", "test.command=5", **sources).test.command)
        assert seen == ["1", "2", "3", "4", "5"]

    def test_a_source_sets_single_keys_and_leaves_the_others(self, load_with: Load) -> None:
        settings = load_with(
            "limits.max_turns=3", file="[limits]\ndiff_lines = 1\nmax_turns = 1", CODEROUTE_LIMITS__DIFF_FILES="2"
        )
        assert (settings.limits.diff_lines, settings.limits.diff_files, settings.limits.max_turns) == (1, 2, 3)

    def test_an_existing_path_on_the_command_line_is_a_file_in_its_turn(self, load_with: Load, tmp_path: Path) -> None:
        extra = tmp_path / "limits.max_turns=9"
        extra.write_text("limits.max_turns = 7\nlimits.diff_files = 3")
        assert load_with("limits.max_turns=8", str(extra)).limits.max_turns == 7
        assert load_with(str(extra), "limits.max_turns=8").limits.max_turns == 8

    def test_a_byte_order_mark_is_no_part_of_a_file(self, load_with: Load) -> None:
        assert load_with(file="\ufefflimits.max_turns = 7").limits.max_turns == 7
        assert load_with(coderoute_toml="\ufefflimits.max_turns = 7").limits.max_turns == 7


class TestEnvironment:
    def test_two_underscores_part_the_segments(self, load_with: Load) -> None:
        settings = load_with(CODEROUTE_MODELS__CHEAP__MODEL="gpt-6-luna", CODEROUTE_GATE__REQUIRE_OTHER_APPROVER="true")
        assert settings.models.cheap == ModelRef(provider="openai", model="gpt-6-luna")
        assert settings.gate.require_other_approver

    def test_the_names_of_test_variables_keep_their_case(self, load_with: Load) -> None:
        assert load_with(CODEROUTE_TEST__ENV__PyHash="0").test.env == {"PyHash": "0"}

    def test_a_route_of_a_step_kind_can_be_named(self, load_with: Load) -> None:
        assert load_with(CODEROUTE_ROUTES__EDIT__LOCAL="human").routes == {"edit.local": Route.HUMAN}

    def test_what_is_text_need_not_be_quoted_and_may_be(self, load_with: Load) -> None:
        assert load_with(CODEROUTE_TEST__COMMAND="true").test.command == "true"
        assert load_with(CODEROUTE_TEST__COMMAND='"true"').test.command == "true"
        assert load_with(CODEROUTE_TEST__COMMAND='"a"\nb = 2').test.command == '"a"\nb = 2'

    def test_lists_and_tables_are_toml(self, load_with: Load) -> None:
        settings = load_with(CODEROUTE_SANDBOX__SETUP='["make", "true"]', CODEROUTE_LIMITS="{ max_turns = 2 }")
        assert (settings.sandbox.setup, settings.limits.max_turns) == (("make", "true"), 2)

    def test_variables_of_ours_that_are_no_settings_are_left_alone(self, load_with: Load) -> None:
        assert load_with(CODEROUTE_STATE_DIR="/s", CODEROUTE_REQUIRE_DOCKER="1", CODEROUTES="x") == Settings()

    def test_a_variable_that_holds_a_models_key_is_left_alone(self, load_with: Load) -> None:
        settings = load_with("models.cheap.api_key_env=CODEROUTE_KEY", OPENAI_API_KEY="k", CODEROUTE_KEY="sk-secret")
        assert settings.models.cheap is not None
        assert settings.models.cheap.api_key_env == "CODEROUTE_KEY"


class TestCommandLine:
    @pytest.mark.parametrize(
        "key",
        [
            'prices."openai:gpt-6.1-sol".{}',
            "prices.'openai:gpt-6.1-sol'.{}",
            "prices.openai:gpt-6.1-sol.{}",
            ' prices."openai:gpt-6.1-sol".{} ',
        ],
    )
    def test_a_models_name_may_hold_dots(self, load_with: Load, key: str) -> None:
        written = [f"{key.format(field)}=0.10" for field in ("input_usd_per_mtok", "output_usd_per_mtok")]
        assert load_with(*written).prices == {
            "openai:gpt-6.1-sol": PriceOverride(input_usd_per_mtok=Decimal("0.10"), output_usd_per_mtok=Decimal("0.10"))
        }

    def test_a_value_may_hold_an_equals_sign(self, load_with: Load) -> None:
        assert load_with("test.command=A=1 make").test.command == "A=1 make"

    def test_an_empty_command_says_that_there_are_no_tests(self, load_with: Load) -> None:
        assert load_with("test.command=").test.command == ""


def test_settings_survive_the_journal(load_with: Load) -> None:
    settings = load_with(file=EVERYTHING)
    assert from_json(Settings, to_json(Settings, settings)) == settings


def test_settings_hold_no_key(load_with: Load) -> None:
    settings = load_with("models.cheap.api_key_env=TEAM_KEY", OPENAI_API_KEY="sk-secret-1", TEAM_KEY="sk-secret-2")
    assert "sk-secret" not in to_json(Settings, settings)


def test_prices_set_for_good_are_those_of_file_and_environment(tmp_path: Path) -> None:
    (tmp_path / "coderoute.toml").write_text('[prices."a:b"]\ninput_usd_per_mtok = 1\noutput_usd_per_mtok = 2\n')
    assert user_prices({"CODEROUTE_CONFIG_DIR": str(tmp_path)}) == {
        "a:b": PriceOverride(input_usd_per_mtok=Decimal(1), output_usd_per_mtok=Decimal(2))
    }


class TestPlaces:
    def test_the_environment_chooses_the_folder(self) -> None:
        assert user_file({"CODEROUTE_CONFIG_DIR": "/c"}) == Path("/c/coderoute.toml")

    def test_a_relative_folder_becomes_absolute(self) -> None:
        assert user_file({"CODEROUTE_CONFIG_DIR": "c"}) == Path.cwd() / "c" / "coderoute.toml"

    def test_without_a_word_it_is_the_users_own(self) -> None:
        assert user_file({}).parent.name == "coderoute"
