"""A change is believed when a fresh sandbox ran the repository's own tests on it and their report adds up."""
