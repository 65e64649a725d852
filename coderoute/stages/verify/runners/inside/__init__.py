"""Programs of ours that run inside the sandbox, beside the repository's runner. None of them is imported here."""
