"""Repositories that were made to run something, or to show us something else than they hold: nothing of it comes true.

A row is a trap. Where a plain git would spring it, the row says by which command, and a test shows that it does. Ours
then does all it ever does with a repository, `check` and `merge` included: the canary stays away, and not a byte of the
folder changes but what the merge announces.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha1
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coderoute.adapters.repository_git.safe_git import PLUMBING, SafeGit
from coderoute.errors import BadInput
from coderoute.wiring.check import check

if TYPE_CHECKING:
    from coderoute.adapters.repository_git import GitRepository
    from tests.adapters.repository_git.conftest import Bench

HOOKS = ("pre-commit", "post-checkout", "post-merge", "post-commit", "reference-transaction", "post-index-change")
CHANGE: dict[str, bytes | None] = {"src/a.py": b"other\n", "src/fresh/new.py": b"new\n", "README.md": None}
PATCH = (
    b"diff --git a/src/a.py b/src/a.py\n--- a/src/a.py\n+++ b/src/a.py\n@@ -1,2 +1,2 @@\n def a():\n"
    b"-    return 1\n+    return 2\n"
)


class Trapper:
    """Sets a trap in the repository of a bench. What it would run leaves a file `canary`."""

    def __init__(self, bench: Bench, tmp_path: Path) -> None:
        self.bench = bench
        self.git_dir = bench.root / ".git"
        self.around = bench.root.parent
        self.canary = tmp_path / "canary"
        self.script = tmp_path / "spring"
        self.script.write_text(f'#!/bin/sh\necho "$0 $@" >> "{self.canary}"\nexec cat\n')
        self.server = tmp_path / "spring-server"
        self.server.write_text(f'#!/bin/sh\necho "$0 $@" >> "{self.canary}"\nexit 1\n')
        for script in (self.script, self.server):
            script.chmod(0o755)

    def configure(self, *settings: tuple[str, str], file: Path | None = None) -> None:
        lines = []
        for key, value in settings:
            section, _, name = key.rpartition(".")
            first, _, second = section.partition(".")
            heading = f'[{first} "{second}"]' if second else f"[{first}]"
            lines.append(f'{heading}\n\t{name} = "{value}"\n')
        with (file or self.git_dir / "config").open("a") as config:
            config.write("".join(lines))

    def hooks(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        for name in HOOKS:
            shutil.copy2(self.script, folder / name)

    def object(self, kind: str, data: bytes) -> str:
        """An object written by hand, whatever git would say to it; its id."""
        whole = f"{kind} {len(data)}\0".encode() + data
        oid = sha1(whole, usedforsecurity=False).hexdigest()
        place = self.git_dir / "objects" / oid[:2] / oid[2:]
        place.parent.mkdir(exist_ok=True)
        if not place.exists():
            place.write_bytes(zlib.compress(whole))
        return oid

    def tree(self, *more: tuple[str, bytes, str]) -> str:
        """The base's tree with entries added at its end, as they are given."""
        base = self.bench.git("rev-parse", "HEAD^{tree}")
        raw = zlib.decompress((self.git_dir / "objects" / base[:2] / base[2:]).read_bytes()).partition(b"\0")[2]
        added = b"".join(mode.encode() + b" " + name + b"\0" + bytes.fromhex(oid) for mode, name, oid in more)
        return self.object("tree", raw + added)

    def commit(self, tree: str) -> None:
        """Move `main` to a commit of `tree`, behind git's back."""
        head = self.bench.git("rev-parse", "HEAD")
        who = "Test <test@example.org> 1700000000 +0000"
        text = f"tree {tree}\nparent {head}\nauthor {who}\ncommitter {who}\n\nhostile\n"
        (self.git_dir / "refs/heads/main").write_text(self.object("commit", text.encode()) + "\n")

    def blob(self) -> str:
        return self.object("blob", b"evil\n")


