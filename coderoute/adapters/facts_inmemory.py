"""Facts about files in a dictionary, for tests and for a machine without a state directory."""

from collections.abc import Mapping, Sequence

from coderoute.domain.code_facts import FileFacts


class InMemoryFacts:
    """ports.FactsStore that ends with the process."""

    def __init__(self) -> None:
        self._facts: dict[str, FileFacts] = {}

    def get_many(self, keys: Sequence[str]) -> dict[str, FileFacts]:
        return {key: self._facts[key] for key in keys if key in self._facts}

    def put_many(self, facts: Mapping[str, FileFacts]) -> None:
        self._facts.update(facts)
