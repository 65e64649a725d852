"""The rules as a run applies them: with the keys this process holds."""

import pytest

from coderoute.adapters.repository_inmemory import InMemoryRepository
from coderoute.domain.work import REGULAR, SnapshotFile
from coderoute.flow.admission import admit_tree
from coderoute.keys import holding

KEY = "our-own-gateway-key-4711"


@pytest.mark.parametrize("variable", ["ANTHROPIC_API_KEY", "GITHUB_TOKEN", "SOME_SERVICE_TOKEN"])
def test_a_change_that_adds_a_key_of_this_process_is_refused(variable: str) -> None:
    repository = InMemoryRepository({"a.py": b"x = 1\n"})
    base = repository.pin(None).tree
    leak = f"x = 1\nKEY = '{KEY}'\n".encode()
    tree = repository.write_tree(base, [SnapshotFile(path="a.py", mode=REGULAR, data=leak)])

    def rules() -> set[str]:
        found = admit_tree(repository, base, tree, planned=frozenset({"a.py"}), protected=(), in_ci=False)
        assert KEY not in repr(found)
        return {item.rule for item in found.refusals}

    with holding({variable: KEY}):
        assert rules() == {"secret.in_diff"}
    assert rules() == set()