@dataclass(frozen=True, kw_only=True)
class Trap:
    """`springs` are plain git commands that run the trap, each alone enough. `refused` is how we say that we do not
    work with such a repository, `waits` why its checkout cannot follow the merge; both None: everything works."""

    what: str
    set_up: Callable[[Trapper], object]
    springs: tuple[tuple[str, ...], ...] = ()
    refused: str | None = None
    waits: str | None = None
    repo: str = "."
    shows: dict[str, bytes] = field(default_factory=dict)
    """What the base's files hold in truth."""


def fsmonitor(trap: Trapper) -> None:
    trap.configure(("core.fsmonitor", str(trap.script)))


def hooks(trap: Trapper) -> None:
    trap.hooks(trap.git_dir / "hooks")


def hooks_elsewhere(trap: Trapper) -> None:
    trap.hooks(trap.bench.root / "githooks")
    trap.configure(("core.hooksPath", "githooks"))


def a_filter(trap: Trapper) -> None:
    trap.bench.commit({".gitattributes": b"*.md filter=evil\n*.py filter=evil\n"})
    trap.configure(("filter.evil.clean", str(trap.script)), ("filter.evil.smudge", str(trap.script)))


def a_filter_process(trap: Trapper) -> None:
    trap.bench.commit({".gitattributes": b"* filter=evil\n"})
    trap.configure(("filter.evil.process", str(trap.script)), ("filter.evil.required", "true"))


def a_filter_by_info(trap: Trapper) -> None:
    (trap.git_dir / "info").mkdir(exist_ok=True)
    (trap.git_dir / "info" / "attributes").write_text("* filter=evil\n")
    trap.configure(("filter.evil.clean", str(trap.script)), ("filter.evil.smudge", str(trap.script)))


def a_filter_by_attributes_file(trap: Trapper) -> None:
    (trap.git_dir / "more-attributes").write_text("* filter=evil\n")
    trap.configure(("core.attributesFile", str(trap.git_dir / "more-attributes")))
    trap.configure(("filter.evil.clean", str(trap.script)), ("filter.evil.smudge", str(trap.script)))


def textconv(trap: Trapper) -> None:
    trap.bench.commit({".gitattributes": b"* diff=evil\n"})
    trap.configure(("diff.evil.textconv", str(trap.script)), ("diff.evil.command", str(trap.script)))


def external_diff(trap: Trapper) -> None:
    trap.configure(("diff.external", str(trap.script)))


def merge_driver(trap: Trapper) -> None:
    trap.bench.commit({".gitattributes": b"* merge=evil\n"})
    trap.bench.git("switch", "-q", "-c", "side")
    trap.bench.commit({"README.md": b"# Side\n"})
    trap.bench.git("switch", "-q", "main")
    trap.bench.commit({"README.md": b"# Main\n"})
    trap.configure(("merge.evil.driver", f"{trap.script} %O %A %B"))


def signing(trap: Trapper) -> None:
    trap.configure(("gpg.program", str(trap.script)), ("commit.gpgSign", "true"), ("tag.gpgSign", "true"))


def programs_for_people(trap: Trapper) -> None:
    names = ("core.editor", "core.pager", "core.askPass", "core.sshCommand", "credential.helper", "sequence.editor")
    trap.configure(*((name, str(trap.script)) for name in names), ("alias.x", f"!{trap.script}"))


def an_include(trap: Trapper) -> None:
    trap.configure(("core.fsmonitor", str(trap.script)), file=trap.bench.root / "more.cfg")
    trap.configure(("include.path", "../more.cfg"))


def an_include_by_branch(trap: Trapper) -> None:
    trap.configure(("core.fsmonitor", str(trap.script)), file=trap.around / "more.cfg")
    trap.configure(("includeIf.onbranch:main.path", str(trap.around / "more.cfg")))


def a_worktrees_configuration(trap: Trapper) -> None:
    trap.configure(("core.repositoryFormatVersion", "1"), ("extensions.worktreeConfig", "true"))
    trap.configure(("core.fsmonitor", str(trap.script)), file=trap.git_dir / "config.worktree")


def a_dot_git_file(trap: Trapper) -> None:
    elsewhere = trap.around / "elsewhere"
    trap.git_dir.rename(elsewhere)
    trap.git_dir.write_text(f"gitdir: {elsewhere}\n")
    trap.hooks(elsewhere / "hooks")
    trap.configure(("core.fsmonitor", str(trap.script)), file=elsewhere / "config")


