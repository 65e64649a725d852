"""What a sandbox takes from a devcontainer.json, what it leaves, and what it refuses by name."""

import json

import pytest

from coderoute.domain.terms import ImageBuild
from coderoute.settings import devcontainer
from coderoute.settings.devcontainer import IGNORED, OURS, REFUSED, Devcontainer

PATH = ".devcontainer/devcontainer.json"


def read(**keys: object) -> Devcontainer:
    return devcontainer.read(json.dumps({"image": "python:3.12", **keys}), PATH)


def mistakes(**keys: object) -> tuple[str, ...]:
    return read(**keys).mistakes


def test_an_image() -> None:
    assert devcontainer.read('{"image": "python:3.12", /* why */ }', PATH) == Devcontainer(image="python:3.12")


@pytest.mark.parametrize(
    ("path", "build", "made"),
    [
        (PATH, {"dockerfile": "D"}, ImageBuild(dockerfile=".devcontainer/D", context=".devcontainer")),
        (PATH, {"dockerfile": "../Dockerfile", "context": ".."}, ImageBuild(dockerfile="Dockerfile", context=".")),
        (".devcontainer.json", {"dockerfile": "d/Dockerfile"}, ImageBuild(dockerfile="d/Dockerfile", context=".")),
        (
            PATH,
            {"dockerfile": "D", "args": {"PY": "3.12"}, "target": "dev", "cacheFrom": "x"},
            ImageBuild(
                dockerfile=".devcontainer/D", context=".devcontainer", arguments={"PY": "3.12"}, target="dev"
            ),
        ),
    ],
)  # fmt: skip
def test_a_build_is_relative_to_its_folder(path: str, build: object, made: ImageBuild) -> None:
    assert devcontainer.read(json.dumps({"build": build}), path) == Devcontainer(build=made)


@pytest.mark.parametrize(
    ("command", "setup"),
    [
        ("pip install -e . && make", ("pip install -e . && make",)),
        (["pip", "install", "a b"], ("pip install 'a b'",)),
        ({"deps": "make deps", "more": ["echo", "$HOME"]}, ("make deps", "echo '$HOME'")),
        ("  ", ()),
        (None, ()),
        ("ls ${containerWorkspaceFolder}/x $HOME ${HOME}", ("ls /work/x $HOME ${HOME}",)),
    ],
)
def test_commands_become_set_up_commands(command: object, setup: tuple[str, ...]) -> None:
    assert read(postCreateCommand=command) == Devcontainer(image="python:3.12", setup=setup)


def test_they_are_run_in_the_order_of_a_new_container() -> None:
    found = read(postCreateCommand="c", onCreateCommand="a", updateContentCommand="b")
    assert found.setup == ("a", "b", "c")


@pytest.mark.parametrize("command", [1, [], [1], {"a": {"b": "c"}}, {"a": 1}])
def test_another_form_of_a_command_is_a_mistake(command: object) -> None:
    (line,) = mistakes(postCreateCommand=command)
    assert line.startswith("postCreateCommand")


def test_the_environment_of_commands() -> None:
    found = read(containerEnv={"A": "1", "SRC": "${containerWorkspaceFolder}/src"})
    assert found.variables == {"A": "1", "SRC": "/work/src"}


@pytest.mark.parametrize("name", sorted(OURS))
def test_our_own_variables_stay(name: str) -> None:
    assert mistakes(containerEnv={name: "x"}) == (f"containerEnv.{name} is the same in every sandbox; leave it out",)


@pytest.mark.parametrize(
    "value",
    ["${localEnv:TOKEN}", "a${localEnv:HOME:x}b", "${containerEnv:PATH}", "${localWorkspaceFolder}",
     "${localWorkspaceFolderBasename}", "${containerWorkspaceFolderBasename}", "${devcontainerId}"],
)  # fmt: skip
def test_nothing_of_this_machine_gets_in(value: str) -> None:
    for keys in ({"containerEnv": {"A": value}}, {"postCreateCommand": f"echo {value}"}):
        (line,) = mistakes(**keys)
        assert line.endswith(": nothing of this machine goes into a sandbox"), keys
    build = devcontainer.read(json.dumps({"build": {"dockerfile": "D", "args": {"A": value}}}), PATH)
    assert len(build.mistakes) == 1


@pytest.mark.parametrize("variables", [[], {"A B": "1"}, {"A": 1}, {"A": None}, {"A": "\0"}, {"": "1"}])
def test_variables_are_names_with_texts(variables: object) -> None:
    assert len(mistakes(containerEnv=variables)) == 1


@pytest.mark.parametrize("key", sorted(REFUSED))
def test_what_would_change_what_a_sandbox_may_do_is_refused_by_name(key: str) -> None:
    (line,) = mistakes(**{key: ["x"]})
    assert line == f"{key} is refused: {REFUSED[key]}"
    assert mistakes(**{key: []}) == (), "it asks for nothing"


def test_options_of_the_build_are_refused_by_name() -> None:
    found = devcontainer.read('{"build": {"dockerfile": "D", "options": ["--network=host"], "secret": 1}}', PATH)
    assert found.mistakes == (
        "build.options is refused: how an image is built is not the repository's choice",
        "build.secret is unknown here, and might change what the sandbox may do",
    )


def test_what_nobody_knows_is_refused() -> None:
    assert mistakes(**{"gpu\u202e": True}) == ("gpu<U+202E> is unknown here, and might change what the sandbox may do",)


def test_what_concerns_editors_is_left_out() -> None:
    assert read(**dict.fromkeys(IGNORED, "x")) == Devcontainer(image="python:3.12")


def test_what_is_never_run_is_told() -> None:
    assert read(postStartCommand="x", postAttachCommand="").notes == ("postStartCommand is not run in a sandbox",)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("{", "is not valid JSON"),
        ("[]", "must be a table"),
        ("{}", "names neither an image nor build.dockerfile"),
        ('{"image": "x", "build": {"dockerfile": "D"}}', "names an image and a build"),
        ('{"image": ""}', "image must be"),
        ('{"image": "--privileged"}', "image must be"),
        ('{"image": 1}', "image must be"),
        ('{"build": "Dockerfile"}', "build must be a table"),
        ('{"build": {"context": "."}}', "build must be a table"),
        ('{"build": {"dockerfile": "../../Dockerfile"}}', "build.dockerfile must be a path in the repository"),
        ('{"build": {"dockerfile": "/etc/passwd"}}', "build.dockerfile must be a path in the repository"),
        ('{"build": {"dockerfile": "../.git/config"}}', "build.dockerfile must be a path in the repository"),
        ('{"build": {"dockerfile": "D", "context": "../.."}}', "build.context must be a path in the repository"),
        ('{"build": {"dockerfile": "D", "target": "--x"}}', "build.target must be"),
    ],
)
def test_a_mistake_is_told(text: str, why: str) -> None:
    (line,) = devcontainer.read(text, PATH).mistakes
    assert line.startswith(why)
