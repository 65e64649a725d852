"""Python: what has to be installed before its tests can run."""

import re
import shlex
from collections.abc import Iterable
from dataclasses import dataclass

from coderoute.settings.detect.files import Files, lines, table, texts
from coderoute.settings.detect.requirements import (
    Lists,
    extras_of,
    extras_of_setup,
    groups_of,
    is_name,
    name_of,
    names_in,
    names_in_file,
    requirement_files,
    safe,
)

VERSION_FROM_GIT = {
    r"setuptools[-_]scm|hatch-vcs|flit[-_]scm": "SETUPTOOLS_SCM_PRETEND_VERSION",
    r"pdm[^\n]*\bscm\b|source\s*=\s*\"scm\"": "PDM_BUILD_SCM_VERSION",
    r"poetry-dynamic-versioning": "POETRY_DYNAMIC_VERSIONING_BYPASS",
}
"""Who takes a package's version from git's tags, and the variable that gives it. The sandbox's checkout has no tags:
without the variable the version would be 0.1 or none, and too old for test tools that need the package themselves."""

COMPILED = r"cython|cffi|pybind11|nanobind|maturin|setuptools-rust|meson-python|scikit-build|mypyc"


@dataclass(frozen=True, slots=True, kw_only=True)
class Installation:
    """The set-up commands, and why them. `installs_project`: the project itself too, not only what it needs."""

    commands: tuple[str, ...]
    why: str
    installs_project: bool
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What is installed for the tests: arguments for pip, the names these bring along, where that is written."""

    arguments: tuple[str, ...] = ()
    extra: str | None = None
    names: frozenset[str] = frozenset()
    why: str = ""


def installation(files: Files, runner: str | None, plugins: tuple[str, ...]) -> Installation:
    """The commands that install the project with what its tests need, `runner` and its `plugins` among them."""
    notes = notes_on(files)
    pyproject = files.toml("pyproject.toml")
    poetry = table(pyproject, "tool", "poetry")
    choice = for_tests(files, runner)
    if poetry and ("group" in poetry or "dev-dependencies" in poetry or not table(pyproject, "project")) and (
        choice.extra is None or runner not in choice.names
    ):  # fmt: skip
        return with_poetry(files, runner, notes)
    if "Pipfile" in files.paths and not is_installable(files):
        lock = " --deploy" if "Pipfile.lock" in files.paths else ""
        commands = ("pip install pipenv", f"pipenv install --dev{lock}")
        return Installation(commands=commands, why="Pipfile is there", installs_project=False, notes=notes)
    return with_pip(files, choice, (*([runner] if runner else ()), *(plugins if runner else ())), notes)


def with_poetry(files: Files, runner: str | None, notes: tuple[str, ...]) -> Installation:
    """Poetry in an environment of its own; it installs into the one that is active."""
    poetry = table(files.toml("pyproject.toml"), "tool", "poetry")
    optional = [
        name for name, group in table(poetry, "group").items()
        if table(group).get("optional") is True and runner in {name.lower() for name in table(group, "dependencies")}
        and re.fullmatch(r"[\w-]+", name, re.ASCII)
    ]  # fmt: skip
    extras = [
        name for name, names in table(poetry, "extras").items()
        if runner in {name.lower() for name in texts(names)} and re.fullmatch(r"[\w-]+", name, re.ASCII)
    ]  # fmt: skip
    options = [f"--with {optional[0]}"] if optional else []
    options += [f"--extras {extras[0]}"] if extras else []
    version = pretended(files)
    return Installation(
        commands=(
            "python -m venv ~/.poetry && ~/.poetry/bin/pip install poetry",
            " ".join([*version, "~/.poetry/bin/poetry install --no-interaction", *options]),
        ),
        why="pyproject.toml has [tool.poetry]", installs_project=poetry.get("package-mode") is not False, notes=notes,
    )  # fmt: skip


def with_pip(files: Files, choice: Choice, wanted: tuple[str, ...], notes: tuple[str, ...]) -> Installation:
    """One call of pip, so that it sees all requirements together."""
    installable = is_installable(files)
    arguments: list[str] = []
    because: list[str] = []
    names = choice.names
    if installable:
        arguments += ["-e", f".[{choice.extra}]" if choice.extra else "."]
        manifest = next(path for path in ("pyproject.toml", "setup.py", "setup.cfg") if path in files.paths)
        because.append(f"a package ({manifest})")
    else:
        plain = [path for path in ("requirements.txt", "requirements/base.txt") if path in files.paths][:1]
        for path in plain:
            arguments += ["-r", path]
            because.append(path)
            names |= names_in_file(files, path)
        arguments += safe(texts(table(files.toml("pyproject.toml"), "project").get("dependencies")))
    arguments += [word for word in choice.arguments if word not in arguments or word == "-r"]
    because += [f"for its tests {choice.why}"] if choice.why else []
    arguments += [name for name in wanted if name not in names]
    if not arguments:
        return Installation(commands=(), why="nothing has to be installed", installs_project=False, notes=notes)
    newer = ("pip install --upgrade pip",) if "--group" in arguments else ()  # --group is new in pip 25.1
    return Installation(
        commands=(*newer, *pip_calls(files, arguments, pretended(files) if installable else [])),
        why=", ".join(because) or "nothing lists it, but the tests need it", installs_project=installable, notes=notes,
    )  # fmt: skip


def pip_calls(files: Files, arguments: list[str], variables: list[str]) -> tuple[str, ...]:
    """One call; two where a file names hashes, since pip then demands one for everything in the same call."""
    quoted = [shlex.quote(argument) for argument in arguments]
    read = [arguments[i + 1] for i, argument in enumerate(arguments[:-1]) if argument == "-r"]
    if "-e" in arguments and any("--hash=" in files.text(path) for path in read):
        editable = " ".join([*variables, "pip install --no-deps", *quoted[:2]])
        return f"pip install {' '.join(quoted[2:])}", editable
    return (" ".join([*variables, "pip install", *quoted]),)


def for_tests(files: Files, runner: str | None) -> Choice:
    """Where the project keeps what its tests need, the first that is there; places with the runner in them first."""
    found = tuple(places_for_tests(files, runner))
    holding = [choice for choice in found if runner is not None and runner in choice.names]
    return next(iter([*holding, *found]), Choice())


def places_for_tests(files: Files, runner: str | None) -> Iterable[Choice]:
    pyproject = files.toml("pyproject.toml")
    own_name = str(table(pyproject, "project").get("name") or "")
    if is_installable(files):
        for where, lists in (("pyproject.toml", extras_of(table(pyproject, "project"), own_name)),
                             ("setup.py or setup.cfg", extras_of_setup(files))):  # fmt: skip
            extra = lists.best(runner)
            if extra is not None:
                why = f'the extra "{extra}" ({where})'
                yield Choice(extra=extra, names=names_in(lists.lists[extra]), why=why)
    yield from group_for_tests(groups_of(pyproject), runner)
    tool = table(pyproject, "tool")
    loose = {
        "[tool.uv] dev-dependencies": texts(table(tool, "uv").get("dev-dependencies")),
        **{f"[tool.pdm.dev-dependencies] {name}": texts(value)
           for name, value in table(tool, "pdm", "dev-dependencies").items() if is_name(name)},
        **{f"[tool.hatch.envs.{name}]": (*texts(table(env).get("dependencies")),
                                         *texts(table(env).get("extra-dependencies")))
           for name, env in table(tool, "hatch", "envs").items() if name in ("default", "test", "hatch-test", "dev")},
    }  # fmt: skip
    for where, requirements in loose.items():
        if usable := safe(requirements):
            yield Choice(arguments=usable, names=names_in(usable), why=f"{where} (pyproject.toml)")
    for path in requirement_files(files):
        yield Choice(arguments=("-r", path), names=names_in_file(files, path), why=path)
    yield from from_tox(files)


def group_for_tests(groups: Lists, runner: str | None) -> Iterable[Choice]:
    group = groups.best(runner)
    if group is not None:
        names = names_in(groups.lists[group])
        yield Choice(arguments=("--group", group), names=names, why=f'the group "{group}" (pyproject.toml)')


def from_tox(files: Files) -> Iterable[Choice]:
    """The dependencies of [testenv], those for some environments only left out."""
    written = files.ini("tox.ini").get("testenv", {}).get("deps", "")
    deps = [line for line in lines(written) if not re.match(r"[\w{},!.-]+:\s", line)]
    arguments: list[str] = []
    for line in deps:
        included = re.fullmatch(r"-r\s*(?:\{toxinidir\}/)?([\w./-]+)", line)
        if included and included.group(1) in files.paths:
            arguments += ["-r", included.group(1)]
    requirements = safe(deps)
    names = names_in(requirements).union(*(names_in_file(files, path) for path in arguments if path != "-r"))
    if arguments or requirements:
        yield Choice(arguments=(*arguments, *requirements), names=names, why="what tox.ini lists")


def is_installable(files: Files) -> bool:
    """Whether `pip install -e .` would install this: it says that it is a package, and how it is built is plain."""
    pyproject = files.toml("pyproject.toml")
    if {"setup.py", "setup.cfg"} & files.paths and ("setup.py" in files.paths or "metadata" in files.ini("setup.cfg")):
        return True
    if table(pyproject, "tool", "uv").get("package") is False or not table(pyproject, "project"):
        return bool(table(pyproject, "build-system")) and "poetry" in table(pyproject, "tool")
    if "build-system" in pyproject:
        return True
    packages = {path.split("/")[0] for path in files.matching(r"\w+/__init__\.py")} - {"tests", "test"}
    return bool(files.matching(r"src/\w+/__init__\.py")) or len(packages) == 1


def pretended(files: Files) -> list[str]:
    """The variable assignment that gives a package its version where git would; none where no version is known."""
    text = files.text("pyproject.toml") + files.text("setup.cfg") + files.text("setup.py")
    variable = next((name for pattern, name in VERSION_FROM_GIT.items() if re.search(pattern, text)), None)
    version = files.version or version_in_changelog(files)
    return [f"{variable}={version}"] if variable and version else []


def version_in_changelog(files: Files) -> str | None:
    for path in files.matching(r"(CHANGE|HISTORY|NEWS|RELEASE)[^/]*"):
        heading = re.search(r"(?m)^(?:[^\d\n]{0,40}[ \[v])?(\d{1,4}\.\d{1,4}(?:\.\d{1,4})?)\b", files.text(path))
        if heading:
            return heading.group(1)
    return None


def notes_on(files: Files) -> tuple[str, ...]:
    """What a person should know before this set-up is relied on."""
    requires = texts(table(files.toml("pyproject.toml"), "build-system").get("requires"))
    builds = any(re.match(COMPILED, name_of(requirement) or "") for requirement in requires)
    builds = builds or bool(re.search(r"ext_modules\s*=|\bExtension\(", files.text("setup.py")))
    notes = ["it compiles code, and the sandbox's own image has no compiler: name an image"] if builds else []
    if files.matching(r"environment\.ya?ml"):
        notes.append("it has a conda environment, which is not used here: name an image if pip is not enough")
    return tuple(notes)
