"""Whether a checkout belongs to a repository on GitHub, and whether there is a token for it."""

from dataclasses import dataclass
from pathlib import Path

from coderoute.errors import BadInput, ConfigurationError
from coderoute.wiring.forge import remotes_of
from coderoute.wiring.house import House


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenFound:
    """What there is for the repository `slug` at `server`. `problem` None: a token; nobody asked whether it is good."""

    slug: str
    server: str
    problem: str | None
    remedy: str | None


def token_of_checkout(house: House, checkout: Path) -> TokenFound | None:
    """None where `checkout` has no remote on a server that we know as GitHub. The token stays in this process.

    Raises:
        BadInput, ConfigurationError: there is no checkout, or a variable is no address.
    """
    from coderoute.adapters.forge_github import known_server, token_for
    from coderoute.domain.issue_name import repository_of

    server = known_server(house.environ)
    try:
        repository = repository_of(remotes_of(house, checkout), server=server)
    except BadInput:
        return None
    try:
        token_for(repository.server, house.keys)
    except ConfigurationError as error:
        return TokenFound(
            slug=repository.slug, server=repository.server, problem=error.problem, remedy=error.remedy
        )  # fmt: skip
    return TokenFound(slug=repository.slug, server=repository.server, problem=None, remedy=None)
