"""What the repository's own file may change: it chooses within what the user allows, and never loosens it.

- Where the user's own sources set anything of a model, the repository's words on that role are not used: an endpoint
  or account of the user's never serves a model the repository picked in part.
- Of two limits the stricter holds. Protected paths add up, and one demand for another approver is enough.
- An image of the user's takes the place of the repository's, whether it is named or made.
- The review stays with the premium model. All other routes give way to the user's, so a step that the user reserved
  for a person stays with a person.
"""

from collections.abc import Callable
from typing import Any

from coderoute.settings import keys
from coderoute.settings.entries import Entries, Mistakes
from coderoute.settings.schema import RepositoryRequest, Route, Settings

DEFAULTS = Settings()


STRICTER: dict[keys.Path, Callable[[Any, Any], Any]] = {
    ("sandbox", "cpus"): min,
    ("sandbox", "memory_mb"): min,
    ("sandbox", "pids"): min,
    ("sandbox", "disk_mb"): min,
    ("limits", "budget_usd"): min,
    ("limits", "review_reserve_usd"): max,
    ("limits", "max_turns"): min,
    ("limits", "diff_lines"): min,
    ("limits", "diff_files"): min,
    ("limits", "parallel_steps"): min,
    ("limits", "docker_runs"): min,
}


def merged(repository: Entries, user: Entries, mistakes: Mistakes) -> tuple[dict[keys.Path, object], tuple[str, ...]]:
    """The values that hold, and notes on those of the repository that do not because they are looser."""
    notes: list[str] = []
    review = repository.get(("routes", "review"))
    if review is not None and review.value != Route.PREMIUM:
        mistakes.add(review.where, ("routes", "review"), "a repository may not weaken the review; leave it out")
    roles = {path[1] for path in user if path[0] == "models"}
    values = {path: entry.value for path, entry in repository.items() if path[0] != "models" or path[1] not in roles}
    if any(path in user for path in keys.IMAGE_SOURCES):
        values = {path: value for path, value in values.items() if path not in keys.IMAGE_SOURCES}
    values |= {path: entry.value for path, entry in user.items()}
    for path, stricter in STRICTER.items():
        if path not in repository:
            continue
        asked = repository[path]
        allowed = user[path].value if path in user else _default(path)
        values[path] = asked.value if allowed is None else stricter(allowed, asked.value)
        if values[path] != asked.value:
            notes.append(f"{asked.where}: {keys.shown(path)} = {asked.value} is not used: {allowed} is stricter")
    _join_gates(values, repository, user)
    return values, tuple(notes)


def request(repository: Entries) -> RepositoryRequest:
    """What the repository's file asks to run, whether or not the user's own settings overrule it."""

    def asked(*path: str) -> Any:
        return repository[path].value if path in repository else None

    return RepositoryRequest(
        setup=asked("sandbox", "setup") or (),
        test_command=asked("test", "command"),
        test_env={path[2]: entry.value for path, entry in repository.items() if path[:2] == ("test", "env")},
        image=asked("sandbox", "image"),
    )


def _default(path: keys.Path) -> Any:
    section, key = path
    return getattr(getattr(DEFAULTS, section), key)


def _join_gates(values: dict[keys.Path, object], repository: Entries, user: Entries) -> None:
    protected, other = ("gate", "protected_paths"), ("gate", "require_other_approver")
    paths: list[str] = []
    for source in (user, repository):
        paths += source[protected].value if protected in source else ()
    values[protected] = tuple(dict.fromkeys(paths))
    values[other] = any(source[other].value for source in (user, repository) if other in source)
