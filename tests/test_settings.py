"""Settings come from many places; the nearest to the user wins, and a mistake anywhere says what it is and where."""

import dataclasses
from collections.abc import Callable, Sequence
from contextlib import suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from coderoute.domain.conversation import ModelRef
from coderoute.domain.money import PriceOverride
from coderoute.domain.plan import Kind
from coderoute.errors import ConfigurationError
from coderoute.journal import from_json, to_json
from coderoute.settings import RepositoryFiles, Route, Settings, load, require_keys, state_dir, user_file, user_prices
from coderoute.settings.keys import KEYS, ROUTES, Named

Load = Callable[..., Settings]

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
mutation = false
[limits]
budget_usd = 7.25
review_reserve_usd = 0.50
max_turns = 20
diff_lines = 200
diff_files = 5
parallel_steps = 2
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
[trust]
repository = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
all = true
"""


@pytest.fixture
def load_with(tmp_path: Path) -> Load:
    """load, with texts for the user's file and the repository's, and only the given environment."""

    def load_with(
        *overrides: str,
        file: str | None = None,
        coderoute_toml: str | None = None,
        pyproject_toml: str | None = None,
        **environ: str,
    ) -> Settings:
        environ = {"CODEROUTE_CONFIG_DIR": str(tmp_path), **environ}
        if file is not None:
            (tmp_path / "coderoute.toml").write_text(file, encoding="utf-8")
        files = RepositoryFiles(coderoute_toml=coderoute_toml, pyproject_toml=pyproject_toml)
        return load(environ=environ, overrides=overrides, files=files)

    return load_with


def mistakes(load_with: Load, *overrides: str, **sources: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        load_with(*overrides, **sources)
    return refused.value.problem.split("\n")


class TestDefaults:
    def test_nothing_written_is_fine(self, load_with: Load) -> None:
        assert load_with() == Settings()

    def test_empty_files_are_fine(self, load_with: Load) -> None:
        assert load_with(file="", coderoute_toml="", pyproject_toml="") == Settings()

    def test_the_defaults_are_those_of_the_design(self) -> None:
        defaults = Settings()
        assert (defaults.limits.budget_usd, defaults.limits.max_turns) == (Decimal("3.00"), 40)
        assert (defaults.limits.diff_lines, defaults.limits.diff_files, defaults.limits.parallel_steps) == (400, 10, 4)
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
        }
        assert dataclasses.asdict(settings.people) == {
            "usd_per_minute": Decimal(2),
            "minutes_per_100_lines": Decimal("5.5"),
            "takeover_minutes": Decimal(45),
        }
        assert (settings.gate.protected_paths, settings.gate.require_other_approver) == (("infra/",), True)
        assert (settings.github.draft, settings.github.labels) == (False, ("bot",))
        assert settings.trust.repository is not None
        assert (settings.trust.repository[:4], settings.trust.all) == ("0123", True)

    def test_every_key_has_its_place_in_the_settings(self) -> None:
        known_later = {("sandbox", "dockerfile"), ("sandbox", "devcontainer")}
        for section in dataclasses.fields(Settings):
            keys = KEYS.get(section.name)
            default = getattr(Settings(), section.name)
            if isinstance(keys, dict) and section.name not in ("models", "routes"):
                fields = {field.name for field in dataclasses.fields(default)}
                assert fields == {key for key in keys if (section.name, key) not in known_later}, section.name
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
        assert load_with(CODEROUTE_TEST__COMMAND="a = 1\nb = 2").test.command == "a = 1\nb = 2"

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


class TestModels:
    @pytest.mark.parametrize(
        ("keys", "frontier", "cheap"),
        [
            (["ANTHROPIC_API_KEY"], "anthropic:claude-opus-5-5", "anthropic:claude-haiku-5-5"),
            (["OPENAI_API_KEY"], "openai:gpt-6.1-sol", "openai:gpt-6-luna"),
            (["OPENAI_API_KEY", "ANTHROPIC_API_KEY"], "anthropic:claude-opus-5-5", "anthropic:claude-haiku-5-5"),
        ],
    )
    def test_the_key_that_is_there_chooses_the_models(
        self, load_with: Load, keys: list[str], frontier: str, cheap: str
    ) -> None:
        models = load_with(**dict.fromkeys(keys, "k")).models
        assert models.frontier is not None
        assert models.cheap is not None
        assert (models.frontier.name, models.frontier.effort, models.cheap.name) == (frontier, "high", cheap)
        assert models.premium == models.frontier

    def test_without_a_key_and_a_word_there_are_none(self, load_with: Load) -> None:
        models = load_with(OPENAI_API_KEY="").models
        assert (models.frontier, models.cheap, models.premium) == (None, None, None)

    @pytest.mark.parametrize(
        ("written", "expected"),
        [
            ('effort = "low"', ModelRef(provider="anthropic", model="claude-opus-5-5", effort="low")),
            ('model = "claude-x"', ModelRef(provider="anthropic", model="claude-x")),
            ('model = "gpt-x"', ModelRef(provider="openai", model="gpt-x")),
            ('model = "qwen"', ModelRef(provider="anthropic", model="qwen")),
            ('provider = "openai"', ModelRef(provider="openai", model="gpt-6.1-sol", effort="high")),
            ('provider = "openai"\nmodel = "claude-x"', ModelRef(provider="openai", model="claude-x")),
            ('model = "o3"\neffort = "low"', ModelRef(provider="openai", model="o3", effort="low")),
        ],
    )
    def test_what_is_not_written_of_a_model_follows_from_the_rest(
        self, load_with: Load, written: str, expected: ModelRef
    ) -> None:
        assert load_with(file=f"[models.frontier]\n{written}", ANTHROPIC_API_KEY="k").models.frontier == expected

    def test_premium_is_the_frontier_model_but_for_what_is_written(self, load_with: Load) -> None:
        frontier = '[models.frontier]\nmodel = "gpt-x"\nbase_url = "https://g.example"\napi_key_env = "K"\n'
        assert load_with(file=frontier + '[models.premium]\neffort = "high"').models.premium == ModelRef(
            provider="openai", model="gpt-x", effort="high", base_url="https://g.example", api_key_env="K"
        )

    def test_another_provider_takes_no_address_or_key_of_the_first(self, load_with: Load) -> None:
        frontier = '[models.frontier]\nmodel = "gpt-x"\nbase_url = "https://g.example"\napi_key_env = "K"\n'
        assert load_with(file=frontier + '[models.premium]\nmodel = "claude-x"').models.premium == ModelRef(
            provider="anthropic", model="claude-x"
        )

    def test_a_model_of_an_unknown_family_needs_a_provider(self, load_with: Load) -> None:
        assert mistakes(load_with, "models.cheap.model=qwen") == [
            "settings: models.cheap.provider: is missing; write anthropic or openai"
        ]


class TestKeys:
    def test_keys_that_are_there_are_enough(self, load_with: Load) -> None:
        environ = {"ANTHROPIC_API_KEY": "k", "TEAM_KEY": "t"}
        settings = load_with("models.cheap.api_key_env=TEAM_KEY", **environ)
        require_keys(settings, environ)

    def test_each_missing_key_is_named_with_its_model(self, load_with: Load) -> None:
        settings = load_with(
            "models.cheap.model=gpt-6-luna", "models.premium.api_key_env=TEAM_KEY", ANTHROPIC_API_KEY="k"
        )
        with pytest.raises(ConfigurationError) as refused:
            require_keys(settings, {"OPENAI_API_KEY": ""})
        assert refused.value.problem.split("\n") == [
            "models.frontier (anthropic:claude-opus-5-5): its key is missing: ANTHROPIC_API_KEY is not set",
            "models.cheap (openai:gpt-6-luna): its key is missing: OPENAI_API_KEY is not set",
            "models.premium (anthropic:claude-opus-5-5): its key is missing: TEAM_KEY is not set",
        ]
        assert refused.value.exit_code == 78

    def test_without_any_model_both_variables_are_named(self, load_with: Load) -> None:
        with pytest.raises(ConfigurationError, match="neither ANTHROPIC_API_KEY nor OPENAI_API_KEY is set"):
            require_keys(load_with(), {})

    def test_a_key_is_not_sent_to_an_open_address_from_the_environment(self, load_with: Load) -> None:
        environ = {"ANTHROPIC_API_KEY": "k", "ANTHROPIC_BASE_URL": "http://gateway.example"}
        with pytest.raises(ConfigurationError, match="ANTHROPIC_BASE_URL must be an https address"):
            require_keys(load_with(**environ), environ)
        require_keys(load_with(**environ), environ | {"ANTHROPIC_BASE_URL": "http://127.0.0.1:8080"})


SECTIONS = "there are models, routes, prices, test, sandbox, verify, limits, people, gate, github, trust"
ADDRESS = "must be an https address (or http on this machine) without user, password, query and fragment"
MISTAKES = [
    ("limits.budjet_usd = 1", "limits.budjet_usd: unknown key; did you mean limits.budget_usd?"),
    ("budget_usd = 1", "budget_usd: unknown key; did you mean limits.budget_usd?"),
    ("[limit]\nbudget_usd = 1", "limit: unknown key; did you mean limits?"),
    ("xyzzy = 1", "xyzzy: unknown key; " + SECTIONS),
    ('"a\\nb\\u202e" = 1', '"a\\nb\\u202e": unknown key; ' + SECTIONS),
    ("limits = 3", "limits = 3: must be a table"),
    ("limits.budget_usd = 0", "limits.budget_usd = 0: must be a number above zero"),
    ("limits.budget_usd = -1", "limits.budget_usd = -1: must be a number above zero"),
    ("limits.budget_usd = nan", "limits.budget_usd = NaN: must be a number above zero"),
    ("limits.budget_usd = inf", "limits.budget_usd = Infinity: must be a number above zero"),
    ("limits.budget_usd = true", "limits.budget_usd = true: must be a number above zero"),
    ('limits.budget_usd = "1"', 'limits.budget_usd = "1": must be a number above zero'),
    ("limits.budget_usd = { a = 1 }", "limits.budget_usd = a table: must be a number above zero"),
    ("limits.review_reserve_usd = -1", "limits.review_reserve_usd = -1: must be a number, zero or more"),
    ("limits.max_turns = 0", "limits.max_turns = 0: must be a whole number from 1 to 10000"),
    ("limits.max_turns = 1.5", "limits.max_turns = 1.5: must be a whole number from 1 to 10000"),
    ("limits.max_turns = true", "limits.max_turns = true: must be a whole number from 1 to 10000"),
    ("limits.diff_lines = 0", "limits.diff_lines = 0: must be a whole number from 1 to 1000000"),
    ("limits.diff_files = 0", "limits.diff_files = 0: must be a whole number from 1 to 100000"),
    ("limits.parallel_steps = 65", "limits.parallel_steps = 65: must be a whole number from 1 to 64"),
    ("test.timeout_s = 0", "test.timeout_s = 0: must be a number above zero, at most 86400"),
    ("test.timeout_s = 1e9", "test.timeout_s = 1E+9: must be a number above zero, at most 86400"),
    ("test.command = 1", "test.command = 1: must be text"),
    ('test.command = "a\\u0000"', 'test.command = "a\\u0000": must be text'),
    ('test.framework = "nose"', 'test.framework = "nose": must be pytest or exit-code'),
    ("test.env.A = 0", "test.env.A = 0: must be text"),
    ('test.env."A-B" = "0"', "test.env.A-B: its name must be a variable's name"),
    ('test.env = "A=0"', 'test.env = "A=0": must be a table'),
    ('sandbox.image = "a b"', 'sandbox.image = "a b": must be a word without spaces'),
    ('sandbox.image = "--privileged"', 'sandbox.image = "--privileged": must be a word without spaces'),
    ('sandbox.setup = "make"', 'sandbox.setup = "make": must be a list of texts, such as ["one", "two"]'),
    ('sandbox.setup = ["make", 1]', 'sandbox.setup = ["make", 1]: must be a list of texts, such as ["one", "two"]'),
    ('sandbox.setup = [""]', 'sandbox.setup = [""]: must be a list of texts, such as ["one", "two"]'),
    ('sandbox.setup = ["\\u0000"]', 'sandbox.setup = ["\\u0000"]: must not hold the character NUL'),
    (
        'sandbox.runtime = "a b"',
        'sandbox.runtime = "a b": must be the name of a container runtime, such as runsc',
    ),
    ("sandbox.cpus = 0", "sandbox.cpus = 0: must be a number above zero, at most 1024"),
    ("sandbox.memory_mb = 100", "sandbox.memory_mb = 100: must be a whole number from 256 to 4194304"),
    ("sandbox.pids = 1", "sandbox.pids = 1: must be a whole number from 16 to 4194304"),
    ("sandbox.disk_mb = 1", "sandbox.disk_mb = 1: must be a whole number from 16 to 4194304"),
    (
        'sandbox.dockerfile = "Dockerfile"',
        'sandbox.dockerfile = "Dockerfile": is not supported yet; '
        "build an image from it and name that in sandbox.image",
    ),
    (
        'sandbox.devcontainer = ".devcontainer"',
        'sandbox.devcontainer = ".devcontainer": is not supported yet; use sandbox.image and sandbox.setup',
    ),
    ("verify.mutation = true", "verify.mutation = true: is not supported yet; leave it false"),
    ("verify.mutation = 1", "verify.mutation = 1: must be true or false"),
    ("people.usd_per_minute = -1", "people.usd_per_minute = -1: must be a number, zero or more"),
    ('people.takeover_minutes = "x"', 'people.takeover_minutes = "x": must be a number, zero or more'),
    ("gate.require_other_approver = 1", "gate.require_other_approver = 1: must be true or false"),
    ("gate.protected_paths = [1]", 'gate.protected_paths = [1]: must be a list of texts, such as ["one", "two"]'),
    ('github.draft = "yes"', 'github.draft = "yes": must be true or false'),
    ("github.labels = 1", 'github.labels = 1: must be a list of texts, such as ["one", "two"]'),
    (
        'trust.repository = "abc"',
        'trust.repository = "abc": must be the 64 hex digits that were shown with the question',
    ),
    ("trust.all = 1", "trust.all = 1: must be true or false"),
    ('routes.edit = "cheap"', "routes.edit: unknown key; did you mean routes.edit.local?"),
    ('routes.edit.local = "best"', 'routes."edit.local" = "best": must be cheap, frontier, premium or human'),
    ('routes.plan = "human"', 'routes.plan = "human": must be cheap, frontier or premium'),
    ('routes.review = "code"', 'routes.review = "code": must be cheap, frontier or premium'),
    ('routes.question = "cheap"', 'routes.question = "cheap": must be human'),
    ('routes.command = "cheap"', 'routes.command = "cheap": must be code or human'),
    ('[models.best]\nmodel = "x"', "models.best: unknown key; there are frontier, cheap, premium"),
    ('[models.cheap]\nmodle = "x"', "models.cheap.modle: unknown key; did you mean models.cheap.model?"),
    ('models.cheap.provider = "google"', 'models.cheap.provider = "google": must be anthropic or openai'),
    ('models.cheap.model = ""', 'models.cheap.model = "": must be a word without spaces'),
    ('models.cheap.effort = "max"', 'models.cheap.effort = "max": must be low, medium or high'),
    ('models.cheap.api = "grpc"', 'models.cheap.api = "grpc": must be responses or chat'),
    (
        'models.cheap.api = "chat"',
        'models.cheap.api = "chat": is not supported yet; leave it out or write "responses"',
    ),
    (
        'models.cheap.fallback = ["openai:x"]',
        'models.cheap.fallback = ["openai:x"]: is not supported yet; leave it out; name one model per role',
    ),
    ('models.cheap.base_url = "http://gateway.example"', f"models.cheap.base_url: {ADDRESS}"),
    ('models.cheap.base_url = "http://localhost.evil.example"', f"models.cheap.base_url: {ADDRESS}"),
    ('models.cheap.base_url = "http://127.0.0.1@evil.example"', f"models.cheap.base_url: {ADDRESS}"),
    ('models.cheap.base_url = "https://user:pass@gateway.example"', f"models.cheap.base_url: {ADDRESS}"),
    ('models.cheap.base_url = "https://gateway.example/?key=1"', f"models.cheap.base_url: {ADDRESS}"),
    ('models.cheap.base_url = "https://"', f"models.cheap.base_url: {ADDRESS}"),
    ('models.cheap.base_url = "https://[::1"', f"models.cheap.base_url: {ADDRESS}"),
    ('models.cheap.base_url = "https://gateway.example:port"', f"models.cheap.base_url: {ADDRESS}"),
    (
        'models.cheap.api_key_env = "sk-ant-secret"',
        "models.cheap.api_key_env: must be the name of an environment variable, not a key",
    ),
    (
        "[prices.gpt-x]\ninput_usd_per_mtok = 1\noutput_usd_per_mtok = 1",
        "prices.gpt-x: its name must be provider:model",
    ),
    (
        '[prices."openai:x"]\ninput_usd_per_mtok = -1\noutput_usd_per_mtok = 1',
        'prices."openai:x".input_usd_per_mtok = -1: must be a number, zero or more',
    ),
    (
        '[prices."openai:x"]\ninput = 1\ninput_usd_per_mtok = 1\noutput_usd_per_mtok = 1',
        'prices."openai:x".input: unknown key; '
        "there are input_usd_per_mtok, output_usd_per_mtok, cached_input_usd_per_mtok",
    ),
]


class TestMistakes:
    @pytest.mark.parametrize(("written", "line"), MISTAKES, ids=[line for _, line in MISTAKES])
    def test_a_mistake_names_file_key_value_and_what_is_allowed(
        self, load_with: Load, tmp_path: Path, written: str, line: str
    ) -> None:
        assert mistakes(load_with, file=written) == [f"{tmp_path}/coderoute.toml: {line}"]

    @pytest.mark.parametrize(
        ("written", "line"),
        [
            ("[limits", "is not valid TOML: Expected ']' at the end of a table declaration (at end of document)"),
            ("a = 1\nb = = 2", "is not valid TOML: Invalid value (at line 2, column 5)"),
            ("a = " + "[" * 100_000, "is nested too deeply"),
        ],
        ids=["unfinished", "wrong line", "too deep"],
    )
    def test_what_is_no_toml_is_named_with_its_line(
        self, load_with: Load, tmp_path: Path, written: str, line: str
    ) -> None:
        assert mistakes(load_with, file=written) == [f"{tmp_path}/coderoute.toml: {line}"]

    def test_a_number_nobody_can_read_is_no_toml_either(self, load_with: Load) -> None:
        (line,) = mistakes(load_with, file=f"limits.max_turns = {'9' * 5000}")
        assert "is not valid TOML" in line

    def test_a_file_that_is_no_text_is_named(self, load_with: Load, tmp_path: Path) -> None:
        (tmp_path / "coderoute.toml").write_bytes(b"a = '\xff'")
        assert mistakes(load_with) == [f"{tmp_path}/coderoute.toml: is not UTF-8 text (byte 5)"]

    def test_a_file_that_cannot_be_read_is_named(self, load_with: Load, tmp_path: Path) -> None:
        (tmp_path / "coderoute.toml").mkdir()
        assert mistakes(load_with) == [f"{tmp_path}/coderoute.toml: cannot be read: Is a directory"]
        (tmp_path / "coderoute.toml").rmdir()
        (tmp_path / "coderoute.toml").symlink_to("nowhere")
        assert mistakes(load_with) == [f"{tmp_path}/coderoute.toml: cannot be read: No such file or directory"]

    @pytest.mark.parametrize(
        ("item", "line"),
        [
            ("limits.max_turns", '-c "limits.max_turns": is neither an existing file nor key=value'),
            ("nowhere/coderoute.toml", '-c "nowhere/coderoute.toml": is neither an existing file nor key=value'),
            ("=3", '-c "=3": is neither an existing file nor key=value'),
            ("limits..max_turns=3", '-c "limits..max_turns=3": is neither an existing file nor key=value'),
            ("limits.max_turns=many", '-c: limits.max_turns = "many": must be a whole number from 1 to 10000'),
            ("limits.max_turns=", '-c: limits.max_turns = "": must be a whole number from 1 to 10000'),
            ("limits.max_turn=3", "-c: limits.max_turn: unknown key; did you mean limits.max_turns?"),
            (
                "gate.protected_paths=src",
                '-c: gate.protected_paths = "src": must be a list of texts, such as ["one", "two"]',
            ),
        ],
    )
    def test_a_mistake_on_the_command_line_is_named(self, load_with: Load, item: str, line: str) -> None:
        assert mistakes(load_with, item) == [line]

    @pytest.mark.parametrize(
        ("name", "line"),
        [
            ("CODEROUTE_LIMITS__MAX_TURN", "limits.max_turn: unknown key; did you mean limits.max_turns?"),
            ("CODEROUTE_BUDGET_USD", "budget_usd: unknown key; did you mean limits.budget_usd?"),
            ("CODEROUTE_LIMITS__MAX_TURNS", 'limits.max_turns = "x": must be a whole number from 1 to 10000'),
            ("CODEROUTE_LIMITS", 'limits = "x": must be a table'),
        ],
    )
    def test_a_mistake_in_the_environment_names_the_variable(self, load_with: Load, name: str, line: str) -> None:
        assert mistakes(load_with, **{name: "x"}) == [f"{name}: {line}"]

    def test_all_mistakes_of_all_sources_are_reported_at_once(self, load_with: Load, tmp_path: Path) -> None:
        lines = mistakes(
            load_with,
            "limits.max_turns=0",
            coderoute_toml='prices = 1\n[limits]\nbudget_usd = "much"',
            file="limits.diff_lines = 0\ngate.other = true",
            CODEROUTE_LIMITS__DIFF_FILES="0",
        )
        assert lines == [
            "the repository's coderoute.toml: prices = 1: must be a table",
            'the repository\'s coderoute.toml: limits.budget_usd = "much": must be a number above zero',
            f"{tmp_path}/coderoute.toml: limits.diff_lines = 0: must be a whole number from 1 to 1000000",
            f"{tmp_path}/coderoute.toml: gate.other: unknown key; there are protected_paths, require_other_approver",
            "-c: limits.max_turns = 0: must be a whole number from 1 to 10000",
            "CODEROUTE_LIMITS__DIFF_FILES: limits.diff_files = 0: must be a whole number from 1 to 100000",
        ]

    def test_the_exit_code_is_that_of_a_configuration_error_and_the_remedy_counts(self, load_with: Load) -> None:
        with pytest.raises(ConfigurationError) as refused:
            load_with("limits.max_turns=0", "limits.diff_lines=0")
        assert (refused.value.exit_code, refused.value.remedy) == (78, "correct these 2 mistakes")

    def test_a_price_has_input_and_output(self, load_with: Load) -> None:
        assert mistakes(load_with, 'prices."openai:x".cached_input_usd_per_mtok=1') == [
            'settings: prices."openai:x".input_usd_per_mtok: is missing; a price has input and output',
            'settings: prices."openai:x".output_usd_per_mtok: is missing; a price has input and output',
        ]

    def test_the_reserve_for_the_review_leaves_something_to_spend(self, load_with: Load) -> None:
        assert mistakes(load_with, "limits.review_reserve_usd=3.0") == [
            "settings: limits.review_reserve_usd = 3.0: must be less than limits.budget_usd, which is 3.00"
        ]

    def test_long_values_are_cut_and_stay_on_their_line(self, load_with: Load) -> None:
        (line,) = mistakes(load_with, "limits.max_turns=" + "x\n" * 100)
        assert len(line) < 160

    def test_a_value_under_an_unknown_key_is_not_shown_for_it_may_be_a_secret(self, load_with: Load) -> None:
        for line in mistakes(load_with, CODEROUTE_MODELS__CHEAP__API_KEY="sk-1", file='models.cheap.key = "sk-1"'):
            assert "sk-1" not in line

    @hypothesis_settings(deadline=None)
    @given(st.text())
    def test_any_text_is_either_settings_or_a_configuration_error(self, text: str) -> None:
        environ = {"CODEROUTE_CONFIG_DIR": "/nowhere"}
        for overrides, files in (
            ([text], RepositoryFiles()),
            ([f"test.command={text}"], RepositoryFiles()),
            ([], RepositoryFiles(coderoute_toml=text)),
            ([], RepositoryFiles(pyproject_toml=f"[tool.coderoute]\n{text}")),
        ):
            try_to_load(environ, overrides, files)


def try_to_load(environ: dict[str, str], overrides: Sequence[str], files: RepositoryFiles) -> None:
    with suppress(ConfigurationError):
        load(environ=environ, overrides=overrides, files=files)


@pytest.mark.parametrize(
    "address",
    [
        "https://gateway.example/v1",
        "http://localhost:11434/v1",
        "http://127.0.0.1:8080",
        "http://127.8.9.1",
        "http://[::1]:1/",
    ],
)
def test_an_address_is_https_or_on_this_machine(load_with: Load, address: str) -> None:
    settings = load_with(f"models.cheap.base_url={address}", OPENAI_API_KEY="k")
    assert settings.models.cheap is not None
    assert settings.models.cheap.base_url == address


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
    def test_the_environment_chooses_the_folders(self) -> None:
        assert state_dir({"CODEROUTE_STATE_DIR": "/s"}) == Path("/s")
        assert user_file({"CODEROUTE_CONFIG_DIR": "/c"}) == Path("/c/coderoute.toml")

    def test_a_relative_folder_becomes_absolute(self) -> None:
        assert state_dir({"CODEROUTE_STATE_DIR": "s"}) == Path.cwd() / "s"

    def test_without_a_word_they_are_the_users_own(self) -> None:
        assert state_dir({}).name == "coderoute"
        assert user_file({}).parent.name == "coderoute"
