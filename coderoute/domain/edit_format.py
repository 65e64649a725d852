"""How a model writes its changes to files."""

from enum import StrEnum


class EditFormat(StrEnum):
    """Which tool for changes a model is offered; `write_file` is always there."""

    REPLACE = "replace"
    """One piece of text by another (`edit_file`)."""
    WHOLE = "whole"
    """Whole files only."""
    PATCH = "patch"
    """A diff of one or several files (`apply_patch`)."""
