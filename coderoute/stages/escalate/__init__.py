"""Evidence -> Decision, purely."""
