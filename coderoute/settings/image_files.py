"""The repository's Dockerfile or devcontainer.json, once their text is at hand, as settings and as part of the request.

Whoever named the file, what it says is the repository's: so it takes a consent, also where the user's own settings
choose it.
"""

from collections.abc import Callable
from dataclasses import replace

from coderoute.domain import dockerfile
from coderoute.domain.paths import shown
from coderoute.domain.terms import ImageBuild
from coderoute.errors import ConfigurationError
from coderoute.settings import devcontainer
from coderoute.settings.schema import Settings

MAX_FILE_CHARS = 100_000
"""A person has to read it."""

Read = Callable[[str], str | None]
"""The text of a file of the base commit by its path, None if there is none."""


def resolved(settings: Settings, read: Read) -> Settings:
    """The settings with `sandbox.dockerfile` or `sandbox.devcontainer` followed.

    Raises:
        ConfigurationError: no such file, or it asks for what a sandbox does not do.
    """
    sandbox = settings.sandbox
    if sandbox.dockerfile is not None:
        return _with_build(settings, ImageBuild(dockerfile=sandbox.dockerfile), "sandbox.dockerfile", read)
    if sandbox.devcontainer is not None:
        return _with_devcontainer(settings, sandbox.devcontainer, read)
    return settings


def _with_devcontainer(settings: Settings, path: str, read: Read) -> Settings:
    text = _text(path, "sandbox.devcontainer", read)
    found = devcontainer.read(text, path)
    if found.mistakes:
        raise ConfigurationError(
            "\n".join(f"{shown(path)} of the repository: {mistake}" for mistake in found.mistakes),
            remedy="correct it and commit that, or use sandbox.image or sandbox.dockerfile, and sandbox.setup",
        )
    sandbox, asked = settings.sandbox, settings.asked
    settings = replace(
        settings,
        sandbox=replace(sandbox, image=found.image, setup=(*found.setup, *sandbox.setup), variables=found.variables),
        asked=replace(
            asked,
            image=found.image, setup=(*found.setup, *asked.setup), variables=found.variables, files={path: text},
        ),
        notes=(*settings.notes, *(f"{shown(path)}: {note}" for note in found.notes)),
    )  # fmt: skip
    return settings if found.build is None else _with_build(settings, found.build, shown(path), read)


def _with_build(settings: Settings, build: ImageBuild, named_by: str, read: Read) -> Settings:
    text = _text(build.dockerfile, named_by, read)
    instructions = dockerfile.instructions(text)
    problem = dockerfile.why_not(text)
    try:
        dockerfile.bases(instructions, build.arguments)
    except ValueError as error:
        problem = problem or str(error)
    if problem is not None:
        raise ConfigurationError(
            f"{shown(build.dockerfile)} of the repository: {problem}", remedy="correct it and commit that"
        )
    asked = settings.asked
    return replace(
        settings,
        sandbox=replace(settings.sandbox, build=build),
        asked=replace(asked, build=build, files={**asked.files, build.dockerfile: text}),
    )


def _text(path: str, named_by: str, read: Read) -> str:
    text = read(path)
    if text is None:
        raise ConfigurationError(
            f"{named_by} names {shown(path)}, which the base commit does not have",
            remedy="commit it, or correct the path, which starts at the top of the repository",
        )
    if len(text) > MAX_FILE_CHARS:
        raise ConfigurationError(
            f"{shown(path)} of the repository has {len(text)} characters, too many for anybody to agree to",
            remedy="make it shorter, or build the image yourself and name that in sandbox.image",
        )
    return text
