"""The only file that names concrete adapters: it opens the store, the repository, the engine and the models."""

import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from importlib.metadata import version as version_of
from pathlib import Path

from coderoute.domain import places
from coderoute.domain.conversation import ModelRef, Usage
from coderoute.domain.money import PriceOverride
from coderoute.domain.run import RunRecord
from coderoute.domain.task import Base
from coderoute.domain.terms import Environment, Limits, Terms, TestCommand
from coderoute.errors import BadInput, Blocked, ConfigurationError
from coderoute.flow import runs
from coderoute.flow.candidate import needed
from coderoute.flow.world import World
from coderoute.journal import Journal
from coderoute.ledger import Ledger
from coderoute.ports import Identity, ModelProvider, PriceList, Repository, RunStore, SandboxHost
from coderoute.settings import Settings, Sources, load, state_dir
from coderoute.stages.intake import Intake

Show = Callable[[str, Mapping[str, object]], None]

CONFIG_FILES = ("coderoute.toml", "pyproject.toml")
REFERENCE = Usage(input_tokens=50_000, output_tokens=3_000)
"""An attempt of usual size, to compare what models cost."""
CHEAP_RETRY_RATIO = 10
"""A cheap retry pays from this price ratio on (routing design, section 3.5)."""


def version() -> str:
    return version_of("coderoute-runner")


def now() -> datetime:
    return datetime.now(UTC)
