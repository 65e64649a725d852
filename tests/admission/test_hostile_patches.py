"""Patch files that somebody might send, each through `coderoute check PATCH`."""

import hashlib
import tempfile
import zlib
from base64 import b85encode
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.admission.conftest import Files, Workbench

BASE: "Files" = {"src/pay.py": "a = 1\nb = 2\n", "README.md": "# Pay\n", "link": ("120000", "README.md")}


def edit(path: str, old: str = "a = 1\nb = 2\n", new: str = "a = 1\nb = 3\n") -> str:
    removed, added = ([f"{sign}{line}\n" for line in text.splitlines()] for sign, text in (("-", old), ("+", new)))
    hunk = f"@@ -1,{len(removed)} +1,{len(added)} @@\n{''.join(removed)}{''.join(added)}"
    return f"diff --git a/{path} b/{path}\n--- a/{path}\n+++ b/{path}\n{hunk}"


def new_file(path: str, text: str = "x\n", mode: str = "100644") -> str:
    lines = text.splitlines()
    added = "".join(f"+{line}\n" for line in lines)
    header = f"diff --git a/{path} b/{path}\nnew file mode {mode}\n--- /dev/null\n+++ b/{path}\n"
    return f"{header}@@ -0,0 +1,{len(lines)} @@\n{added}"


def mode_only(path: str, old: str, new: str) -> str:
    return f"diff --git a/{path} b/{path}\nold mode {old}\nnew mode {new}\n"


def binary(path: str, data: bytes, claimed: int | None = None) -> str:
    packed = zlib.compress(data)
    lines = [packed[at : at + 52] for at in range(0, len(packed), 52)]
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    body = "".join(f"{letters[len(line) - 1]}{b85encode(line, pad=True).decode()}\n" for line in lines)
    oid = hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()
    header = f"diff --git a/{path} b/{path}\nnew file mode 100644\nindex {'0' * 40}..{oid}\nGIT binary patch\n"
    return f"{header}literal {len(data) if claimed is None else claimed}\n{body}\nliteral 0\nHcmV?d00001\n\n"


SIGNED = "-- \n2.40.1\n\nThanks for looking!\n\n"

REFUSED = [
    ("a path above", edit("../pay.py"), "path.traversal"),
    ("a path above, in the middle", edit("src/../../pay.py"), "path.traversal"),
    ("an absolute path", "--- /etc/passwd\n+++ /etc/passwd\n@@ -1 +1 @@\n-a\n+b\n", "path.traversal"),
    ("a path above without git's header", "--- ../../x\n+++ ../../x\n@@ -0,0 +1 @@\n+evil\n", "path.traversal"),
    ("a hook", new_file(".git/hooks/post-checkout", "#!/bin/sh\n", "100755"), "path.dotgit"),
    ("git's configuration in other letters", new_file(".GIT/config"), "path.dotgit"),
    ("a quoted path", edit("x").replace("a/x", '"a/\\056git/x"').replace("b/x", '"b/\\056git/x"'), "path.dotgit"),
    ("a control character", edit("x").replace("a/x", '"a/x\\007"').replace("b/x", '"b/x\\007"'), "path.control"),
    ("a rename out", "diff --git a/src/pay.py b/x\nsimilarity index 100%\nrename from src/pay.py\nrename to ../x\n",
     "path.traversal"),
    ("a copy into git's folder", "diff --git a/src/pay.py b/x\ncopy from src/pay.py\ncopy to .git/x\n", "path.dotgit"),
    ("a mode of a file above", mode_only("../x", "100644", "100755"), "path.traversal"),
    ("a hidden second file", edit("src/pay.py") + SIGNED + new_file(".git/hooks/x"), "path.dotgit"),
    ("a hidden second file with a key", edit("src/pay.py") + SIGNED + new_file("x", "ghp_" + "aB3dE5fG7h" * 4 + "\n"),
     "secret.in_diff"),
    ("a link", new_file("out", "/etc/passwd\n", "120000"), "type.symlink"),
    ("a changed link", edit("link", "README.md\n\\ No newline at end of file", "/etc/passwd\n").replace(
        "-\\", "\\").replace("-1,2 ", "-1 "), "type.symlink"),
    ("a file that becomes a link", "diff --git a/src/pay.py b/src/pay.py\ndeleted file mode 100644\n--- a/src/pay.py\n"
     "+++ /dev/null\n@@ -1,2 +0,0 @@\n-a = 1\n-b = 2\n" + new_file("src/pay.py", "/etc/passwd\n", "120000"),
     "type.symlink"),
    ("a submodule", new_file("lib", "Subproject commit " + "1" * 40 + "\n", "160000"), "type.gitlink"),
    ("a submodule's description", new_file(".gitmodules"), "path.gitmodules"),
    ("a turned line", edit("src/pay.py", new="a = 1  # \u202e\n"), "text.bidi"),
    ("an escape sequence", edit("src/pay.py", new="a = 1  # \x1b[2J\n"), "text.control"),
    ("compiled code", binary("x.so", b"\x7fELF\0\0\0"), "content.binary"),
    ("a claim to unpack to a gigabyte", binary("x.png", b"\0" * 100, 10**9), "size.total"),
    ("more than we read", "x" * 16_000_001, "size.total"),
    ("an endless line", edit("src/pay.py", new="x" * 20_001 + "\n"), "size.line"),
    ("a name in other letters", new_file("SRC/PAY.py"), "path.collision"),
]  # fmt: skip


