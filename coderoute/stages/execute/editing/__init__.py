"""Changes to the text of one file, as models ask for them: found where they are meant, or not made at all. Pure."""
