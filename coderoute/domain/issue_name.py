"""How people name an issue of a forge: its address, `owner/repo#12`, or `#12` in a checkout."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

from coderoute.domain.forge import ForgeRepository
from coderoute.domain.paths import shown
from coderoute.domain.wire import is_this_machine
from coderoute.errors import BadInput

GITHUB = "https://github.com"
FORMS = "https://github.com/OWNER/REPO/issues/12, OWNER/REPO#12, or #12 inside a checkout"
OTHER_FORGES = frozenset({"gitlab.com", "bitbucket.org", "codeberg.org", "gitea.com", "git.sr.ht", "dev.azure.com"})
MAX_NUMBER_DIGITS = 10

_OWNER = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]|_(?=[A-Za-z0-9])){0,99}")
_NAME = re.compile(r"[A-Za-z0-9._-]{1,100}")
_HOST = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?")
_NUMBER = re.compile(rf"[1-9][0-9]{{0,{MAX_NUMBER_DIGITS - 1}}}")
_SHORT = re.compile(r"(?:(?P<owner>[^/#\s]+)/(?P<name>[^/#\s]+))?#(?P<number>[0-9]+)")
_SCP = re.compile(r"(?:[^@/\s:]+@)?(?P<host>[^/\s:@]+):(?P<path>[^/].*)")
_WEB = re.compile(r"https?://", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class IssueName:
    """One issue of one repository."""

    repository: ForgeRepository
    number: int

    @property
    def url(self) -> str:
        return f"{self.repository.url}/issues/{self.number}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Remotes:
    """A checkout's remotes, name -> URL, and the one that the checked-out branch follows."""

    urls: Mapping[str, str] = field(default_factory=dict)
    upstream: str | None = None

    def chosen(self) -> str | None:
        """The name of the remote that `#12` is about: the branch's upstream, else origin, else the only one."""
        only = next(iter(self.urls)) if len(self.urls) == 1 else None
        return next((name for name in (self.upstream, "origin", only) if name is not None and name in self.urls), None)


def is_issue_name(text: str) -> bool:
    """Whether `text` can only be meant as an issue of a forge, and not as a file."""
    return _WEB.match(text.strip()) is not None or _SHORT.fullmatch(text.strip()) is not None


def issue_name(text: str, *, server: str = GITHUB, remotes: Remotes | None = None) -> IssueName:
    """The issue that `text` names. `server` is the forge of names without a host; `remotes` those of the checkout.

    Raises:
        BadInput: it names none, a pull request, or a repository that cannot be told.
    """
    text = text.strip()
    if _WEB.match(text):
        return _from_address(text)
    short = _SHORT.fullmatch(text)
    if short is None:
        raise _refused(f"{shown(text)!r} names no issue", f"write {FORMS}")
    number = _number(short["number"], text)
    if short["owner"] is not None:
        return IssueName(repository=_repository(server, short["owner"], short["name"], text), number=number)
    return IssueName(repository=repository_of(remotes or Remotes(), server=server, asked=text), number=number)


def repository_of(remotes: Remotes, *, server: str = GITHUB, asked: str = "#N") -> ForgeRepository:
    """The repository on `server` (or on GitHub itself) that a checkout belongs to.

    Raises:
        BadInput: no remote, several of which none is meant, or one that is elsewhere.
    """
    chosen = remotes.chosen()
    if chosen is None:
        known = f"its remotes are {', '.join(map(shown, sorted(remotes.urls)))}" if remotes.urls else "it has no remote"
        raise _refused(f"{shown(asked)} does not say which repository, and the checkout does not either: {known}",
                f"write OWNER/REPO{shown(asked)}, or the issue's address")  # fmt: skip
    url = remotes.urls[chosen]
    host, path = _remote_place(url)
    known_servers = [candidate for candidate in (server, GITHUB) if _same_host(candidate, host)]
    parts = path.strip("/").removesuffix(".git").split("/")
    if not known_servers:
        forge = "no GitHub" if host.lower() in OTHER_FORGES else "no server we know as GitHub"
        raise _refused(
            f"the remote {shown(chosen)} is at {shown(host) or 'no host'}, which is {forge}",
            "give the issue's address, or set GITHUB_SERVER_URL for a GitHub Enterprise Server",
        )
    if len(parts) != 2:
        raise _refused(f"the remote {shown(chosen)} is no repository of a forge: {without_credentials(url)}",
                f"write OWNER/REPO{shown(asked)}, or the issue's address")  # fmt: skip
    return _repository(known_servers[0], parts[0], parts[1], without_credentials(url))