@pytest.fixture(autouse=True)
def _its_own_folder_for_passing_things(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "passing").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "passing"))


@pytest.mark.parametrize(("what", "patch", "rule"), REFUSED, ids=[row[0] for row in REFUSED])
def test_a_hostile_patch_is_refused_by_its_rule(what: str, patch: str, rule: str, bench: "Workbench") -> None:
    bench.commit(BASE)
    file = bench.root.parent / "x.patch"
    file.write_text(patch, encoding="utf-8", newline="")
    before, around = bench.snapshot(), sorted(bench.root.parent.iterdir())

    ended = bench.check(file)

    assert (ended.code, rule in ended.rules) == (3, True), (ended.out, ended.err)
    assert bench.snapshot() == before
    assert sorted(bench.root.parent.iterdir()) == around
    assert list((bench.root.parent / "passing").iterdir()) == [], "nothing is left behind"


DOES_NOT_APPLY = [
    ("nothing", ""),
    ("prose", "Dear maintainers,\n\nplease merge.\n"),
    ("another text", edit("src/pay.py", old="a = 2\n")),
    ("no such file", edit("src/gone.py")),
    ("a file that is there", new_file("README.md")),
    ("a hunk cut off", edit("src/pay.py")[:-8]),
    ("a binary without its bytes", "diff --git a/x.png b/x.png\nnew file mode 100644\nindex 0000000..1111111\n"
     "Binary files /dev/null and b/x.png differ\n"),
    ("a binary with broken bytes", binary("x.png", b"abc").replace("\n\nliteral 0", "!\n\nliteral 0")),
    ("behind a link", new_file("link/x")),
    ("a file in the place of a folder", new_file("src")),
    ("a folder in the place of a file", new_file("README.md/x")),
    ("no prefixes", edit("src/pay.py").replace("a/", "").replace("b/", "")),
    ("a mode that is none", new_file("x", mode="banana")),
]  # fmt: skip


@pytest.mark.parametrize(("what", "patch"), DOES_NOT_APPLY, ids=[row[0] for row in DOES_NOT_APPLY])
def test_a_patch_that_does_not_apply_is_bad_input(what: str, patch: str, bench: "Workbench") -> None:
    bench.commit(BASE)
    before = bench.snapshot()

    ended = bench.check("-", stdin=patch.encode())

    assert ended.code == 2, (ended.out, ended.err)
    assert "the patch does not apply" in ended.admission["error"]["problem"]
    assert ended.admission["error"]["remedy"]
    assert "Traceback" not in ended.err
    assert bench.snapshot() == before
