"""Files a person must look at when they change: what runs by itself, what fetches code, what instructs agents."""

import configparser
import json
import tomllib
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase

from coderoute.domain.runner_settings import changed_settings

PLAIN_TEXT = ("", ".md", ".txt", ".rst", ".adoc")

WATCHED: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "path.ci",
        "runs in continuous integration",
        (
            ".github/", ".gitlab/", ".gitlab-ci*", ".circleci/", ".travis.yml", ".ci/", ".buildkite/", ".drone.y*ml",
            ".woodpecker*", ".woodpecker/", ".cirrus.y*ml", ".gitea/", ".forgejo/", ".teamcity/", "Jenkinsfile*",
            "azure-pipelines*", ".azure-pipelines/", "appveyor.yml", ".appveyor.yml", "bitbucket-pipelines.yml",
            "buildspec.y*ml", "cloudbuild.y*ml", ".readthedocs.y*ml", "action.y*ml", "netlify.toml", "vercel.json",
            "serverless.y*ml", "fly.toml", "render.y*ml", "Procfile", "dependabot.y*ml", "renovate.json*",
            ".renovaterc*",
        ),
    ),
    (
        "tests.harness",
        "decides which tests run and how",
        (
            "conftest.py", "pytest.ini", ".pytest.ini", "pytest.toml", ".pytest.toml", "tox.ini", "tox.toml",
            ".coveragerc", ".covrc", "codecov.y*ml", ".codecov.y*ml", ".nycrc*", ".c8rc*", "tarpaulin.toml",
            "jest.config.*", "jest.setup.*", "setupTests.*", "vitest.config.*", "vitest.setup.*",
            "vitest.workspace.*", "karma.conf.*", ".mocharc*", "ava.config.*", ".taprc", "jasmine.json",
            "playwright.config.*", "cypress.config.*", "wdio.conf.*", "nextest.toml", "phpunit.xml*", ".rspec",
            "spec_helper.rb", "rails_helper.rb", "test_helper.rb", "test_helper.exs", "testng*.xml",
            "junit-platform.properties", "xunit.runner.json", "*.runsettings", "behave.ini", "nose.cfg", ".noserc",
            "unittest.cfg", "entry_points.txt",
        ),
    ),
    (
        "path.autoexec",
        "runs by itself when the project is built, opened or committed",
        (
            "setup.py", "sitecustomize.py", "usercustomize.py", "*.pth", "*.dist-info/", "*.egg-info/", "noxfile.py",
            "fabfile.py", "Makefile",
            "GNUmakefile", "*.mk", "CMakeLists.txt", "*.cmake", "configure", "configure.ac", "meson.build", "build.rs",
            "Rakefile", "justfile", "Taskfile.y*ml", "Gruntfile.*", "gulpfile.*", "gradlew", "gradlew.bat",
            "Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile", "docker-compose*.y*ml", "compose*.y*ml",
            ".envrc", ".vscode/", ".idea/", ".devcontainer/", ".devcontainer.json", ".pre-commit-config.y*ml",
            ".pre-commit-hooks.y*ml", ".husky/", "lefthook.y*ml", ".npmrc", ".yarnrc*", ".yarn/", ".pnp.*", "pip.conf",
            ".pypirc", ".cargo/", ".bazelrc", "BUILD.bazel", "WORKSPACE", "WORKSPACE.bazel", "MODULE.bazel",
            "hatch_build.py", "Vagrantfile", "*.code-workspace", ".zed/", ".exrc", ".nvimrc", ".nvim.lua", ".vimrc",
            ".dir-locals.el", ".gdbinit", ".lldbinit", ".pdbrc", ".pdbrc.py", ".irbrc", ".pryrc", ".gitpod.y*ml",
            "mise.toml", ".mise.toml", ".tool-versions", "Directory.Build.*", "nuget.config", ".mvn/",
            "gradle.properties", "init.gradle*", "build.sbt", "plugins.sbt", "shell.nix", "default.nix", "debian/rules",
            "PKGBUILD", "webpack.config.*", "vite.config.*", "rollup.config.*", "babel.config.*", ".babelrc*",
            "next.config.*", "postcss.config.*", "eslint.config.*", ".eslintrc.*js", "metro.config.*",
        ),
    ),
    (
        "deps.changed",
        "decides which code of others is installed",
        (
            "requirements*.txt", "requirements*.in", "requirements/*.txt", "constraints*.txt", "Pipfile*",
            "poetry.lock", "uv.lock", "uv.toml", "pdm.lock", "pylock*.toml", "environment*.y*ml", "conda-lock*",
            "package-lock.json", "npm-shrinkwrap.json", "yarn.lock", "pnpm-lock.yaml", "pnpm-workspace.yaml",
            "bun.lock*", "deno.json*", "deno.lock", "Cargo.toml", "Cargo.lock", "go.mod", "go.sum", "go.work*",
            "Gemfile*", "*.gemspec", "composer.json", "composer.lock", "pom.xml", "build.gradle*",
            "settings.gradle*", "gradle.lockfile", "libs.versions.toml", "gradle/wrapper/", "mix.exs", "mix.lock",
            "pubspec.*", "Package.swift", "Package.resolved", "*.csproj", "packages.lock.json", "flake.nix",
            "flake.lock", "vcpkg.json", "conanfile.*",
        ),
    ),
    (
        "path.agent",
        "instructs coding agents, this one included",
        (
            "AGENTS.md", "AGENTS.override.md", "CLAUDE.md", "CLAUDE.local.md", "GEMINI.md", "copilot-instructions.md",
            ".cursor*", ".cursor/", ".mcp.json", ".claude/", ".codex/", ".gemini/", ".windsurf*", ".windsurf/",
            ".clinerules*", ".clinerules/", ".roo*", ".roo/", ".continue/", ".aider*",
            ".junie/", ".kiro/", ".amazonq/", ".augment*", ".trae/", ".opencode/", "opencode.json*", ".goosehints",
            "QWEN.md", ".coderoute*", ".coderoute/",
            "coderoute.toml",
        ),
    ),
    ("path.git", "changes what git tracks or converts", (".gitattributes", ".gitignore", ".lfsconfig")),
    (
        "path.legal",
        "states who owns the code, under which terms, or whom to tell of a hole in it",
        (
            "CODEOWNERS", "LICENSE-*", "LICENCE-*",
            *(f"{name}{end}" for name in ("LICENSE", "LICENCE", "COPYING", "NOTICE", "SECURITY") for end in PLAIN_TEXT),
        ),
    ),
)  # fmt: skip
"""(rule, what such a file does, names). A name is a file's last component or components; one that ends in a slash is
a folder's, at any depth."""


