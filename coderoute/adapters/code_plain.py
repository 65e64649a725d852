"""Source code read without any grammar."""

from coderoute.domain.code_facts import FileFacts
from coderoute.domain.plain_code import plain_facts


class PlainReader:
    """ports.CodeReader for any text."""

    version = "plain-1"

    def language(self, path: str) -> str:
        del path
        return "text"

    def facts(self, path: str, data: bytes) -> FileFacts:
        del path
        return plain_facts(data)
