"""Settings from texts instead of files, in an environment that holds nothing else."""

from pathlib import Path
from typing import Protocol

import pytest

from coderoute.errors import ConfigurationError
from coderoute.settings import RepositoryFiles, Settings, load


class Load(Protocol):
    def __call__(
        self,
        *overrides: str,
        file: str | None = None,
        coderoute_toml: str | None = None,
        pyproject_toml: str | None = None,
        **environ: str,
    ) -> Settings: ...


class Mistakes(Protocol):
    def __call__(
        self, *overrides: str, file: str | None = None, coderoute_toml: str | None = None, **environ: str
    ) -> list[str]: ...


@pytest.fixture
def load_with(tmp_path: Path) -> Load:
    """load, with texts for the user's file and the repository's, and only the given environment."""

    def load_with(
        *overrides: str,
        file: str | None = None,
        coderoute_toml: str | None = None,
        pyproject_toml: str | None = None,
        **environ: str,
    ) -> Settings:
        environ = {"CODEROUTE_CONFIG_DIR": str(tmp_path), **environ}
        if file is not None:
            (tmp_path / "coderoute.toml").write_text(file, encoding="utf-8")
        files = RepositoryFiles(coderoute_toml=coderoute_toml, pyproject_toml=pyproject_toml)
        return load(environ=environ, overrides=overrides, files=files)

    return load_with


@pytest.fixture
def mistakes(load_with: Load) -> Mistakes:
    """The lines of the error that loading ends with."""

    def mistakes(
        *overrides: str, file: str | None = None, coderoute_toml: str | None = None, **environ: str
    ) -> list[str]:
        with pytest.raises(ConfigurationError) as refused:
            load_with(*overrides, file=file, coderoute_toml=coderoute_toml, **environ)
        return refused.value.problem.split("\n")

    return mistakes