def watched(path: str, old: bytes | None, new: bytes | None) -> tuple[tuple[str, str], ...]:
    """(rule, what the file does) for each rule that a change of `path` concerns; a manifest by the parts that differ.

    A missing side is None.
    """
    parts = folded(path).split("/")
    rules = {rule for rule, _, names in WATCHED if any(_is_named(parts, folded(name)) for name in names)}
    manifest = MANIFESTS.get(parts[-1])
    if manifest is not None:
        rules |= _rules_of_manifest(*manifest, old, new)
    told = {rule: does for rule, does, _ in WATCHED}
    if "tests.harness" in rules:
        settings = changed_settings(parts[-1], old, new)
        if settings and old is not None and all(setting.is_stricter for setting in settings):
            rules.discard("tests.harness")
        elif settings:
            shown = "; ".join(setting.told for setting in settings[:MAX_SETTINGS])
            more = f" and {len(settings) - MAX_SETTINGS} more" if len(settings) > MAX_SETTINGS else ""
            told["tests.harness"] += f": {shown}{more}"
    return tuple((rule, told[rule]) for rule, _, _ in WATCHED if rule in rules)


def matches(path: str, patterns: Iterable[str]) -> bool:
    """Whether a pattern fits `path` or a folder above it; case, width and other forms of a letter do not count.

    `*`, `?` and `[...]` stay within a component, `**` stands for any number of them. A pattern with a slash inside
    starts at the top, one without fits at any depth; a slash at the end means: folders only.
    """
    parts = folded(path).split("/")
    return any(_fits(parts, folded(pattern)) for pattern in patterns)


def folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold() if not text.isascii() else text.lower()


def _is_named(parts: Sequence[str], name: str) -> bool:
    """Whether the last components of a path, or some of the folders above it, have the name."""
    wanted = name.rstrip("/").split("/")
    ends = range(1, len(parts)) if name.endswith("/") else (len(parts),)
    return any(end >= len(wanted) and all(map(_same, parts[end - len(wanted) : end], wanted)) for end in ends)