def a_dot_git_link(trap: Trapper) -> None:
    elsewhere = trap.around / "elsewhere"
    trap.git_dir.rename(elsewhere)
    trap.git_dir.symlink_to(elsewhere)
    trap.configure(("core.fsmonitor", str(trap.script)), file=elsewhere / "config")


def a_dot_git_file_to_nothing(trap: Trapper) -> None:
    trap.git_dir.rename(trap.around / "elsewhere")
    trap.git_dir.write_text("gitdir: /proc/self/root/nowhere\n")


def a_common_folder_elsewhere(trap: Trapper) -> None:
    """The trap's `.git` is that of a linked work tree; hooks and configuration come from the other folder."""
    common = trap.around / "common"
    common.mkdir()
    for name in ("objects", "refs", "config"):
        (trap.git_dir / name).rename(common / name)
    (trap.git_dir / "commondir").write_text(f"{common}\n")
    trap.hooks(common / "hooks")
    trap.configure(("core.fsmonitor", str(trap.script)), file=common / "config")


def an_embedded_bare_repository(trap: Trapper) -> None:
    inner = trap.bench.root / "docs" / "theme"
    trap.bench.git("init", "-q", "--bare", str(inner))
    trap.configure(("core.bare", "false"), ("core.worktree", ".."), file=inner / "config")
    trap.configure(("core.fsmonitor", str(trap.script)), file=inner / "config")


def a_work_tree_elsewhere(trap: Trapper) -> None:
    (trap.around / "precious").mkdir()
    (trap.around / "precious" / "README.md").write_text("mine\n")
    trap.configure(("core.worktree", str(trap.around / "precious")))
    fsmonitor(trap)


def a_fetch_on_demand(trap: Trapper) -> None:
    """An object that is missing, and a remote that is asked for it by a program."""
    trap.configure(("remote.evil.url", str(trap.around)), ("remote.evil.uploadpack", str(trap.server)))
    trap.configure(("remote.evil.promisor", "true"), ("core.repositoryFormatVersion", "1"))
    trap.configure(("extensions.partialClone", "evil"))


def a_remote_that_runs(trap: Trapper) -> None:
    trap.configure(("remote.origin.url", str(trap.bench.root)), ("remote.origin.uploadpack", str(trap.server)))
    trap.configure(("remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*"))


def submodules_that_run(trap: Trapper) -> None:
    text = f'[submodule "x"]\n\tpath = x\n\turl = ext::sh -c {trap.script}\n\tupdate = !{trap.script}\n'
    trap.bench.commit({".gitmodules": text.encode()})
    trap.configure(("submodule.x.url", f"ext::sh -c {trap.script}"), ("submodule.x.update", f"!{trap.script}"))
    trap.configure(("protocol.ext.allow", "always"), ("submodule.recurse", "true"))
    trap.bench.git("update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},x")
    (trap.bench.root / "x").mkdir()
    trap.bench.git("-c", "submodule.recurse=false", "commit", "-q", "-m", "submodule")


def replaced_objects(trap: Trapper) -> None:
    trap.bench.write({"README.md": b"# Lie\n"})
    lie = trap.bench.git("hash-object", "-w", "README.md")
    trap.bench.write({"README.md": b"# Thing\n"})
    trap.bench.git("replace", trap.bench.git("rev-parse", "HEAD:README.md"), lie)


def a_replaced_commit(trap: Trapper) -> None:
    head = trap.bench.git("rev-parse", "HEAD")
    trap.bench.commit({"README.md": b"# Lie\n"})
    lie = trap.bench.git("rev-parse", "HEAD")
    trap.bench.git("reset", "-q", "--hard", head)
    trap.bench.git("replace", "-f", head, lie)


