"""A shell of ours that stays in the container: it reads and writes files and ends processes in a few milliseconds,
where a `docker exec` for each takes fifty.

It runs as the work user, so what runs in there may kill it, stop it or speak in its place. That gains nothing: whoever
is told wrong is the one who works inside; nothing that is admitted, and no report of a test run, is taken from its
word; and a process that survives a sweep by answering for it ends when the next command starts (BEGIN in `machine`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from coderoute.adapters.sandbox_docker.execution import STDOUT, DeadlinePassed

if TYPE_CHECKING:
    from coderoute.adapters.sandbox_docker.execution import Execution

ANSWER_TIMEOUT_S = 20.0
MAX_HEADER_BYTES = 8_000
MAX_PID_DIGITS = 7

# Ends every process of the asking user but itself. `-O`: owned by that user.
SWEEP = """
kill -9 -1
tries=0
while :; do
    left=
    for process in /proc/[0-9]*; do
        [ -O "$process" ] && [ "$process" != "/proc/$$" ] && left=$process
    done
    [ -z "$left" ] && break
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || exit 75
    sleep 0.02
done
"""
# The counter is that of cgroup v2, then of v1.
COUNT_OOM_KILLS = "cat /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control 2>/dev/null"

# Programs are called only where they are needed: each costs a millisecond.
# $file: where to; $size: of the new content on stdin. The last line of stderr says why not. Status 3: it is not known
# how much of the content was taken from stdin.
PUT = """
no() { echo "$1" >&2; head -c "$size" >/dev/null; exit 1; }
if [ -L "$file" ]; then
    file=$(readlink -f -- "$file") || no "it is a symbolic link to nowhere"
fi
folder=${file%/*} name=${file##*/}
{ [ -d "$folder" ] || mkdir -p -- "$folder"; } && cd -P -- "$folder" || no "its folder cannot be made"
case $PWD/ in /work/*) ;; *) no "a symbolic link on the way leads out of the checkout" ;; esac
[ ! -d "./$name" ] || no "it is a folder"
fresh=./.coderoute-$$
[ ! -e "$fresh" ] && [ ! -L "$fresh" ] || rm -f "$fresh"
head -c "$size" >"$fresh" || { rm -f "$fresh"; exit 3; }
[ ! -x "./$name" ] || chmod 755 "$fresh"
mv -f -- "$fresh" "./$name"
"""

# A request is some lines, an answer is `ok SIZE` and so many bytes, or `no WHY`. A report begins with its process id.
ATTEND = f"""
report() {{
    text="$$
$({COUNT_OOM_KILLS})"
    printf 'ok %s\\n%s' "${{#text}}" "$text"
}}
sweep() {{
{SWEEP}
}}
put() (
{PUT}
)
sweep
report
while IFS= read -r verb; do
    case $verb in
    sweep)
        sweep
        report ;;
    read)
        IFS= read -r limit && IFS= read -r file || exit 1
        if [ -f "$file" ] && [ -r "$file" ]; then
            size=$(wc -c <"$file")
            [ "$size" -le "$limit" ] || size=$limit
            printf 'ok %s\\n' "$size"
            head -c "$size" -- "$file" || exit 1
        else
            printf 'no file\\n'
        fi ;;
    write)
        IFS= read -r size && IFS= read -r file || exit 1
        why=$(put 2>&1)
        status=$?
        if [ $status = 0 ]; then printf 'ok 0\\n'; else printf 'no %s\\n' "${{why##*
}}"; fi
        [ $status != 3 ] || exit 1 ;;
    *)
        exit 1 ;;
    esac
done
"""


class Gone(Exception):
    """It does not answer, or not in its own words."""


class No(Exception):
    """What was asked cannot be done; the text says why."""


class Attendant:
    """Made of a started execution of ATTEND. After Gone it is of no more use."""

    def __init__(self, execution: Execution, *, timeout_s: float) -> None:
        self._execution = execution
        self.pid, self.oom_counters = _report(self._answer(timeout_s))

    def sweep(self, *, timeout_s: float) -> None:
        """Ends every other process of the work user; `oom_counters` are then new.

        Raises:
            Gone
        """
        _, self.oom_counters = _report(self._ask("sweep\n", timeout_s=timeout_s))

    def read(self, path: str, *, limit: int) -> bytes | None:
        """At most `limit` bytes of a regular file; None if there is none that can be read.

        Raises:
            Gone
        """
        try:
            return self._ask(f"read\n{limit}\n{path}\n")
        except No:
            return None

    def write(self, path: str, data: bytes) -> str | None:
        """None when done, else why not.

        Raises:
            Gone: nobody knows whether it was done.
        """
        try:
            self._ask(f"write\n{len(data)}\n{path}\n", data)
        except No as error:
            return str(error)
        return None

    def close(self) -> None:
        """Lets it end."""
        self._execution.close()

    def _ask(self, request: str, data: bytes = b"", *, timeout_s: float = ANSWER_TIMEOUT_S) -> bytes:
        try:
            self._execution.send(request.encode() + data)
            return self._answer(timeout_s)
        except OSError as error:
            raise Gone(str(error)) from error

    def _answer(self, timeout_s: float) -> bytes:
        """What came, whole.

        Raises:
            Gone, No
        """
        answer = bytearray()
        arriving = self._arriving(time.monotonic() + timeout_s)
        header, rest = _head(answer, arriving)
        word, _, value = header.partition(b" ")
        if word == b"no":
            raise No(value.decode("utf-8", "replace"))
        if word != b"ok" or not value.isdigit():
            raise Gone(f"an answer begins with {bytes(header[:40])!r}")
        size = int(value)
        while len(rest) < size:
            rest += _next(arriving)
        if len(rest) > size:
            raise Gone("an answer is longer than announced")
        return bytes(rest)

    def _arriving(self, deadline: float) -> Iterator[bytes]:
        try:
            for frame in self._execution.frames(deadline=deadline, until_closed=True):
                if frame.stream == STDOUT:
                    yield frame.data
        except (DeadlinePassed, OSError) as error:
            raise Gone("it does not answer in time") from error


def _report(answer: bytes) -> tuple[int, str]:
    """The process id it says it has (inside), and the kernel's counters."""
    pid, _, counters = answer.decode("ascii", "replace").partition("\n")
    if not pid.isdigit() or len(pid) > MAX_PID_DIGITS:
        raise Gone(f"a report begins with {pid[:40]!r}")
    return int(pid), counters


def _head(answer: bytearray, arriving: Iterator[bytes]) -> tuple[bytearray, bytearray]:
    """The first line and what arrived behind it."""
    while (end := answer.find(b"\n")) < 0:
        if len(answer) > MAX_HEADER_BYTES:
            raise Gone("an answer has no end")
        answer += _next(arriving)
    return answer[:end], answer[end + 1 :]


def _next(arriving: Iterator[bytes]) -> bytes:
    found = next(arriving, None)
    if found is None:
        raise Gone("it has ended")
    return found
