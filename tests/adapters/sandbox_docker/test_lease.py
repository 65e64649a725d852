"""When a container is abandoned."""

import os
from datetime import UTC, datetime, timedelta

from coderoute.adapters.sandbox_docker import lease

NOW = datetime(2026, 1, 1, tzinfo=UTC)


def test_a_lease_ends_with_its_time_or_its_process() -> None:
    mine = lease.labels(owner="host", run_id="run-1", now=NOW)
    assert not lease.is_abandoned(mine, NOW + timedelta(hours=11))
    assert lease.is_abandoned(mine, NOW + timedelta(hours=13))
    assert lease.is_abandoned({**mine, lease.PROCESS: f"{os.getpid()}.1"}, NOW)
    assert lease.is_abandoned({**mine, lease.PROCESS: "999999999.1"}, NOW)
    assert not lease.is_abandoned({**mine, lease.PROCESS: ""}, NOW)
    assert lease.is_abandoned({**mine, lease.LEASE_UNTIL: "soon"}, NOW)
    assert lease.is_abandoned({}, NOW)
