"""What a work container is made of, and the proof, by inspection, that the engine made exactly that."""

from __future__ import annotations

import secrets
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coderoute.errors import ConfigurationError
from coderoute.ports import Environment, Limits

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container

WORK = "/work"
HOME = "/home/agent"

# Commands run as a work user, PID 1 and its idle child as the other: a command's `kill -9 -1` spares the container.
# Set-up runs as the first, to whom the image gives its folders.
WORK_UID = 10001
WORK_GID = 10001
WORK_USER = f"{WORK_UID}:{WORK_GID}"
# The kernel counts processes by user over all containers: with one user for all, a fork bomb in one sandbox would
# keep every other from starting a command.
SANDBOX_UIDS = range(10002, 10258)
UID_LABEL = "coderoute.uid"
# An image of the user's has no names for them, and programs ask these variables first.
USER = "agent"
IDLE_USER = "65534:65534"
# Ends by itself where nobody is left who could remove it. An attempt takes minutes, and a lost sandbox is made anew.
IDLE_COMMAND = ("sleep", "604800")
# An image's own would run as the idle user, whom no sweep reaches.
NO_HEALTHCHECK = {"test": ["NONE"]}

SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

MB = 1 << 20
HOME_MB = 256
TMP_MB = 256
SHM_MB = 64
# A container whose tmpfs could fill its memory would then kill every later command at its start.
RESERVED_MB = 1024
# The difference to the limit on processes leaves room for whoever has to kill them.
PROCESSES_BELOW_PIDS = 112


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What a container needs to know of its image. `env` is the image's own, as `NAME=value`; `on_build` are
    instructions that a build from it begins with."""

    id: str
    env: tuple[str, ...]
    volumes: tuple[str, ...]
    on_build: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        return next((entry.removeprefix("PATH=") for entry in self.env if entry.startswith("PATH=")), SYSTEM_PATH)


def check_limits(limits: Limits) -> None:
    """Raises ConfigurationError when memory cannot hold the full disks of the sandbox and 1 GiB for its processes."""
    needed_mb = limits.disk_mb + HOME_MB + TMP_MB + SHM_MB + RESERVED_MB
    if limits.memory_mb < needed_mb:
        raise ConfigurationError(
            f"sandbox.memory_mb = {limits.memory_mb} is too small: with sandbox.disk_mb = {limits.disk_mb} "
            f"the sandbox needs {needed_mb}, since its disk is memory",
            remedy=f"set sandbox.memory_mb to {needed_mb} or more, or lower sandbox.disk_mb",
        )
    if limits.pids <= PROCESSES_BELOW_PIDS:
        raise ConfigurationError(
            f"sandbox.pids = {limits.pids} is too small", remedy=f"set sandbox.pids above {PROCESSES_BELOW_PIDS}"
        )


def environment_of(image: Image) -> dict[str, str]:
    """The variables of a work container beyond those of its image. Constant: nothing of the host is in them."""
    return {
        "HOME": HOME,
        "USER": USER,
        "LOGNAME": USER,
        "PATH": image.path,
        "LANG": "C.UTF-8",
        "CI": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_TERMINAL_PROMPT": "0",
    }


def create_work_container(
    client: DockerClient, image: Image, environment: Environment, *, cpus: int, uid: int, labels: Mapping[str, str]
) -> Container:
    """A container for model-chosen commands as user `uid`, created and not started. `cpus` is what the engine has.

    Raises:
        ConfigurationError: the limits contradict each other, or the engine made something else than was asked.
    """
    from docker.types import LogConfig, Ulimit

    limits = environment.limits
    check_limits(limits)
    container = client.containers.create(
        image=image.id,
        entrypoint=[],
        command=list(IDLE_COMMAND),
        init=True,
        user=IDLE_USER,
        healthcheck=NO_HEALTHCHECK,
        network_mode="none",
        read_only=True,
        privileged=False,
        cap_drop=["ALL"],
        security_opt=["no-new-privileges:true"],
        pids_limit=limits.pids,
        mem_limit=limits.memory_mb * MB,
        memswap_limit=limits.memory_mb * MB,
        nano_cpus=nano_cpus(limits, cpus),
        oom_score_adj=500,
        shm_size=SHM_MB * MB,
        ipc_mode="private",
        tmpfs={
            WORK: _tmpfs(limits.disk_mb, "200k", f"mode=0700,uid={uid},gid={WORK_GID}"),
            HOME: _tmpfs(HOME_MB, "50k", f"mode=0700,uid={uid},gid={WORK_GID}"),
            "/tmp": _tmpfs(TMP_MB, "50k", "mode=1777"),  # noqa: S108
        },
        ulimits=[
            Ulimit(name="nofile", soft=4096, hard=4096),
            Ulimit(name="core", soft=0, hard=0),
            Ulimit(name="fsize", soft=limits.disk_mb * MB, hard=limits.disk_mb * MB),
            Ulimit(name="nproc", soft=limits.pids - PROCESSES_BELOW_PIDS, hard=limits.pids - PROCESSES_BELOW_PIDS),
        ],
        log_config=LogConfig(type="none"),
        stdin_open=False,
        tty=False,
        hostname="sandbox",
        working_dir=WORK,
        auto_remove=False,
        environment=environment_of(image),
        labels={**labels, UID_LABEL: str(uid)},
        # The SDK would otherwise add the proxies of the user's Docker configuration, passwords included.
        use_config_proxy=False,
        runtime=environment.runtime,
    )
    found = tuple(deviations(container.attrs, image, environment))
    if found:
        container.remove(force=True)
        raise ConfigurationError(
            "the Docker engine made another container than was asked for: " + "; ".join(found),
            remedy="look for defaults in the engine's daemon.json that change containers, then: coderoute doctor",
        )
    return container


def free_uid(taken: Collection[int]) -> int:
    """A user of SANDBOX_UIDS that nobody works as. Drawn by chance, since two processes may ask at the same moment;
    one of those in use when there are more sandboxes than users."""
    return secrets.choice([uid for uid in SANDBOX_UIDS if uid not in taken] or SANDBOX_UIDS)


def nano_cpus(limits: Limits, cpus: int) -> int:
    """The engine refuses more processors than it has."""
    return int(min(limits.cpus, cpus) * 1_000_000_000)


def deviations(attrs: Mapping[str, Any], image: Image, environment: Environment) -> Iterator[str]:
    """What differs between an inspected container and the promises made of it, one phrase each."""
    host, config = attrs["HostConfig"], attrs["Config"]
    wanted_env = {**dict(entry.partition("=")[::2] for entry in image.env), **environment_of(image)}
    exact: tuple[tuple[str, object, object], ...] = (
        ("image", attrs["Image"], image.id),
        ("user", config["User"], IDLE_USER),
        ("health check", (config.get("Healthcheck") or {}).get("Test"), ["NONE"]),
        ("environment", sorted(config["Env"]), sorted(f"{name}={value}" for name, value in wanted_env.items())),
        ("network", host["NetworkMode"], "none"),
        ("read-only root", host["ReadonlyRootfs"], True),
        ("privileged", host["Privileged"], False),
        ("dropped capabilities", host["CapDrop"], ["ALL"]),
        ("security options", host["SecurityOpt"], ["no-new-privileges:true"]),
        ("IPC", host["IpcMode"], "private"),
        ("tmpfs", sorted(host["Tmpfs"] or ()), sorted((WORK, HOME, "/tmp"))),  # noqa: S108
        ("memory", host["Memory"], environment.limits.memory_mb * MB),
        ("processes", host["PidsLimit"], environment.limits.pids),
    )
    for name, actual, wanted in exact:
        if actual != wanted:
            yield f"{name} is {actual!r}, not {wanted!r}"
    # An engine whose kernel cannot limit swap says -1.
    if host["MemorySwap"] not in (environment.limits.memory_mb * MB, -1):
        yield f"memory with swap is {host['MemorySwap']!r}"
    absent = {
        "mounts": attrs["Mounts"],
        **{name: host.get(name) for name in ("Binds", "Mounts", "Devices", "DeviceRequests", "DeviceCgroupRules")},
        **{name: host.get(name) for name in ("CapAdd", "VolumesFrom", "Links", "GroupAdd", "PortBindings")},
        **{name: host.get(name) for name in ("PidMode", "UTSMode", "UsernsMode", "OomKillDisable", "PublishAllPorts")},
    }
    for name, actual in absent.items():
        if actual:
            yield f"{name} is {actual!r}, not empty"
    if environment.runtime and host.get("Runtime") != environment.runtime:
        yield f"runtime is {host.get('Runtime')!r}, not {environment.runtime!r}"


def _tmpfs(size_mb: int, inodes: str, owner: str) -> str:
    return f"rw,exec,nosuid,nodev,size={size_mb}m,nr_inodes={inodes},{owner}"
