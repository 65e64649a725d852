"""A devcontainer.json as far as a sandbox can follow it; what would change what a sandbox may do is refused by name.

What concerns only editors, or asks for what every sandbox has or none needs, is left out without a word: IGNORED.
"""

import json
import posixpath
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field

from coderoute.domain.paths import shown
from coderoute.domain.terms import ImageBuild
from coderoute.settings import jsonc

IGNORED = frozenset({
    "$schema", "name", "customizations", "extensions", "settings", "devPort", "forwardPorts", "portsAttributes",
    "otherPortsAttributes", "remoteUser", "containerUser", "updateRemoteUserUID", "shutdownAction", "waitFor",
    "userEnvProbe", "overrideCommand", "overrideFeatureInstallOrder", "hostRequirements", "workspaceFolder", "secrets",
    "init",
})  # fmt: skip
NOT_RUN = ("postStartCommand", "postAttachCommand")
"""For a container that stays: nothing runs in a sandbox between the commands of a step."""

COMMANDS = ("onCreateCommand", "updateContentCommand", "postCreateCommand")
"""In this order, as set-up commands."""

REFUSED = {
    "features": "a sandbox has none; install them in a Dockerfile (build.dockerfile)",
    "dockerComposeFile": "a sandbox is one container; name an image or build.dockerfile",
    "service": "a sandbox is one container",
    "runServices": "a sandbox is one container",
    "mounts": "nothing of this machine is mounted in a sandbox",
    "workspaceMount": "nothing of this machine is mounted in a sandbox",
    "runArgs": "how a sandbox is run is not the repository's choice",
    "appPort": "a sandbox has no network",
    "privileged": "no sandbox is privileged",
    "capAdd": "no sandbox has capabilities",
    "securityOpt": "the sandbox's security options stay",
    "initializeCommand": "nothing of a repository runs on this machine",
    "remoteEnv": "name the variables in containerEnv",
    "dockerFile": "write build.dockerfile",
    "context": "write build.context",
}  # fmt: skip
REFUSED_IN_BUILD = {"options": "how an image is built is not the repository's choice"}
IN_BUILD = ("dockerfile", "context", "args", "target", "cacheFrom", *REFUSED_IN_BUILD)

OURS = frozenset({
    "HOME", "USER", "LOGNAME", "PATH", "LANG", "CI", "PYTHONDONTWRITEBYTECODE", "GIT_CONFIG_GLOBAL",
    "GIT_TERMINAL_PROMPT",
})  # fmt: skip
"""Variables that are the same in every sandbox."""

