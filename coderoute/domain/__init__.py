"""The words of the house: frozen values and pure functions."""