def a_commit_graph_that_lies(trap: Trapper) -> None:
    tree = bytes.fromhex(trap.bench.git("rev-parse", "HEAD^{tree}"))
    other = bytes.fromhex(trap.bench.git("rev-parse", "HEAD:src"))
    trap.bench.git("commit-graph", "write", "--reachable")
    graph = trap.git_dir / "objects" / "info" / "commit-graph"
    graph.chmod(0o644)
    data = graph.read_bytes().replace(tree, other)
    graph.write_bytes(data[:-20] + sha1(data[:-20], usedforsecurity=False).digest())


def alternates_to_elsewhere(trap: Trapper) -> None:
    other = trap.around / "other"
    trap.bench.git("init", "-q", str(other))
    fsmonitor_of_other = other / ".git" / "config"
    trap.configure(("core.fsmonitor", str(trap.script)), file=fsmonitor_of_other)
    trap.hooks(other / ".git" / "hooks")
    trap.configure(("core.alternateRefsCommand", str(trap.script)))
    lines = [other / ".git" / "objects", trap.git_dir / "objects", "/proc/self/fd", "/dev/zero", "../../nowhere"]
    (trap.git_dir / "objects" / "info").mkdir(exist_ok=True)
    (trap.git_dir / "objects" / "info" / "alternates").write_text("".join(f"{line}\n" for line in lines))


def hostile_names_of_branches(trap: Trapper) -> None:
    head = trap.bench.git("rev-parse", "HEAD")
    names = ("--upload-pack=x", "-n", f"$(touch {trap.canary.name})", "a..b", "x\x1b[2J", "x\ny", "é\udcff", "a.lock")
    for name in names:
        (trap.git_dir / "refs" / "heads" / name).write_text(f"{head}\n")
    packed = "".join(f"{head} refs/heads/p{name}\n" for name in ("--evil", "$(x)", "x\x1b[2J", "..", "a.lock"))
    (trap.git_dir / "packed-refs").write_text(f"# pack-refs with: peeled \n{packed}")


def branches_that_are_links(trap: Trapper) -> None:
    heads = trap.git_dir / "refs" / "heads"
    (heads / "passwords").symlink_to("/etc/passwd")
    (heads / "endless").symlink_to("endless")
    (heads / "zero").symlink_to("/dev/zero")
    (heads / "loop").write_text("ref: refs/heads/loop\n")
    os.mkfifo(heads / "pipe")


def a_head_out_of_the_repository(trap: Trapper) -> None:
    (trap.around / "oid").write_text(trap.bench.git("rev-parse", "HEAD") + "\n")
    (trap.git_dir / "HEAD").write_text("ref: refs/../../../oid\n")


def a_configuration_that_never_ends(trap: Trapper) -> None:
    (trap.git_dir / "config").unlink()
    os.mkfifo(trap.git_dir / "config")


def a_tree_with_ways_out(trap: Trapper) -> None:
    up = trap.object("tree", b"100644 evil\0" + bytes.fromhex(trap.blob()))
    hook = trap.object("tree", b"100755 post-checkout\0" + bytes.fromhex(trap.blob()))
    inner = trap.object("tree", b"40000 hooks\0" + bytes.fromhex(hook))
    whole = trap.object("tree", b"40000 ..\0" + bytes.fromhex(up) + b"40000 .git\0" + bytes.fromhex(inner))
    trap.commit(trap.tree(("40000", b"zz", whole)))


def a_tree_with_a_name_twice(trap: Trapper) -> None:
    trap.commit(trap.tree(("100644", b"zz", trap.blob()), ("120000", b"zz", trap.blob())))


def a_tree_out_of_order(trap: Trapper) -> None:
    trap.commit(trap.tree(("100644", b"zz", trap.blob()), ("100644", b"aa", trap.blob())))


def a_tree_with_a_slash_in_a_name(trap: Trapper) -> None:
    trap.commit(trap.tree(("100644", b"zz/../../evil", trap.blob())))


def a_tree_cut_off(trap: Trapper) -> None:
    trap.commit(trap.object("tree", b"100644 README.md\0short"))


def a_tree_without_a_blob(trap: Trapper) -> None:
    trap.commit(trap.tree(("100644", b"zz", "1" * 40)))


