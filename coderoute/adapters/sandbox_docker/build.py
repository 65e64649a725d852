"""An image built by the engine from a Dockerfile of the base commit: its context is that tree and nothing else.

The engine gives a build what it gives no sandbox: root, its default capabilities, its default runtime. So nothing a
model wrote takes part in one, and a person has agreed to the Dockerfile.
"""

from __future__ import annotations

import hashlib
import io
import json
import posixpath
import tarfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from coderoute.adapters.sandbox_docker.engine import Engine, silence
from coderoute.adapters.sandbox_docker.host_settings import INDEXES, PROXIES, HostSettings, without_passwords
from coderoute.adapters.sandbox_docker.spec import MB, Image
from coderoute.domain import dockerfile
from coderoute.domain.terms import ImageBuild
from coderoute.domain.visible import visible
from coderoute.errors import Blocked
from coderoute.ports import Limits

if TYPE_CHECKING:
    from docker import APIClient

DOCKERFILE = ".coderoute-dockerfile"
"""Its name in the context, as it may lie outside of it."""
IGNORE = ".dockerignore"
BUILD_TIMEOUT_S = 3600.0
SHOWN_LINES = 30
MAX_LINE_CHARS = 2_000
FLOOD_CHARS = 64_000_000
CORRECT_IT = "correct the Dockerfile and commit that (or set sandbox.image), then start anew: coderoute run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """A Dockerfile with its context: path -> (mode, content, or what the link names). `arguments` are its own."""

    path: str
    text: str
    context: Mapping[str, tuple[int, bytes]]
    links: Mapping[str, str]
    arguments: Mapping[str, str]
    target: str | None

    def key(self, bases: Mapping[str, str]) -> str:
        """What is built depends on this hash only. `bases` are image ids by the names in the Dockerfile."""
        described = [self.text, sorted(bases.items()), sorted(self.arguments.items()), self.target]
        digest = hashlib.sha256(json.dumps(described).encode())
        for path, (mode, data) in sorted(self.context.items()):
            digest.update(f"\0{path}\0{mode:o}\0{len(data)}\0".encode("utf-8", "surrogateescape") + data)
        links = json.dumps(sorted(self.links.items()))
        digest.update(links.encode())
        return digest.hexdigest()


def recipe_of(build: ImageBuild, checkout_tar: bytes) -> Recipe:
    """What `build` names, taken out of the base tree.

    Raises:
        Blocked: there is no such Dockerfile, or it is none that we build.
    """
    context: dict[str, tuple[int, bytes]] = {}
    links: dict[str, str] = {}
    found: bytes | None = None
    folder = "" if build.context == "." else f"{build.context}/"
    with tarfile.open(fileobj=io.BytesIO(checkout_tar), mode="r:") as checkout:
        for member in checkout:
            name = posixpath.normpath(member.name)
            content = checkout.extractfile(member) if member.isreg() else None
            data = content.read() if content is not None else b""
            if name == build.dockerfile and member.isreg():
                found = data
            if not name.startswith(folder):
                continue
            inside = name.removeprefix(folder)
            if member.isreg():
                context[inside] = (0o755 if member.mode & 0o100 else 0o644, data)
            elif member.issym():
                links[inside] = member.linkname
    if found is None:
        raise broken(f"the base commit has no file {visible(build.dockerfile)}", remedy="correct sandbox.dockerfile")
    try:
        text = found.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise broken(f"{visible(build.dockerfile)} is not UTF-8 text", remedy=CORRECT_IT) from error
    if problem := dockerfile.why_not(text):
        raise broken(f"{visible(build.dockerfile)}: {visible(problem)}", remedy=CORRECT_IT)
    kept = not_ignored(context)
    return Recipe(
        path=build.dockerfile, text=text, arguments=build.arguments, target=build.target,
        context={path: entry for path, entry in context.items() if kept(path)},
        links={path: link for path, link in links.items() if kept(path)},
    )  # fmt: skip


def not_ignored(context: Mapping[str, tuple[int, bytes]]) -> Callable[[str], bool]:
    """Whether the context's own .dockerignore lets a path into it."""
    from docker.utils.build import PatternMatcher

    lines = context.get(IGNORE, (0, b""))[1].decode("utf-8", "replace").splitlines()
    patterns = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    # The stubs ask for a PathLike, of which the SDK then wants the methods of a str.
    matches = cast("Callable[[str], bool]", PatternMatcher(patterns).matches)
    return lambda path: path not in (IGNORE, DOCKERFILE) and not matches(path)


def bases_of(recipe: Recipe) -> tuple[str, ...]:
    """Raises Blocked where a name cannot be known before the build."""
    try:
        return dockerfile.bases(dockerfile.instructions(recipe.text), recipe.arguments)
    except ValueError as error:
        raise broken(f"{visible(recipe.path)}: {visible(str(error))}", remedy=CORRECT_IT) from error


def refuse_triggers(name: str, base: Image) -> None:
    """Raises Blocked where the instructions that a base image adds to every build from it may not be done."""
    if problem := dockerfile.why_not("\n".join(base.on_build)):
        raise broken(
            f"the image {visible(name)} has ONBUILD instructions that are not done: {visible(problem)}",
            remedy="use a base image without them",
        )


