"""What keeps a file from being imported, as one sentence for the person who started it."""


class OrderFileError(Exception):
    """The import cannot begin or go on; its text says why and what to do."""