def an_index_of_garbage(trap: Trapper) -> None:
    (trap.git_dir / "index").write_bytes(b"DIRC\0\0\0\2\xff\xff\xff\xff" + bytes(30_000_000))


def links_in_the_work_tree(trap: Trapper) -> None:
    (trap.around / "precious").mkdir()
    (trap.around / "precious" / "a.py").write_text("mine\n")
    shutil.rmtree(trap.bench.root / "src")
    (trap.bench.root / "src").symlink_to(trap.around / "precious")


def attributes_that_rewrite(trap: Trapper) -> None:
    lines = b"*.py export-ignore diff=x -text ident\n* export-subst working-tree-encoding=UTF-16LE\n"
    tree = trap.tree()
    raw = zlib.decompress((trap.git_dir / "objects" / tree[:2] / tree[2:]).read_bytes()).partition(b"\0")[2]
    attributes = b"100644 .gitattributes\0" + bytes.fromhex(trap.object("blob", lines))
    trap.commit(trap.object("tree", attributes + raw))


STATUS, DIFF = ("status",), ("diff",)
CONVERTED = "converted by git"

TRAPS = (
    Trap(what="a file-system monitor", set_up=fsmonitor, springs=(STATUS, DIFF, ("add", "-A"))),
    Trap(what="hooks", set_up=hooks, springs=(("switch", "-c", "x"), ("update-ref", "refs/x", "HEAD"))),
    Trap(what="hooks in the work tree", set_up=hooks_elsewhere, springs=(("switch", "-c", "x"),)),
    Trap(what="a filter", set_up=a_filter, springs=(STATUS, DIFF, ("add", "-A")), waits=CONVERTED),
    Trap(what="a filter that stays", set_up=a_filter_process, springs=(("add", "-A"),), waits=CONVERTED),
    Trap(what="a filter by info/attributes", set_up=a_filter_by_info, springs=(DIFF,), waits=CONVERTED),
    Trap(what="a filter by another file", set_up=a_filter_by_attributes_file, springs=(DIFF,), waits=CONVERTED),
    Trap(what="a converter for differences", set_up=textconv, springs=(DIFF,)),
    Trap(what="a program for differences", set_up=external_diff, springs=(DIFF,)),
    Trap(what="a program for merges", set_up=merge_driver, springs=(("merge", "side"),)),
    Trap(what="a program that signs", set_up=signing, springs=(("commit", "--allow-empty", "-m", "x"),)),
    Trap(what="programs for people", set_up=programs_for_people, springs=(("x",), ("commit", "--allow-empty"))),
    Trap(what="an include", set_up=an_include, springs=(STATUS,)),
    Trap(what="an include by branch", set_up=an_include_by_branch, springs=(STATUS,)),
    Trap(what="a work tree's configuration", set_up=a_worktrees_configuration, springs=(STATUS,)),
    Trap(what="a .git file", set_up=a_dot_git_file, springs=(STATUS,)),
    Trap(what="a .git link", set_up=a_dot_git_link, springs=(STATUS,)),
    Trap(what="a .git file to nothing", set_up=a_dot_git_file_to_nothing, refused="points to no git folder"),
    Trap(what="a common folder elsewhere", set_up=a_common_folder_elsewhere, springs=(STATUS,)),
    Trap(what="an embedded bare repository", set_up=an_embedded_bare_repository, repo="docs/theme",
         springs=(("-C", "docs/theme", "status"),), refused="is a bare repository"),
    Trap(what="one that is only there", set_up=an_embedded_bare_repository),
    Trap(what="a work tree elsewhere", set_up=a_work_tree_elsewhere, springs=(STATUS,), refused="work tree elsewhere"),
    Trap(what="a fetch on demand", set_up=a_fetch_on_demand, springs=(("cat-file", "-p", "1" * 40),),
         refused="partial clone"),
    Trap(what="a remote that runs", set_up=a_remote_that_runs, springs=(("fetch", "origin"),)),
    Trap(what="submodules that run", set_up=submodules_that_run, refused="submodule"),
    Trap(what="a replaced file", set_up=replaced_objects, shows={"README.md": b"# Thing\n"}),
    Trap(what="a replaced commit", set_up=a_replaced_commit, shows={"README.md": b"# Thing\n"}),
    Trap(what="a commit graph that lies", set_up=a_commit_graph_that_lies, shows={"README.md": b"# Thing\n"}),
    Trap(what="objects from elsewhere", set_up=alternates_to_elsewhere),
    Trap(what="hostile names of branches", set_up=hostile_names_of_branches),
    Trap(what="branches that are links", set_up=branches_that_are_links),
    Trap(what="a HEAD out of the repository", set_up=a_head_out_of_the_repository, refused="HEAD is not readable"),
    Trap(what="a configuration that never ends", set_up=a_configuration_that_never_ends, refused="no regular file"),
    Trap(what="a tree with ways out", set_up=a_tree_with_ways_out, refused="git itself would not write"),
    Trap(what="a tree with a name twice", set_up=a_tree_with_a_name_twice, refused="malformed at 'zz'"),
    Trap(what="a tree out of order", set_up=a_tree_out_of_order, refused="malformed at 'aa'"),
    Trap(what="a tree with a slash in a name", set_up=a_tree_with_a_slash_in_a_name, refused="malformed at"),
    Trap(what="a tree cut off", set_up=a_tree_cut_off, refused="has no tree"),
    Trap(what="a tree without a blob", set_up=a_tree_without_a_blob, refused="no blob"),
    Trap(what="an index of garbage", set_up=an_index_of_garbage, waits="cannot be read"),
    Trap(what="links in the work tree", set_up=links_in_the_work_tree, waits=""),
    Trap(what="attributes that rewrite", set_up=attributes_that_rewrite, waits="", shows={"README.md": b"# Thing\n"}),
)  # fmt: skip


