"""The container specification: what counts as a deviation, and which limits fit together."""

import copy
from typing import Any

import pytest

from coderoute.adapters.sandbox_docker.spec import Image, check_limits, deviations, environment_of, nano_cpus
from coderoute.errors import ConfigurationError
from coderoute.ports import Environment, Limits

ENVIRONMENT = Environment(image=None, setup=(), limits=Limits())
IMAGE = Image(id="sha256:1", env=("PATH=/opt/bin:/bin", "LANG=C", "A=b=c"), volumes=())
INSPECTED: dict[str, Any] = {
    "Image": "sha256:1",
    "Mounts": [],
    "Config": {
        "User": "65534:65534",
        "Healthcheck": {"Test": ["NONE"]},
        "Env": [
            "PATH=/opt/bin:/bin",
            "LANG=C.UTF-8",
            "A=b=c",
            "HOME=/home/agent",
            "USER=agent",
            "LOGNAME=agent",
            "CI=1",
            "PYTHONDONTWRITEBYTECODE=1",
            "GIT_CONFIG_GLOBAL=/dev/null",
            "GIT_TERMINAL_PROMPT=0",
        ],
    },
    "HostConfig": {
        "NetworkMode": "none",
        "ReadonlyRootfs": True,
        "Privileged": False,
        "CapAdd": None,
        "CapDrop": ["ALL"],
        "SecurityOpt": ["no-new-privileges:true"],
        "IpcMode": "private",
        "PidMode": "",
        "UsernsMode": "",
        "UTSMode": "",
        "Binds": None,
        "Devices": [],
        "Tmpfs": {"/work": "", "/home/agent": "", "/tmp": ""},
        "Memory": 3072 << 20,
        "MemorySwap": 3072 << 20,
        "PidsLimit": 512,
        "OomKillDisable": False,
        "Runtime": "runc",
    },
}


def test_a_container_as_asked_deviates_in_nothing() -> None:
    assert list(deviations(INSPECTED, IMAGE, ENVIRONMENT)) == []


@pytest.mark.parametrize(
    ("part", "name", "value"),
    [
        ("", "Image", "sha256:2"),
        ("", "Mounts", [{"Type": "bind"}]),
        ("Config", "User", "0"),
        ("Config", "Healthcheck", None),
        ("Config", "Healthcheck", {"Test": ["CMD", "true"]}),
        ("Config", "Env", [*INSPECTED["Config"]["Env"], "HTTP_PROXY=x"]),
        ("HostConfig", "NetworkMode", "default"),
        ("HostConfig", "ReadonlyRootfs", False),
        ("HostConfig", "Privileged", True),
        ("HostConfig", "CapAdd", ["SYS_ADMIN"]),
        ("HostConfig", "CapDrop", None),
        ("HostConfig", "SecurityOpt", ["no-new-privileges:true", "seccomp=unconfined"]),
        ("HostConfig", "SecurityOpt", None),
        ("HostConfig", "IpcMode", "host"),
        ("HostConfig", "PidMode", "host"),
        ("HostConfig", "UsernsMode", "host"),
        ("HostConfig", "UTSMode", "host"),
        ("HostConfig", "Binds", ["/:/host"]),
        ("HostConfig", "Mounts", [{"Source": "/"}]),
        ("HostConfig", "Devices", [{"PathOnHost": "/dev/kvm"}]),
        ("HostConfig", "DeviceRequests", [{"Driver": "nvidia"}]),
        ("HostConfig", "VolumesFrom", ["other"]),
        ("HostConfig", "GroupAdd", ["docker"]),
        ("HostConfig", "Tmpfs", {"/work": ""}),
        ("HostConfig", "Memory", 0),
        ("HostConfig", "MemorySwap", 0),
        ("HostConfig", "PidsLimit", None),
        ("HostConfig", "OomKillDisable", True),
    ],
)
def test_a_container_that_differs_is_told_apart(part: str, name: str, value: object) -> None:
    attrs = copy.deepcopy(INSPECTED)
    (attrs[part] if part else attrs)[name] = value
    assert len(list(deviations(attrs, IMAGE, ENVIRONMENT))) == 1


def test_an_engine_that_cannot_limit_swap_serves() -> None:
    attrs = copy.deepcopy(INSPECTED)
    attrs["HostConfig"]["MemorySwap"] = -1
    assert list(deviations(attrs, IMAGE, ENVIRONMENT)) == []


def test_another_runtime_than_asked_for_is_told() -> None:
    strict = Environment(image=None, setup=(), limits=Limits(), runtime="runsc")
    assert list(deviations(INSPECTED, IMAGE, strict)) == ["runtime is 'runc', not 'runsc'"]


def test_the_path_is_the_images_own() -> None:
    assert environment_of(IMAGE)["PATH"] == "/opt/bin:/bin"
    assert environment_of(Image(id="", env=(), volumes=()))["PATH"].endswith("/usr/bin:/sbin:/bin")


@pytest.mark.parametrize("limits", [Limits(), Limits(memory_mb=2624), Limits(memory_mb=1664, disk_mb=64)])
def test_memory_that_holds_full_disks_is_enough(limits: Limits) -> None:
    check_limits(limits)


@pytest.mark.parametrize(
    ("limits", "problem", "remedy"),
    [
        (
            Limits(memory_mb=2623),
            "sandbox.memory_mb = 2623 is too small: with sandbox.disk_mb = 1024 the sandbox needs 2624, "
            "since its disk is memory",
            "set sandbox.memory_mb to 2624 or more, or lower sandbox.disk_mb",
        ),
        (
            Limits(disk_mb=2000),
            "sandbox.memory_mb = 3072 is too small: with sandbox.disk_mb = 2000 the sandbox needs 3600, "
            "since its disk is memory",
            "set sandbox.memory_mb to 3600 or more, or lower sandbox.disk_mb",
        ),
        (Limits(pids=112), "sandbox.pids = 112 is too small", "set sandbox.pids above 112"),
    ],
)
def test_limits_that_contradict_each_other_are_named(limits: Limits, problem: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        check_limits(limits)
    assert (refused.value.problem, refused.value.remedy) == (problem, remedy)


@pytest.mark.parametrize(
    ("wanted", "there", "given"), [(2.0, 4, 2_000_000_000), (0.5, 4, 500_000_000), (8.0, 2, 2_000_000_000)]
)
def test_processors_are_as_many_as_wanted_and_no_more_than_there_are(wanted: float, there: int, given: int) -> None:
    assert nano_cpus(Limits(cpus=wanted), there) == given
