"""The repository's own file may choose and tighten; it may not loosen, redirect or spend, and asks before it runs."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from coderoute.domain.conversation import ModelRef
from coderoute.errors import ConfigurationError
from coderoute.settings import (
    RepositoryFiles,
    Route,
    Settings,
    load,
)

HOME = {"CODEROUTE_CONFIG_DIR": "/nowhere"}
OWN_FILE = "/nowhere/coderoute.toml"


def loaded(repository: str, *overrides: str, **environ: str) -> Settings:
    return load(environ=HOME | environ, overrides=overrides, files=RepositoryFiles(coderoute_toml=repository))


def mistakes(repository: str, *overrides: str) -> list[str]:
    with pytest.raises(ConfigurationError) as refused:
        loaded(repository, *overrides)
    return refused.value.problem.split("\n")


class TestFiles:
    def test_the_table_in_pyproject_counts(self) -> None:
        text = '[project]\nname = "x"\n[tool.coderoute.limits]\nmax_turns = 5\n[tool.ruff]\nline-length = 1\n'
        assert load(environ=HOME, files=RepositoryFiles(pyproject_toml=text)).limits.max_turns == 5

    def test_of_two_files_coderoute_toml_counts_alone_and_the_user_is_told(self) -> None:
        files = RepositoryFiles(
            coderoute_toml="limits.max_turns = 6",
            pyproject_toml="[tool.coderoute.limits]\nmax_turns = 5\ndiff_files = 1",
        )
        settings = load(environ=HOME, files=files)
        assert (settings.limits.max_turns, settings.limits.diff_files) == (6, 10)
        assert settings.notes == (
            "[tool.coderoute] of the repository's pyproject.toml is not used: the repository has a coderoute.toml",
        )

    def test_a_pyproject_that_does_not_name_us_may_be_anything(self) -> None:
        assert load(environ=HOME, files=RepositoryFiles(pyproject_toml="= broken =")) == Settings()

    def test_a_pyproject_that_names_us_must_be_readable(self) -> None:
        with pytest.raises(ConfigurationError, match=r"the repository's pyproject\.toml: is not valid TOML: .*line 2"):
            load(environ=HOME, files=RepositoryFiles(pyproject_toml="[tool.coderoute]\n= broken ="))

    def test_a_mistake_in_pyproject_names_its_table(self) -> None:
        with pytest.raises(ConfigurationError) as refused:
            load(environ=HOME, files=RepositoryFiles(pyproject_toml="[tool.coderoute]\nlimit = 1"))
        assert refused.value.problem == (
            "[tool.coderoute] of the repository's pyproject.toml: limit: unknown key; did you mean limits?"
        )


class TestAllowed:
    def test_it_may_choose_models_routes_tests_and_image(self) -> None:
        settings = loaded(
            """
            models.cheap = { provider = "openai", model = "gpt-x", effort = "low" }
            routes."edit.local" = "frontier"
            test = { command = "make test", timeout_s = 5, env = { A = "1" } }
            sandbox = { image = "python:3.12", setup = ["make"] }
            verify.mutation = true
            github = { draft = false, labels = ["bot"] }
            """
        )
        assert settings.models.cheap == ModelRef(provider="openai", model="gpt-x", effort="low")
        assert settings.routes == {"edit.local": Route.FRONTIER}
        assert (settings.test.command, settings.test.timeout_s, settings.test.env) == ("make test", 5.0, {"A": "1"})
        assert (settings.sandbox.image, settings.sandbox.setup) == ("python:3.12", ("make",))
        assert settings.verify.mutation
        assert (settings.github.draft, settings.github.labels) == (False, ("bot",))

    def test_a_model_the_user_says_anything_of_is_the_users_whole(self) -> None:
        theirs = 'models.frontier = { provider = "openai", model = "gpt-x" }\nmodels.cheap.model = "gpt-y"'
        settings = loaded(theirs, "models.frontier.base_url=https://gateway.example", ANTHROPIC_API_KEY="k")
        assert settings.models.frontier == ModelRef(
            provider="anthropic", model="claude-opus-5-5", effort="high", base_url="https://gateway.example"
        )
        assert settings.models.cheap == ModelRef(provider="openai", model="gpt-y")

    def test_a_step_the_user_keeps_for_a_person_stays_with_a_person(self) -> None:
        assert loaded('routes.docs = "cheap"', "routes.docs=human").routes == {"docs": Route.HUMAN}

    def test_test_variables_of_both_are_joined_and_the_users_win(self) -> None:
        assert loaded('test.env = { A = "1", B = "1" }', "test.env.B=2").test.env == {"A": "1", "B": "2"}


FORBIDDEN = [
    ('models.cheap.base_url = "https://evil.example"', "models.cheap.base_url"),
    ('models.premium.api_key_env = "AWS_SECRET"', "models.premium.api_key_env"),
    ('models.frontier.api = "responses"', "models.frontier.api"),
    ("models.frontier.fallback = []", "models.frontier.fallback"),
    ('prices."openai:x".input_usd_per_mtok = 0', 'prices."openai:x".input_usd_per_mtok'),
    ("people.usd_per_minute = 0", "people.usd_per_minute"),
    ('sandbox.runtime = "runc"', "sandbox.runtime"),
    ("trust.all = true", "trust.all"),
    ('trust.repository = "x"', "trust.repository"),
]


class TestForbidden:
    @pytest.mark.parametrize(("written", "key"), FORBIDDEN, ids=[key for _, key in FORBIDDEN])
    def test_it_may_not_choose_account_endpoint_price_trust_or_runtime(self, written: str, key: str) -> None:
        (line,) = mistakes(written)
        assert line.startswith(f"the repository's coderoute.toml: {key}: a repository may not set this; it belongs in ")
        assert OWN_FILE in line

    def test_the_variable_to_use_instead_is_named_where_there_is_one(self) -> None:
        (line,) = mistakes("trust.all = true")
        assert line.endswith(f"it belongs in {OWN_FILE} or CODEROUTE_TRUST__ALL")

    @pytest.mark.parametrize("role", ["cheap", "frontier"])
    def test_it_may_not_weaken_the_review(self, role: str) -> None:
        assert mistakes(f'routes.review = "{role}"') == [
            "the repository's coderoute.toml: routes.review: a repository may not weaken the review; leave it out"
        ]
        assert loaded('routes.review = "premium"').routes == {"review": Route.PREMIUM}
        assert loaded("", f"routes.review={role}").routes == {"review": Route(role)}

    @pytest.mark.parametrize("name", ["sandbox.memory_mb", "routes.question"])
    def test_what_the_user_may_not_it_may_not_either(self, name: str) -> None:
        assert len(mistakes(f'{name} = "cheap"')) == 1


LIMITS = [
    ("sandbox.cpus", "1.0", "2.0"),
    ("sandbox.memory_mb", "512", "3072"),
    ("sandbox.pids", "100", "512"),
    ("sandbox.disk_mb", "100", "1024"),
    ("limits.budget_usd", "1.00", "3.00"),
    ("limits.max_turns", "5", "40"),
    ("limits.diff_lines", "50", "400"),
    ("limits.diff_files", "2", "10"),
    ("limits.parallel_steps", "1", "4"),
    ("limits.docker_runs", "2", "8"),
]


def value_of(settings: Settings, key: str) -> str:
    section, name = key.split(".")
    return str(getattr(getattr(settings, section), name))


class TestStricterWins:
    @pytest.mark.parametrize(("key", "tight", "default"), LIMITS)
    def test_it_may_tighten_a_limit_and_not_loosen_it(self, key: str, tight: str, default: str) -> None:
        looser = str(type(Decimal(default))(default) * 10 if "." in default else int(default) * 10)
        assert value_of(loaded(f"{key} = {tight}"), key) == tight
        assert value_of(loaded(f"{key} = {looser}"), key) == default
        assert value_of(loaded(f"{key} = {tight}", f"{key}={looser}"), key) == tight
        assert value_of(loaded(f"{key} = {looser}", f"{key}={tight}"), key) == tight

    def test_the_user_is_told_what_was_not_used(self) -> None:
        assert loaded("limits.budget_usd = 100").notes == (
            "the repository's coderoute.toml: limits.budget_usd = 100 is not used: 3.00 is stricter",
        )
        assert loaded("limits.budget_usd = 1").notes == ()

    def test_more_reserved_for_the_review_is_stricter(self) -> None:
        key = "limits.review_reserve_usd"
        assert loaded(f"{key} = 0.5").limits.review_reserve_usd == Decimal("0.5")
        assert loaded(f"{key} = 0.5", f"{key}=0.2").limits.review_reserve_usd == Decimal("0.5")
        assert loaded(f"{key} = 0.5", f"{key}=0.9").limits.review_reserve_usd == Decimal("0.9")

    def test_protected_paths_add_up(self) -> None:
        settings = loaded('gate.protected_paths = ["b", "a"]', 'gate.protected_paths=["a"]')
        assert settings.gate.protected_paths == ("a", "b")

    @pytest.mark.parametrize(("theirs", "ours", "holds"), [(0, 0, False), (0, 1, True), (1, 0, True), (1, 1, True)])
    def test_one_demand_for_another_approver_is_enough(self, theirs: int, ours: int, holds: bool) -> None:
        def key(value: int) -> str:
            return f"gate.require_other_approver = {'true' if value else 'false'}"

        assert loaded(key(theirs), key(ours)).gate.require_other_approver is holds

    @hypothesis_settings(deadline=None)
    @given(st.dictionaries(st.sampled_from([key for key, _, _ in LIMITS if "cpus" not in key]), st.integers(1, 5000)))
    def test_no_limit_is_ever_looser_for_a_repositorys_file(self, written: dict[str, int]) -> None:
        text = "\n".join(f"{key} = {value}" for key, value in written.items())
        try:
            settings = loaded(text)
        except ConfigurationError:
            return
        for key, _, default in LIMITS:
            assert Decimal(value_of(settings, key)) <= Decimal(default)


def test_the_repositorys_files_are_given_as_text_and_never_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "coderoute.toml").write_text("limits.max_turns = 1")
    (tmp_path / "pyproject.toml").write_text("[tool.coderoute.limits]\nmax_turns = 1")
    assert load(environ=HOME).limits.max_turns == 40