WORK = "/work"
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
IMAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@-]*")
STAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
FOLDER_INSIDE = "${containerWorkspaceFolder}"
OF_THIS_MACHINE = re.compile(
    r"\$\{((localEnv|containerEnv):[^}]*|localWorkspaceFolder\w*|containerWorkspaceFolderBasename|devcontainerId)\}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Devcontainer:
    """What a devcontainer.json comes to. `mistakes` are lines without the file's name; with any, the rest is void.

    `notes` are for the user: what a person with an editor would have had and a sandbox has not.
    """

    image: str | None = None
    build: ImageBuild | None = None
    setup: tuple[str, ...] = ()
    variables: dict[str, str] = field(default_factory=dict)
    mistakes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def read(text: str, path: str) -> Devcontainer:
    """`path` is where it is in the repository: what it names lies relative to it."""
    try:
        found = jsonc.parse(text)
    except ValueError as error:
        return Devcontainer(mistakes=(f"is not valid JSON: {error}",))
    if not isinstance(found, dict):
        return Devcontainer(mistakes=("must be a table",))
    return Reading(folder=posixpath.dirname(path)).all_of(found)


@dataclass(slots=True, kw_only=True)
class Reading:
    """One file on its way into a Devcontainer; `folder` is its folder in the repository."""

    folder: str
    mistakes: list[str] = field(default_factory=list)

    def all_of(self, found: Mapping[str, object]) -> Devcontainer:
        known = {"image", "build", "containerEnv", *COMMANDS, *NOT_RUN, *IGNORED}
        self.refuse(found, REFUSED, frozenset(known), "")
        image, build = self.image(found.get("image")), self.build(found.get("build"))
        if "image" in found and "build" in found:
            self.mistakes.append("names an image and a build; leave one of them out")
        elif "image" not in found and "build" not in found and not found.get("dockerComposeFile"):
            self.mistakes.append("names neither an image nor build.dockerfile")
        setup = tuple(command for key in COMMANDS for command in self.commands(key, found.get(key)))
        variables = self.variables("containerEnv", found.get("containerEnv"), taken=OURS)
        notes = tuple(f"{key} is not run in a sandbox" for key in NOT_RUN if found.get(key))
        return Devcontainer(
            image=image, build=build, setup=setup, variables=variables, mistakes=tuple(self.mistakes), notes=notes
        )

    def refuse(self, found: Mapping[str, object], refused: Mapping[str, str], known: frozenset[str], at: str) -> None:
        """What asks for nothing (`[]`, `false`) is no more than left out."""
        for key, value in found.items():
            if key in refused and value:
                self.mistakes.append(f"{at}{key} is refused: {refused[key]}")
            elif key not in known and key not in refused:
                self.mistakes.append(f"{at}{shown(key)} is unknown here, and might change what the sandbox may do")

    def image(self, value: object) -> str | None:
        if value is None:
            return None
        if not isinstance(value, str) or not IMAGE.fullmatch(value):
            self.mistakes.append("image must be the name of an image")
            return None
        return value

    def build(self, value: object) -> ImageBuild | None:
        if value is None:
            return None
        if not isinstance(value, dict) or not isinstance(value.get("dockerfile"), str):
            self.mistakes.append("build must be a table with the path of a dockerfile")
            return None
        self.refuse(value, REFUSED_IN_BUILD, frozenset(IN_BUILD), "build.")
        target = value.get("target")
        if target is not None and (not isinstance(target, str) or not STAGE.fullmatch(target)):
            self.mistakes.append("build.target must be the name of a stage")
            target = None
        return ImageBuild(
            dockerfile=self.inside("build.dockerfile", value["dockerfile"]),
            context=self.inside("build.context", value.get("context", ".")),
            arguments=self.variables("build.args", value.get("args")),
            target=target,
        )

    def inside(self, key: str, value: object) -> str:
        """A path of the repository; `.` is its top."""
        path = posixpath.normpath(posixpath.join(self.folder, value)) if isinstance(value, str) and value else ".."
        outside = path.startswith(("/", "../")) or path == ".." or ".git" in path.split("/")
        if outside or "\\" in path or not path.isprintable():
            self.mistakes.append(f"{key} must be a path in the repository")
        return path

    def commands(self, key: str, value: object) -> list[str]:
        """As a shell would be given them. Those of a table, which editors run at once, run one after the other."""
        match value:
            case None:
                return []
            case str():
                found = [value]
            case list() if value and all(isinstance(word, str) for word in value):
                found = [shlex.join(value)]
            case dict():
                return [command for name, inner in value.items() for command in self.one(f"{key}.{name}", inner)]
            case _:
                self.mistakes.append(f"{key} must be a command: a text, a list of words, or a table of them")
                return []
        return [self.plain(key, command) for command in found if command.strip()]

    def one(self, key: str, value: object) -> list[str]:
        if isinstance(value, dict):
            self.mistakes.append(f"{shown(key)} must be a command: a text or a list of words")
            return []
        return self.commands(shown(key), value)

    def variables(self, key: str, value: object, taken: frozenset[str] = frozenset()) -> dict[str, str]:
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.mistakes.append(f"{key} must be a table of texts")
            return {}
        found: dict[str, str] = {}
        for name, content in value.items():
            if not VARIABLE.fullmatch(name) or not isinstance(content, str):
                self.mistakes.append(f"{key}.{shown(name)} must be a variable's name with a text")
            elif name in taken:
                self.mistakes.append(f"{key}.{name} is the same in every sandbox; leave it out")
            else:
                found[name] = self.plain(f"{key}.{name}", content)
        return found

    def plain(self, key: str, value: str) -> str:
        """The text with what stands for the checkout's folder put in; nothing of this machine gets into it."""
        if foreign := OF_THIS_MACHINE.search(value):
            self.mistakes.append(f"{key} uses {json.dumps(foreign[0])}: nothing of this machine goes into a sandbox")
        if "\0" in value:
            self.mistakes.append(f"{key} must not hold the character NUL")
        return value.replace(FOLDER_INSIDE, WORK)