def _fits(parts: Sequence[str], pattern: str) -> bool:
    folder_only = pattern.endswith("/")
    wanted = pattern.strip("/").split("/")
    if len(wanted) == 1 and not pattern.startswith("/"):
        wanted = ["**", *wanted]
    starts = {0}
    for component in wanted:
        if component == "**":
            starts = set(range(min(starts), len(parts) + 1)) if starts else starts
        else:
            starts = {at + 1 for at in starts if at < len(parts) and _same(parts[at], component)}
    return any(at < len(parts) for at in starts) if folder_only else bool(starts)


def _same(part: str, component: str) -> bool:
    if any(char in component for char in "*?["):
        return fnmatchcase(part, component)
    return part == component


MAX_SETTINGS = 5
"""Settings of one file that are told one by one."""

Sections = Mapping[str, object]


def _toml(data: bytes) -> Sections:
    """`project` and `tool` by their parts, other tables whole."""
    parsed = tomllib.loads(data.decode("utf-8"))
    sections: dict[str, object] = {}
    for name, value in parsed.items():
        if name in ("project", "tool") and isinstance(value, dict):
            sections.update({f"{name}.{part}": found for part, found in value.items()})
        else:
            sections[name] = value
    return sections


def _json(data: bytes) -> Sections:
    parsed = json.loads(data)
    if not isinstance(parsed, dict):
        raise ValueError("no object")
    return parsed


def _ini(data: bytes) -> Sections:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(data.decode("utf-8"))
    return {"DEFAULT": parser.defaults(), **{name: dict(parser.items(name)) for name in parser.sections()}}


_INERT = "-"
"""The rule of a part that nobody needs to look at."""

Manifest = tuple[Callable[[bytes], Sections], tuple[tuple[str, str], ...]]

MANIFESTS: Mapping[str, Manifest] = {
    "pyproject.toml": (
        _toml,
        (
            ("tool.pytest*", "tests.harness"), ("tool.coverage", "tests.harness"), ("tool.tox", "tests.harness"),
            ("project.entry-points", "tests.harness"), ("tool.coderoute", "path.agent"),
            *((f"project.{part}", _INERT) for part in (
                "version", "description", "readme", "keywords", "classifiers", "urls", "authors", "maintainers",
            )),
            *((f"tool.{tool}", _INERT) for tool in (
                "ruff", "black", "isort", "mypy", "pyright", "basedpyright", "flake8", "pylint", "codespell",
                "towncrier", "bumpversion", "commitizen", "pydocstyle", "interrogate", "typos", "yapf", "autopep8",
            )),
        ),
    ),
    "setup.cfg": (
        _ini,
        (
            ("tool:pytest", "tests.harness"), ("coverage*", "tests.harness"), ("aliases", "path.autoexec"),
            *((section, _INERT) for section in (
                "flake8", "mypy*", "isort", "pycodestyle", "pydocstyle", "bumpversion*",
            )),
        ),
    ),
    "package.json": (
        _json,
        (
            *((key, "tests.harness") for key in ("jest", "mocha", "vitest", "ava", "nyc", "c8", "tap")),
            *((key, "path.autoexec") for key in ("scripts", "husky", "lint-staged", "simple-git-hooks", "bin")),
            *((key, _INERT) for key in (
                "version", "description", "keywords", "author", "license", "homepage", "repository", "bugs",
                "contributors", "funding", "prettier", "eslintConfig",
            )),
        ),
    ),
}  # fmt: skip
"""File name -> (its reader, (part, rule)...). A part that is not listed decides about dependencies."""


def _rules_of_manifest(
    read: Callable[[bytes], Sections], parts: Sequence[tuple[str, str]], old: bytes | None, new: bytes | None
) -> frozenset[str]:
    try:
        before, after = (read(side) if side is not None else {} for side in (old, new))
        differ = [name for name in {*before, *after} if before.get(name) != after.get(name)]
    except (ValueError, RecursionError, configparser.Error):  # what we cannot read a person must
        return frozenset({"deps.changed", "tests.harness", "path.autoexec"})
    rules = (next((rule for part, rule in parts if fnmatchcase(name, part)), "deps.changed") for name in differ)
    return frozenset(rules) - {_INERT}
