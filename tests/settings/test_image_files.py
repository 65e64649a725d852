"""What the repository's Dockerfile and devcontainer.json become, and that nobody uses them unasked."""

import re

import pytest

from coderoute.adapters.store_inmemory import InMemoryStore
from coderoute.domain.terms import ImageBuild
from coderoute.errors import ConfigurationError
from coderoute.settings import RepositoryFiles, Settings, consent_hash, load, needs_consent, resolved

HOME = {"CODEROUTE_CONFIG_DIR": "/nowhere"}
DEVCONTAINER = ".devcontainer/devcontainer.json"
FILES = {
    "Dockerfile": "FROM debian:12\nRUN make\n",
    ".devcontainer/Dockerfile": "FROM python:3.12\n",
    DEVCONTAINER: '{"build": {"dockerfile": "Dockerfile"}, "containerEnv": {"A": "1"}, "postCreateCommand": "make"}',
    "image.json": '{"image": "python:3.12", "postStartCommand": "serve"}',
}


def settings_of(repository: str, *overrides: str, files: dict[str, str] = FILES, **environ: str) -> Settings:
    given = RepositoryFiles(coderoute_toml=repository)
    return resolved(load(environ=HOME | environ, overrides=overrides, files=given), files.get)


def changed(**files: str) -> dict[str, str]:
    return {**FILES, **files}


def test_a_dockerfile_is_built_with_the_whole_tree_as_context() -> None:
    settings = settings_of('sandbox.dockerfile = "Dockerfile"')
    assert settings.sandbox.build == ImageBuild(dockerfile="Dockerfile", context=".")
    assert settings.asked.files == {"Dockerfile": FILES["Dockerfile"]}
    assert settings.asked.build == settings.sandbox.build


def test_a_devcontainer_gives_image_commands_and_variables() -> None:
    settings = settings_of(f'sandbox.devcontainer = "{DEVCONTAINER}"\nsandbox.setup = ["after"]')
    assert settings.sandbox.build == ImageBuild(dockerfile=".devcontainer/Dockerfile", context=".devcontainer")
    assert (settings.sandbox.setup, settings.sandbox.variables) == (("make", "after"), {"A": "1"})
    assert (settings.asked.setup, settings.asked.variables) == (("make", "after"), {"A": "1"})
    assert settings.asked.files == {name: FILES[name] for name in (DEVCONTAINER, ".devcontainer/Dockerfile")}


def test_what_it_does_not_do_is_told() -> None:
    settings = settings_of('sandbox.devcontainer = "image.json"')
    assert (settings.sandbox.image, settings.sandbox.build) == ("python:3.12", None)
    assert settings.notes == ("image.json: postStartCommand is not run in a sandbox",)


@pytest.mark.parametrize("named", ['sandbox.dockerfile = "Dockerfile"', f'sandbox.devcontainer = "{DEVCONTAINER}"'])
def test_a_consent_holds_for_these_files_as_they_are(named: str) -> None:
    asked = settings_of(named).asked
    assert needs_consent(settings_of(named), InMemoryStore())
    assert consent_hash(settings_of(named).asked) == consent_hash(asked)
    for path in asked.files:
        other = settings_of(named, files={**FILES, path: FILES[path] + "\n"}).asked
        assert consent_hash(other) != consent_hash(asked), path


def test_the_repository_s_file_takes_a_consent_also_where_the_user_names_it() -> None:
    settings = settings_of("", "sandbox.dockerfile=Dockerfile")
    assert needs_consent(settings, InMemoryStore())
    assert settings.asked.files == {"Dockerfile": FILES["Dockerfile"]}


@pytest.mark.parametrize("key", ["image", "dockerfile", "devcontainer"])
def test_the_user_s_image_takes_the_place_of_the_repository_s(key: str) -> None:
    value = {"image": "mine:1", "dockerfile": "Dockerfile", "devcontainer": "image.json"}[key]
    for theirs in ('image = "theirs:1"', 'dockerfile = ".devcontainer/Dockerfile"', f'devcontainer = "{DEVCONTAINER}"'):
        sandbox = settings_of(f"sandbox.{theirs}", f"sandbox.{key}={value}").sandbox
        named = {name: getattr(sandbox, name) for name in ("dockerfile", "devcontainer")}
        assert named == {name: value if name == key else None for name in named}
    assert settings_of("", "sandbox.dockerfile=Dockerfile", CODEROUTE_SANDBOX__IMAGE="x").sandbox.image is None


def test_a_file_that_is_not_used_is_not_asked_about() -> None:
    assert settings_of('sandbox.dockerfile = "Dockerfile"', "sandbox.image=mine:1").asked.files == {}


def test_who_names_two_is_asked_which() -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings_of('sandbox.image = "x"\nsandbox.dockerfile = "Dockerfile"')
    assert refused.value.problem == (
        "the repository's coderoute.toml: sandbox.dockerfile: there is sandbox.image already; leave one of them out"
    )
    with pytest.raises(ConfigurationError, match="leave one of them out"):
        settings_of("", CODEROUTE_SANDBOX__IMAGE="x", CODEROUTE_SANDBOX__DEVCONTAINER="image.json")


@pytest.mark.parametrize(
    ("named", "files", "problem"),
    [
        ('dockerfile = "no"', FILES, "sandbox.dockerfile names no, which the base commit does not have"),
        ('devcontainer = "no"', FILES, "sandbox.devcontainer names no, which the base commit does not have"),
        ('dockerfile = "Dockerfile"', changed(Dockerfile="FROM $X"), "Dockerfile of the repository: FROM uses $X"),
        ('dockerfile = "Dockerfile"', changed(Dockerfile="ADD http://x /y"), "ADD may only name files"),
        ('dockerfile = "Dockerfile"', changed(Dockerfile="#" * 100_001), "too many for anybody to agree to"),
        (
            f'devcontainer = "{DEVCONTAINER}"',
            {DEVCONTAINER: FILES[DEVCONTAINER]},
            f"{DEVCONTAINER} names .devcontainer/Dockerfile, which the base commit does not have",
        ),
        (
            'devcontainer = "d.json"',
            {"d.json": '{"features": {"x": {}}, "privileged": true, "image": "x"}'},
            "d.json of the repository: features is refused: .*\nd.json of the repository: privileged is refused",
        ),
    ],
)
def test_a_file_that_cannot_be_followed_is_a_mistake_of_configuration(
    named: str, files: dict[str, str], problem: str
) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings_of(f"sandbox.{named}", files=files)
    assert re.search(problem.replace("$", r"\$"), refused.value.problem), refused.value.problem
