"""Every key there is: its check, whether the repository's own file may set it, and the nearest one to a typo."""

from collections.abc import Iterator
from dataclasses import dataclass

from coderoute.domain.edit_format import EditFormat
from coderoute.domain.plan import Kind
from coderoute.domain.test_frameworks import FRAMEWORKS
from coderoute.settings.schema import Route
from coderoute.settings.values import (
    Check,
    address,
    amount,
    budget,
    choice,
    fallbacks,
    file_inside,
    flag,
    measure,
    text,
    texts,
    whole,
)

Path = tuple[str, ...]
"""A key by its segments; a segment may hold dots (`edit.local`, `openai:gpt-6.1-sol`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A table whose keys are names of the user's choice: `name` checks a name, `each` what it stands for."""

    name: Check
    each: "Check | Tree"
    example: str


Tree = dict[str, "Check | Tree | Named"]

WORD = text(what="a word without spaces", pattern=r"[^\s\0-\x1f\x7f-\x9f-][^\s\0-\x1f\x7f-\x9f]*")
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"

MODEL: Tree = {
    "provider": choice("anthropic", "openai"),
    "model": WORD,
    "effort": choice("low", "medium", "high"),
    "edit_format": choice(*EditFormat),
    "context_tokens": whole(4_000, 100_000_000),
    "api": choice("responses", "chat"),
    "api_key_env": text(what="the name of an environment variable, not a key", pattern=VARIABLE, secret=True),
    "base_url": address,
    "fallback": fallbacks,
    "stream": flag,
}

PRICE: Tree = {
    "input_usd_per_mtok": amount,
    "output_usd_per_mtok": amount,
    "cached_input_usd_per_mtok": amount,
}

THINKS = choice(Route.CHEAP, Route.FRONTIER, Route.PREMIUM)
READS = choice(Route.CODE, Route.CHEAP, Route.FRONTIER, Route.PREMIUM)
WRITES = choice(Route.CHEAP, Route.FRONTIER, Route.PREMIUM, Route.HUMAN)
ROUTES: Tree = {
    "triage": READS,
    "locate": READS,
    "plan": THINKS,
    "execute": WRITES,
    "review": THINKS,
    Kind.EDIT_LOCAL: WRITES,
    Kind.EDIT_CROSS: WRITES,
    Kind.TEST_WRITE: WRITES,
    Kind.DOCS: WRITES,
    Kind.RENAME: choice(Route.CODE, Route.CHEAP, Route.FRONTIER, Route.PREMIUM, Route.HUMAN),
    Kind.COMMAND: choice(Route.CODE, Route.HUMAN),
    Kind.QUESTION: choice(Route.HUMAN),
}
"""Only what a class can do: no model runs a command step, no code writes a plan, and a question is a person's."""

KEYS: Tree = {
    "models": {"frontier": MODEL, "cheap": MODEL, "premium": MODEL},
    "routes": ROUTES,
    "prices": Named(
        name=text(what="provider:model", pattern=r"[^\s:]+:[^\s\0-\x1f\x7f-\x9f]+"),
        each=PRICE,
        example='"provider:model"',
    ),
    "test": {
        "command": text(),
        "framework": choice(*FRAMEWORKS),
        "timeout_s": measure(86_400),
        "env": Named(name=text(what="a variable's name", pattern=VARIABLE), each=text(), example="NAME"),
    },
    "sandbox": {
        "image": WORD,
        "dockerfile": file_inside,
        "devcontainer": file_inside,
        "setup": texts,
        "runtime": text(what="the name of a container runtime, such as runsc", pattern=r"[A-Za-z0-9][A-Za-z0-9._-]*"),
        "cpus": measure(1024),
        "memory_mb": whole(256, 4_194_304),
        "pids": whole(16, 4_194_304),
        "disk_mb": whole(16, 4_194_304),
    },
    "verify": {"mutation": flag},
    "limits": {
        "budget_usd": budget,
        "review_reserve_usd": amount,
        "max_turns": whole(1, 10_000),
        "diff_lines": whole(1, 1_000_000),
        "diff_files": whole(1, 100_000),
        "parallel_steps": whole(1, 64),
        "docker_runs": whole(1, 1000),
    },
    "people": {"usd_per_minute": amount, "minutes_per_100_lines": amount, "takeover_minutes": amount},
    "gate": {"protected_paths": texts, "require_other_approver": flag},
    "github": {"draft": flag, "labels": texts, "line_comments": flag},
    "trust": {
        "repository": text(what="the 64 hex digits that were shown with the question", pattern=r"[0-9a-f]{64}"),
        "all": flag,
    },
}  # fmt: skip

USERS_ONLY = frozenset({"prices", "people", "trust"})
"""Sections that are nobody's but the user's."""
USERS_ONLY_KEYS = frozenset({"api", "api_key_env", "base_url", "fallback", "runtime"})
"""Keys (of models and sandbox) that choose an account, an endpoint or the strength of the sandbox."""


def repository_may_set(path: Path) -> bool:
    return path[0] not in USERS_ONLY and not (path[0] in ("models", "sandbox") and path[-1] in USERS_ONLY_KEYS)


IMAGE_SOURCES: tuple[Path, ...] = (("sandbox", "image"), ("sandbox", "dockerfile"), ("sandbox", "devcontainer"))
"""Each says alone what a sandbox starts from."""


def shown(path: Path) -> str:
    """The key as it is written in TOML. Foreign characters are escaped: a key may come from a repository."""
    import json

    bare = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")
    return ".".join(segment if segment and set(segment) <= bare else json.dumps(segment) for segment in path)


def hint(path: Path, here: Tree) -> str:
    """What helps whoever wrote the unknown key `path` into the table `here`: the nearest key, or all that could be."""
    from difflib import get_close_matches

    wanted = ".".join(path)
    others = [key for key in ALL if not wanted.startswith(f"{key}.")]
    by_last = {key.rsplit(".", 1)[-1]: key for key in reversed(others)}
    near = get_close_matches(wanted, others, n=1, cutoff=0.7)
    near = near or [by_last[last] for last in get_close_matches(path[-1], by_last, n=1, cutoff=0.8)]
    return f"did you mean {near[0]}?" if near else f"there are {', '.join(here)}"


def _all_keys(tree: Tree, above: Path = ()) -> Iterator[str]:
    for key, node in tree.items():
        yield ".".join((*above, key))
        if isinstance(node, Named):
            yield from _all_keys({node.example: node.each}, (*above, key))
        elif isinstance(node, dict):
            yield from _all_keys(node, (*above, key))


ALL = tuple(_all_keys(KEYS))
"""Sections, tables and keys by their dotted names."""