def arguments_for(recipe: Recipe, triggers: str, settings: HostSettings) -> dict[str, str]:
    """The recipe's own, and what a build needs of this host to reach a package index, as far as no layer keeps it.

    The engine gives proxies to every command of a build and keeps them nowhere, unless they are declared with ARG:
    then their values become a part of the image's history. Index addresses reach only who declares them, so one with a
    password is withheld. `triggers` are the base images' own instructions.
    """
    declared = dockerfile.declared(dockerfile.instructions(f"{recipe.text}\n{triggers}"))
    found = dict(recipe.arguments)
    for name, value in settings.variables.items():
        if name.upper() in PROXIES:
            if name not in declared:
                found[name] = value
        elif name.upper() in INDEXES and name in declared and without_passwords(value) == value:
            found[name] = value
    return found


def build_image(
    engine: Engine, recipe: Recipe, arguments: Mapping[str, str], limits: Limits, labels: Mapping[str, str],
    settings: HostSettings,
) -> str:  # fmt: skip
    """The id of the built image.

    Raises:
        Blocked: an instruction fails (the end of the output is in the problem), or it takes too long.
        Unavailable: the engine fell silent.
    """
    from docker.errors import APIError
    from urllib3.exceptions import HTTPError, ReadTimeoutError

    output: deque[str] = deque(maxlen=SHOWN_LINES)
    try:
        with engine.abandonable(int(BUILD_TIMEOUT_S)) as connection:
            answers = answers_to(connection, recipe, arguments, limits, labels)
            built = follow(answers, recipe, output, settings)
    except APIError as error:
        raise failed(recipe, f"cannot be built: {error.explanation}", output, settings) from error
    except ReadTimeoutError as error:
        raise failed(recipe, f"was silent for {BUILD_TIMEOUT_S:.0f} s", output, settings) from error
    except HTTPError as error:
        raise silence(error) from error
    api = engine.client.api
    if built is None:
        api.ping()  # an engine that has died ends the stream without a word
        raise failed(recipe, "was not built, and the engine does not say why", output, settings)
    refuse_recorded_passwords(api, recipe, built, settings)
    return built


def answers_to(
    api: APIClient, recipe: Recipe, arguments: Mapping[str, str], limits: Limits, labels: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    memory = limits.memory_mb * MB
    answers: Iterator[dict[str, Any]] = api.build(
        fileobj=io.BytesIO(context_tar(recipe)), custom_context=True, dockerfile=DOCKERFILE, decode=True,
        rm=True, forcerm=True, pull=False, use_config_proxy=False, timeout=int(BUILD_TIMEOUT_S),
        buildargs=dict(arguments), labels=dict(labels), target=recipe.target,
        container_limits={"memory": memory, "memswap": memory},
    )  # fmt: skip
    return answers


def follow(answers: Iterator[dict[str, Any]], recipe: Recipe, output: deque[str], settings: HostSettings) -> str | None:
    """The id of the built image, None if the engine says none; `output` gets the end of what was printed."""
    started, printed = time.monotonic(), 0
    built: str | None = None
    for answer in answers:
        if "error" in answer:
            output.extend(str(answer["error"])[:MAX_LINE_CHARS].splitlines())
            raise failed(recipe, "cannot be built", output, settings)
        built = (answer.get("aux") or {}).get("ID") or built
        said = str(answer.get("stream") or "")
        output.extend(line[:MAX_LINE_CHARS] for line in said.splitlines() if line.strip())
        printed += len(said)
        if printed > FLOOD_CHARS:
            raise failed(recipe, f"prints more than {FLOOD_CHARS // 1_000_000} MB", output, settings)
        if time.monotonic() - started > BUILD_TIMEOUT_S:
            raise failed(recipe, f"was not built within {BUILD_TIMEOUT_S:.0f} s", output, settings)
    return built


def context_tar(recipe: Recipe) -> bytes:
    """An uncompressed tar of the context. The engine leaves our own two files out of what COPY sees."""
    own = {DOCKERFILE: (0o644, recipe.text.encode()), IGNORE: (0o644, f"{DOCKERFILE}\n{IGNORE}\n".encode())}
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as context:
        for path, (mode, data) in sorted({**recipe.context, **own}.items()):
            member = tarfile.TarInfo(path)
            member.mode, member.size = mode, len(data)
            context.addfile(member, io.BytesIO(data))
        for path, link in sorted(recipe.links.items()):
            member = tarfile.TarInfo(path)
            member.type, member.linkname = tarfile.SYMTYPE, link
            context.addfile(member)
    return buffer.getvalue()


def refuse_recorded_passwords(api: APIClient, recipe: Recipe, image: str, settings: HostSettings) -> None:
    """Raises Blocked, with the image removed, when a password of this host's addresses is told by its description."""
    described = json.dumps([api.history(image), api.inspect_image(image)])  # type: ignore[no-untyped-call]
    if settings.redacted(described) != described:
        api.remove_image(image, force=True)
        raise broken(
            f"the image of {visible(recipe.path)} would keep a password of this host's proxy or package index",
            remedy="let the Dockerfile declare no ARG for it and set no ENV from it",
        )


def failed(recipe: Recipe, how: str, output: deque[str], settings: HostSettings) -> Blocked:
    tail = settings.redacted(without_passwords("\n".join(output)))
    remedy = CORRECT_IT
    if proxies := settings.proxies_on_loopback:
        remedy += f"; {', '.join(proxies)} names this host's loopback, which a build cannot reach"
    problem = f"{visible(recipe.path)} {visible(settings.redacted(without_passwords(how)))}"
    return broken(f"{problem}:\n{visible(tail)}" if tail else problem, remedy=remedy)


def broken(problem: str, *, remedy: str) -> Blocked:
    return Blocked(problem, reason="environment_broken", remedy=remedy)
