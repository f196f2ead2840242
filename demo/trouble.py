"""What stops the demo, as one sentence for the person who typed `make demo`."""


class DemoError(Exception):
    """The demo cannot go on; its text says why and what to do. Shown without a traceback."""