@pytest.fixture
def trapper(bench: Bench, tmp_path: Path) -> Trapper:
    return Trapper(bench, tmp_path)


@pytest.fixture
def trap(request: pytest.FixtureRequest, trapper: Trapper) -> Trap:
    found = request.param
    assert isinstance(found, Trap)
    found.set_up(trapper)
    trapper.canary.unlink(missing_ok=True)
    return found


def named(trap: Trap) -> str:
    return trap.what


SPRUNG = [(trap, command) for trap in TRAPS for command in trap.springs]


@pytest.mark.parametrize(
    ("trap", "command"), SPRUNG, indirect=["trap"], ids=[f"{trap.what}: {command[0]}" for trap, command in SPRUNG]
)
def test_a_plain_git_springs_the_trap(trap: Trap, command: tuple[str, ...], trapper: Trapper) -> None:
    """Else the row would show nothing."""
    trapper.bench.write({"README.md": b"# Other\n"} if command[0] != "merge" else {})
    trapper.bench.git(*command, fails=True)
    assert trapper.canary.exists()


def everything_but_merge(repository: GitRepository, bench: Bench) -> str:
    """The tree of CHANGE; all else is done on the way."""
    base = repository.pin(None)
    for name in ("main", "HEAD", base.commit):
        assert repository.revision(name).tree == base.tree
    repository.warnings()
    repository.author()
    repository.read_many([file.oid for file in repository.files(base.tree)])
    repository.search(base.tree, "return|#")
    repository.tar(base.tree)
    tree = bench.changed_tree(repository, base, CHANGE)
    repository.overlay(base.tree, tree, ["src/a.py"])
    repository.changes(base.tree, tree)
    repository.apply_patch(base.tree, repository.diff(base.tree, tree))
    return tree


def check_all(repo: Path) -> list[str]:
    """The verdicts of `coderoute check` on the last commit and on a patch."""
    environ = {"CODEROUTE_CONFIG_DIR": "/nonexistent"}
    given = (("HEAD", b""), ("-", PATCH))
    return [
        check(environ, name, repo=repo, base=None, stdin=BytesIO(data), warn=lambda _: None).admission.verdict.value
        for name, data in given
    ]


