"""The demo: a repository of its own, recorded replies, and Docker if there is any."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coderoute.domain import places
from coderoute.domain.terms import Environment, Limits
from coderoute.errors import Blocked, Unavailable
from coderoute.journal import Journal
from coderoute.settings import (
    RepositoryFiles,
    load,
)
from coderoute.stages.intake import Intake
from coderoute.wiring.house import House, now, os_user
from coderoute.wiring.terms import terms_of, with_prices
from coderoute.wiring.world import docker_host, new_run_folder

if TYPE_CHECKING:
    pass


@dataclass(frozen=True, slots=True, kw_only=True)
class Demo:
    """A demo that is ready to be driven. `sandbox` says in words which one it will use, and why."""

    run_id: str
    sandbox: str
    repository: Path


def begin_demo(
    house: House, intake: Intake, *, files: Mapping[str, bytes], settings: str, replies: str, commands: str
) -> Demo:
    """A run on a repository made of `files`, with recorded replies; without an engine, with recorded commands too."""
    from coderoute.adapters.repository_git import GitRepository
    from coderoute.adapters.repository_new import create
    from coderoute.flow import runs

    run_id = secrets.token_hex(4)
    folder = new_run_folder(house, run_id)
    path = folder / "clockwork"
    create(path, files, "Durations for people")
    repository = GitRepository(path, folder / "q.git")
    pinned = repository.pin(None)
    chosen = load(environ={"CODEROUTE_CONFIG_DIR": str(folder)}, files=RepositoryFiles(coderoute_toml=settings))
    journal = Journal(house.store, run_id)
    journal.put(places.RECORDED_REPLIES, str, replies)  # before the run is there: without them it would call a model
    why_not = docker_is_missing(house)
    if why_not is not None:
        journal.put(places.RECORDED_COMMANDS, str, commands)
    runs.begin(
        house.store, run_id=run_id, repository=str(path), task=intake.task, base=pinned,
        terms=with_prices(house, terms_of(chosen, house.prices_for_a_look(None))),
        plan_only=False, removed=intake.removed,
        requester=os_user(),
        now=now(),
    )  # fmt: skip
    sandbox = "Docker" if why_not is None else f"in memory, with recorded test results, because {why_not}"
    return Demo(run_id=run_id, sandbox=sandbox, repository=path)


def docker_is_missing(house: House) -> str | None:
    """Why the default sandbox cannot be used here, None when it can."""
    try:
        nothing = Environment(image=None, setup=(), limits=Limits())
        docker_host(house).prepare(nothing, lambda: b"")
    except (Unavailable, Blocked) as error:
        return error.problem
    return None
