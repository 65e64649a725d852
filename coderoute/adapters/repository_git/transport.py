"""ports.Remote: branches of a repository on a forge, over git's own protocol, with the objects in a store of ours.

git is told one address and one refspec, may speak https only (http to this machine), follows no redirect and asks
nobody for a password: the token is a header for that one address, in git's environment and nowhere else.
"""

import base64
import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

from coderoute.adapters.repository_git import refs
from coderoute.adapters.repository_git.objects import checked
from coderoute.adapters.repository_git.safe_git import SafeGit
from coderoute.domain.forge import ForgeRepository
from coderoute.domain.issue_name import server_of
from coderoute.domain.paths import shown
from coderoute.errors import BadInput, ConfigurationError, Refused, Unavailable

OURS = "coderoute/"
"""How every branch that we push begins."""
FETCH_TIMEOUT_S = 1800.0
PUSH_TIMEOUT_S = 600.0
BACK_OFF_S = (0.5, 2.0, 4.0)
NOWHERE = ""
"""What a lease says of a branch that must not be there."""

KNOWN = "refs/coderoute/known/"
FETCHED = "refs/coderoute/fetched/"
PASSED = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "NO_PROXY", "no_proxy", "GIT_SSL_CAINFO")
"""How a company's network is left, and whose certificates it trusts."""
OLD_SINS = (
    "badTimezone", "badDate", "badDateOverflow", "zeroPaddedDate", "missingSpaceBeforeDate", "missingSpaceBeforeEmail",
    "missingEmail", "badEmail", "missingNameBeforeEmail", "badName", "zeroPaddedFilemode", "missingTaggerEntry",
)  # fmt: skip
"""What old commits of honest repositories have, and git minds in new ones; none of it names a file."""

