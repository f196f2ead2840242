"""The one exception for a start that cannot go on: its text is the sentence that the operator reads."""


class StartRefusedError(Exception):
    """Nothing is broken inside; something outside has to change first. Shown without a traceback, exit status 1."""