def server_of(address: str) -> str:
    """The forge's address, `https://HOST`, without path or slash; http on this machine only.

    Raises:
        BadInput: it is no such address.
    """
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        raise _refused(f"{without_credentials(address)} is no address", "write https://HOST") from None
    if "@" in parts.netloc:
        raise _refused(f"the address {without_credentials(address)} carries a user or password", "leave it out")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_this_machine(host)):
        raise _refused(f"{without_credentials(address)} is not https: what is sent there could be read on the way",
                "use https (http is for this machine only)")  # fmt: skip
    if not _HOST.fullmatch(host) and not is_this_machine(host):
        raise _refused(f"{without_credentials(address)} names no host", "write https://HOST")
    name = f"[{host}]" if ":" in host else host
    name = "github.com" if name == "www.github.com" else name
    standard = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{name}" + ("" if port in (None, standard) else f":{port}")


def without_credentials(url: str) -> str:
    """`url` fit to be shown: no user, no password, nothing behind a question mark."""
    return shown(re.sub(r"^([A-Za-z][A-Za-z0-9+.-]*://)[^/]*@", r"\1", url.partition("?")[0]))


def _from_address(text: str) -> IssueName:
    server = server_of(text)
    parts = [unquote(part) for part in urlsplit(text).path.split("/") if part]
    match parts:
        case [_, _, "pull" | "pulls", *_]:
            raise _refused(f"{without_credentials(text)} is a pull request, not an issue",
                    "name the issue that it is about; coderoute makes a pull request of its own")  # fmt: skip
        case [_, _, "discussions", *_]:
            raise _refused(f"{without_credentials(text)} is a discussion, not an issue", "make an issue of it")
        case [owner, name, "issues", number]:
            return IssueName(repository=_repository(server, owner, name, text), number=_number(number, text))
    host = urlsplit(server).hostname or ""
    other = f"{host} is not GitHub: " if host in OTHER_FORGES else ""
    raise _refused(f"{other}{without_credentials(text)} is no address of an issue", f"write {FORMS}")


def _repository(server: str, owner: str, name: str, text: str) -> ForgeRepository:
    if not _OWNER.fullmatch(owner) or not _NAME.fullmatch(name) or name in (".", ".."):
        raise _refused(
            f"{shown(owner)}/{shown(name)} in {without_credentials(text)} cannot be a repository", f"write {FORMS}"
        )
    return ForgeRepository(server=server, owner=owner, name=name)


def _number(digits: str, text: str) -> int:
    if not _NUMBER.fullmatch(digits):
        raise _refused(f"{shown(digits)} in {without_credentials(text)} is no issue's number", "numbers begin at 1")
    return int(digits)


def _remote_place(url: str) -> tuple[str, str]:
    """(host, path) of a remote's URL: https, ssh, git, or scp's `user@host:path`. The host keeps an odd http port."""
    if "://" not in url:
        scp = _SCP.fullmatch(url)
        return (scp["host"], scp["path"]) if scp else ("", url)
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "", url
    if parts.scheme in ("http", "https") and port not in (None, 80, 443):
        host = f"{host}:{port}"
    return host, unquote(parts.path)


def _same_host(server: str, host: str) -> bool:
    own = urlsplit(server).netloc.lower()
    host = host.lower()
    aliases = {"ssh.github.com", "www.github.com"} if own == "github.com" else set()
    return host in (own, *aliases, f"ssh.{own}") or (":" not in host and host == own.partition(":")[0] != "")


def _refused(problem: str, remedy: str) -> BadInput:
    return BadInput(problem, remedy=remedy)