_NO_LOGIN = re.compile(r"could not read (?:username|password)|authentication failed", re.IGNORECASE)
_GONE = re.compile(r"couldn't find remote ref", re.IGNORECASE)
_NOT_ALLOWED = re.compile(
    r"authentication failed|could not read (?:username|password)|returned error: 40[134]"
    r"|repository '[^']*' not found|permission to \S+ denied|write access to repository not granted",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(r"returned error: 30[12378]|unable to update url base from redirection", re.IGNORECASE)
_DONE_TWICE = re.compile(r"remote rejected\] \(failed to update ref|cannot lock ref|reference already exists")
"""A connection that breaks after the push was done makes libcurl send it once more, which must fail. The next one
sees that the branch is there already, or that it stands elsewhere."""
_STATUS = re.compile(r"(?P<flag>[ +\-*!=])\t(?P<what>[^\t]*)\t(?P<why>.*)")
_SAID = re.compile(r"^remote: ?(?:error: ?)?(.*)$", re.MULTILINE)
_ADVICE = re.compile(r"^(?:hint|To|Done)\b")


@dataclass(frozen=True, kw_only=True)
class GitRemote:
    """`git` has the run's store. `token` None: whatever anybody may read. `environ` tells of proxies."""

    git: SafeGit
    repository: ForgeRepository
    token: str | None
    environ: Mapping[str, str]
    known: Sequence[str] = ()
    """Commits whose objects the store has from elsewhere: what they lead to is not fetched again."""
    sleep: Callable[[float], None] = time.sleep

    def fetch(self, branch: str) -> str:
        """See ports.Remote."""
        name = hashlib.sha256(branch.encode("utf-8", "surrogateescape")).hexdigest()[:16]
        return self.bring(branch, f"{FETCHED}{name}")  # by its own name a branch `a` would be in the way of `a/b`

    def bring(self, branch: str, ref: str, *, depth: int | None = None) -> str:
        """The commit that `branch` stands at, its objects in the store and `ref` of the store at it."""
        if not refs.is_ref_name(branch):
            raise BadInput(f"{shown(branch)!r} cannot be a branch's name", remedy="see: git check-ref-format")
        self._remember_known()
        quiet = ("--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance", "--force")
        shallow = () if depth is None else (f"--depth={depth}",)
        spec = f"+refs/heads/{branch}:{ref}"
        problem = self._until_answered("fetch", *quiet, *shallow, "--", self._url, spec, timeout_s=FETCH_TIMEOUT_S)[1]
        if problem is not None:
            if _GONE.search(problem):
                raise BadInput(
                    f"{self.repository.slug} has no branch {shown(branch)}",
                    remedy=f"see: {self.repository.url}/branches",
                )
            raise self._failed("fetch", problem)
        found = refs.resolve(self.git.store, ref)
        if found is None or found.oid is None:
            raise Unavailable(f"git fetched {shown(branch)} and left nothing", reason="git_failed", remedy=_RESUME)
        return found.oid

    def push(self, branch: str, commit: str, *, replaces: str | None) -> None:
        """See ports.Remote."""
        if not branch.startswith(OURS) or not refs.is_ref_name(branch):
            raise Refused(f"{shown(branch)!r} is no branch of ours to push", remedy=f"ours begin with {OURS}")
        ref = f"refs/heads/{branch}"
        lease = f"--force-with-lease={ref}:{NOWHERE if replaces is None else checked(replaces)}"
        careful = (
            "--porcelain",
            "--no-verify",
            "--no-follow-tags",
            "--no-signed",
            "--no-recurse-submodules",
            "--no-thin",
        )
        printed, problem = self._until_answered(
            "push", *careful, lease, "--", self._url, f"{checked(commit)}:{ref}", timeout_s=PUSH_TIMEOUT_S
        )
        status = next((found for line in printed.splitlines() if (found := _STATUS.fullmatch(line))), None)
        if status is not None and status["flag"] == "!":
            raise self._refused(branch, status["why"], problem or "")
        if problem is not None:
            raise self._failed("push", problem)

    @property
    def _url(self) -> str:
        server = server_of(self.repository.server)
        return f"{server}/{quote(self.repository.owner)}/{quote(self.repository.name)}.git"

    def _remember_known(self) -> None:
        """References in our store are what git tells the other side that we have."""
        commands = [f"update {KNOWN}{commit}\0{checked(commit)}\0\0" for commit in self.known]
        if commands:
            self.git.run("update-ref", "-z", "--stdin", stdin="".join(commands).encode())

    def _until_answered(self, *arguments: str, timeout_s: float) -> tuple[str, str | None]:
        """(what git printed, what it complained about or None). Both commands may be repeated: a fetch by its nature,
        a push since the lease holds, and a branch that is there already is up to date."""
        pauses = list(BACK_OFF_S)
        while True:
            ended = self.git.run_over(
                urlsplit(self._url).scheme, *arguments, env=self._environment(), timeout_s=timeout_s
            )
            printed, problem = (text.decode("utf-8", "replace") for text in (ended.stdout, ended.stderr))
            if ended.returncode == 0:
                return printed, None
            answered = any(_STATUS.fullmatch(line) for line in printed.splitlines()) and not _DONE_TWICE.search(printed)
            if answered or not pauses or any(known.search(problem) for known in (_GONE, _NOT_ALLOWED, _ELSEWHERE)):
                return printed, problem or f"exit code {ended.returncode}"
            self.sleep(pauses.pop(0))

    def _environment(self) -> dict[str, str]:
        config = [(f"fetch.fsck.{sin}", "ignore") for sin in OLD_SINS]
        passed: dict[str, str] = {}
        if self._url.startswith("https:"):
            passed = {name: self.environ[name] for name in PASSED if self.environ.get(name)}
        else:
            config.append(("http.proxy", ""))
        if self.token is not None:
            basic = base64.b64encode(f"x-access-token:{self.token}".encode()).decode("ascii")
            config.append((f"http.{self._url}.extraHeader", f"Authorization: Basic {basic}"))
        numbered = {f"GIT_CONFIG_KEY_{number}": key for number, (key, _) in enumerate(config)}
        numbered |= {f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in enumerate(config)}
        return {**passed, **numbered, "GIT_CONFIG_COUNT": str(len(config)), "GIT_PROTOCOL_FROM_USER": "0"}

    def _refused(self, branch: str, why: str, problem: str) -> Refused | ConfigurationError:
        said = "; ".join(dict.fromkeys(line.strip() for line in _SAID.findall(problem) if line.strip()))[:300]
        about = f"{self.repository.slug} does not take {branch}: {shown(why)}" + (f" ({shown(said)})" if said else "")
        if "workflow" in said.lower() and ("permission" in said.lower() or "scope" in said.lower()):
            return ConfigurationError(about, remedy="the change touches workflow files: give the token that permission")
        if why.startswith("[rejected]"):
            return Refused(f"{branch} of {self.repository.slug} stands elsewhere by now", remedy=_LOOK)
        return Refused(about, remedy=_LOOK)

    def _failed(self, verb: str, problem: str) -> ConfigurationError | Unavailable | Refused:
        lines = [line.strip() for line in problem.splitlines() if line.strip() and not _ADVICE.match(line)]
        said = shown("; ".join(dict.fromkeys(lines))[:300])
        where = f"git {verb} at {self.repository.url}"
        if _NO_LOGIN.search(problem):
            return ConfigurationError(
                f"{where}: " + ("the token is refused" if self.token else "a token is needed"),
                remedy="set GITHUB_TOKEN again, or: gh auth login",
            )
        if _NOT_ALLOWED.search(problem):
            wanted = "contents=write" if verb == "push" else "contents=read"
            return ConfigurationError(
                f"{where}: the token may not do it: {said}", remedy=f"give the token the permission {wanted} there"
            )
        if _ELSEWHERE.search(problem):
            return ConfigurationError(
                f"{where}: we are sent elsewhere, where the token does not go", remedy="use the repository's new name"
            )
        return Unavailable(f"{where}: {said}", reason="forge_unavailable", remedy=_RESUME)


_RESUME = "look at the forge's status page, then: coderoute resume RUN"
_LOOK = "look who moved it; then: coderoute resume RUN"
