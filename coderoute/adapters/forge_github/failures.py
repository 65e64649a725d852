"""What an error status means to the user: the forge's own reason, and what is missing where it says so."""

from collections.abc import Mapping

from coderoute.domain.forge import ForgeRepository
from coderoute.domain.paths import shown
from coderoute.errors import BadInput, CoderouteError, ConfigurationError, Refused, Unavailable

MESSAGE_CHARS = 300


class NotThere(BadInput):
    """The repository can be seen, and what was asked for is not in it."""


class Forbidden(ConfigurationError):
    """The token may not do this one thing."""


def not_visible(repository: ForgeRepository) -> BadInput:
    return BadInput(
        f"there is no repository {repository.slug} at {repository.server}, or the token cannot see it",
        remedy="check the name; for a private one the token needs access: the scope repo, or, for a fine-grained one, "
        "this repository with Contents, Issues and Pull requests",
    )


def failure(
    repository: ForgeRepository,
    what: str,
    *,
    reads: bool,
    needed: str,
    status: int,
    headers: Mapping[str, str],
    data: object,
) -> CoderouteError:
    """The error for an answer about `what` with `status`, when the repository itself can be seen. `needed` is the
    permission that we know the request to need, where the forge does not say."""
    message, slug = reason_of(data), repository.slug
    match status:
        case 401:
            return ConfigurationError(
                f"{repository.server} refuses the token: {message}",
                remedy="it has expired or is not for this server: set GITHUB_TOKEN again, or: gh auth login",
            )
        case 403 if "archived" in message.lower():
            return archived(repository)
        case 403 if "github actions is not permitted" in message.lower():
            return ConfigurationError(
                f"{slug}: {message}",
                remedy="allow it: Settings, Actions, General, Workflow permissions; or use a token of an app",
            )
        case 403:
            return forbidden(slug, what, message, headers, needed)
        case 404:
            return NotThere(f"{slug} has no {what}", remedy="check its number or name")
        case 410 | 451:
            return NotThere(f"{slug} does not give out {what}: {message}", remedy="name another one")
        case _ if reads:
            return BadInput(f"{slug} does not give out {what}: {message}", remedy="check what was asked for")
        case _:
            return Refused(f"{slug} refuses {what}: {message}", remedy="see the reason, then repeat the command")


def archived(repository: ForgeRepository) -> BadInput:
    return BadInput(f"{repository.slug} is archived: it can only be read", remedy="unarchive it in its settings")


def forbidden(slug: str, what: str, message: str, headers: Mapping[str, str], needed: str) -> Forbidden:
    """Which permission is missing, by the header in which GitHub says so."""
    problem = f"the token may not do this in {slug} ({what}): {message}"
    if headers.get("x-github-sso", "").startswith("required"):
        return Forbidden(problem, remedy="authorise the token for the organisation's single sign-on")
    scopes = shown(headers.get("x-accepted-oauth-scopes", "")[:MESSAGE_CHARS])
    if scopes:
        return Forbidden(f"{problem}; it needs the scope {scopes}", remedy=f"give the token one of the scopes {scopes}")
    wanted = shown(headers.get("x-accepted-github-permissions", "")[:MESSAGE_CHARS]) or needed
    return Forbidden(
        f"{problem}; it needs {wanted}",
        remedy=f"give the token the permission {wanted}, or its owner the right to do this",
    )


def needed_permission(path: str, *, reads: bool) -> str:
    """The permission of a fine-grained token for a request below `/repos/OWNER/NAME`, as GitHub writes it."""
    place = path.split("/")[4:5]
    kinds = {"issues": "issues", "pulls": "pull_requests", "statuses": "statuses", "git": "contents"}
    kind = "statuses" if path.endswith("/statuses") else kinds.get(place[0] if place else "", "metadata")
    kind = "contents" if path.endswith("/merge") else kind
    return f"{kind}={'read' if reads else 'write'}"


def nonsense(what: str) -> Unavailable:
    return Unavailable(
        f"the forge's answer about {what} is not what its API describes",
        reason="forge_unavailable",
        remedy="is it a GitHub server? check GITHUB_API_URL",
    )


def reason_of(data: object) -> str:
    """What the forge says, in one line: its message and those of its list of errors."""
    if not isinstance(data, dict):
        return "no reason given"
    said = [str(data.get("message") or "no reason given")]
    errors = data.get("errors")
    for error in errors if isinstance(errors, list) else []:
        if isinstance(error, dict):
            named = " ".join(str(error[key]) for key in ("resource", "field", "code") if error.get(key))
            said.append(str(error.get("message") or named))
        else:
            said.append(str(error))
    return shown("; ".join(dict.fromkeys(said))[:MESSAGE_CHARS])
