"""An engine, sandboxes that are closed again, and changed images that are removed again."""

import io
import tarfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing

import docker
import pytest

from coderoute.adapters.sandbox_docker import DockerSandboxHost
from coderoute.adapters.sandbox_docker.sandbox import DockerSandbox
from coderoute.ports import Environment, Limits

PLAIN = Environment(image=None, setup=(), limits=Limits())


@pytest.fixture(scope="session")
def client() -> Iterator[docker.DockerClient]:
    with closing(docker.from_env()) as client:
        yield client


@pytest.fixture(scope="session")
def host_id() -> str:
    """Another one for each test run: several may share an engine."""
    return f"tests-{uuid.uuid4()}"


@pytest.fixture(scope="module")
def host(host_id: str) -> Iterator[DockerSandboxHost]:
    with closing(DockerSandboxHost(host_id=host_id)) as host:
        yield host


@pytest.fixture(scope="session")
def tar_of() -> Callable[[Mapping[str, bytes]], bytes]:
    """A tar file of files: path -> content."""

    def made(files: Mapping[str, bytes]) -> bytes:
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w") as archive:
            for name, data in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        return buffer.getvalue()

    return made


@pytest.fixture(scope="module")
def opened(
    host: DockerSandboxHost, tar_of: Callable[[Mapping[str, bytes]], bytes]
) -> Iterator[Callable[..., DockerSandbox]]:
    """Opens sandboxes: `opened({path: content}, environment, host)`. Whoever opens one need not close it."""
    with ExitStack() as all_of_them:

        def of(
            files: Mapping[str, bytes] | None = None,
            environment: Environment = PLAIN,
            host: DockerSandboxHost = host,
            image: str | None = None,
        ) -> DockerSandbox:
            checkout = tar_of({"readme": b"read me\n"} if files is None else files)
            sandbox = host.open(image or host.prepare(environment, lambda: checkout), checkout, environment, "run-1")
            assert isinstance(sandbox, DockerSandbox)
            return all_of_them.enter_context(closing(sandbox))

        yield of


@pytest.fixture
def sandbox(opened: Callable[..., DockerSandbox]) -> Iterator[DockerSandbox]:
    with closing(opened()) as sandbox:
        yield sandbox


@pytest.fixture(scope="module")
def shared(opened: Callable[..., DockerSandbox]) -> DockerSandbox:
    """For tests that only look."""
    return opened()


@pytest.fixture
def changed_image(client: docker.DockerClient) -> Iterator[Callable[..., str]]:
    """Makes a tagged image of our base image, after a command as root and with more instructions."""
    made: list[str] = []

    def of(command: str = ":", *instructions: str) -> str:
        container = client.containers.create(
            "coderoute-sandbox:1", ["sh", "-c", command], user="0", network_mode="none", use_config_proxy=False
        )
        tag = str(container.id)[:12]
        try:
            container.start()
            assert container.wait()["StatusCode"] == 0
            container.commit(repository="coderoute-test", tag=tag, changes=list(instructions))
        finally:
            container.remove(force=True)
        made.append(f"coderoute-test:{tag}")
        return made[-1]

    yield of
    for image in made:
        client.images.remove(image, force=True)


@pytest.fixture(scope="session")
def containers_of(client: docker.DockerClient) -> Callable[[str], list[str]]:
    """The ids of all containers that a host id has."""

    def of(host_id: str) -> list[str]:
        found = client.api.containers(all=True, filters={"label": f"coderoute.owner={host_id}"})
        return sorted(entry["Id"] for entry in found)

    return of