def snapshot(folder: Path) -> dict[str, tuple[object, ...]]:
    found: dict[str, tuple[object, ...]] = {}
    for path in [folder, *folder.rglob("*")]:
        about = path.lstat()
        content = path.readlink() if path.is_symlink() else path.read_bytes() if path.is_file() else None
        found[str(path.relative_to(folder))] = (about.st_mode, about.st_mtime_ns, about.st_ino, content)
    return found


@pytest.mark.parametrize("trap", TRAPS, indirect=True, ids=named)
def test_nothing_of_a_hostile_repository_comes_true(trap: Trap, trapper: Trapper) -> None:
    bench, repo = trapper.bench, trapper.bench.root / trap.repo
    before = snapshot(trapper.around)
    if trap.refused is not None:
        with pytest.raises(BadInput, match=trap.refused) as caught:
            everything_but_merge(bench.repository(repo), bench)
        assert caught.value.remedy
        assert (snapshot(trapper.around), trapper.canary.exists()) == (before, False)
        return
    repository = bench.repository(repo)
    tree = everything_but_merge(repository, bench)
    verdicts = check_all(repo)
    assert snapshot(trapper.around) == before
    assert not trapper.canary.exists()
    assert verdicts[1] == "accepted"
    base = repository.pin(None)
    assert {path: repository.read(base.tree, path) for path in trap.shows} == trap.shows

    merged = bench.merge_tree(tree, base=base, repository=repository)

    assert merged.target_moved is (trap.waits is None)
    assert (trap.waits or "") in (merged.why or "")
    assert not trapper.canary.exists()
    after, nothing = snapshot(trapper.around), (None,)
    differing = {path for path in {*before, *after} if before.get(path, nothing)[-1] != after.get(path, nothing)[-1]}
    assert differing <= announced(differing, moved=merged.target_moved), "and nothing else"


def announced(paths: set[str], *, moved: bool) -> set[str]:
    """Those of `paths` that a merge says it writes: objects and branches, then the change's files and the index."""
    found = {path for path in paths if "/objects/" in f"/{path}/" or "/refs/heads" in f"/{path}"}
    if moved:
        found |= {path for path in paths if path.endswith("/logs/HEAD")}
        found |= {path for path in paths if path.endswith("/index")}
        found |= {f"repo/{path}" for path in (*CHANGE, "src", "src/fresh")}
    return found


@pytest.mark.parametrize("trap", TRAPS, indirect=True, ids=named)
def test_check_alone_leaves_a_hostile_repository_as_it_is(trap: Trap, trapper: Trapper) -> None:
    before = snapshot(trapper.around)
    with contextlib.suppress(*([BadInput] if trap.refused else [])):
        assert set(check_all(trapper.bench.root / trap.repo)) <= {"accepted", "protected", "refused"}
    assert (snapshot(trapper.around), trapper.canary.exists()) == (before, False)


def test_there_are_enough_traps() -> None:
    assert len({trap.what for trap in TRAPS}) == len(TRAPS) >= 15


@pytest.mark.parametrize("trap", [TRAPS[1]], indirect=True, ids=named)
def test_without_our_options_a_hook_runs(trap: Trap, trapper: Trapper, monkeypatch: pytest.MonkeyPatch) -> None:
    """The control: what keeps the canary away is ours, not luck."""
    monkeypatch.setattr(SafeGit, "_command", lambda self, arguments: [self.executable, *arguments])
    trapper.bench.merge(CHANGE)
    assert trapper.canary.exists()


@pytest.mark.parametrize("trap", [TRAPS[3]], indirect=True, ids=named)
def test_in_the_users_own_git_folder_a_filter_would_run(
    trap: Trap, trapper: Trapper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: it is the clean store that keeps filters away, no option can."""
    repository = trapper.bench.repository()
    monkeypatch.setattr("coderoute.adapters.repository_git.safe_git.PLUMBING", PLUMBING | {"add"})
    git = SafeGit(store=trapper.git_dir, executable=shutil.which("git") or "git")
    trapper.bench.write({"README.md": b"# Other\n"})
    git.run("add", "-A", work_tree=trapper.bench.root, may_fail_with=(1, 128))
    assert trapper.canary.exists()
    assert repository.pin(None).target == "refs/heads/main"
