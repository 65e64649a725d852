"""A step -> an attempt: a tool loop of one model in one sandbox."""
