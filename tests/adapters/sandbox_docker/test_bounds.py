"""What stays within its bounds without any engine."""

import tracemalloc

from coderoute.adapters.sandbox_docker.capture import Capture
from coderoute.adapters.sandbox_docker.spec import SANDBOX_UIDS, free_uid


def test_an_output_takes_bounded_memory_however_long_it_is() -> None:
    capture = Capture(10_000)
    piece = b"x" * 10_000
    tracemalloc.start()
    try:
        for _ in range(500):
            capture.add(piece)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert capture.total == 5_000_000
    assert peak_bytes < 200_000


def test_a_sandbox_gets_a_user_that_no_other_has() -> None:
    for free in (SANDBOX_UIDS[0], SANDBOX_UIDS[7], SANDBOX_UIDS[-1]):
        assert free_uid(set(SANDBOX_UIDS) - {free}) == free


def test_with_every_user_taken_a_sandbox_shares_one() -> None:
    assert free_uid(set(SANDBOX_UIDS)) in SANDBOX_UIDS
