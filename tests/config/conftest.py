"""What the tests of starting share: one installation that runs, for those that only look at it."""

import pytest

from tests.acceptance.stack import Stack


@pytest.fixture(scope="package")
def running(tmp_path_factory):
    """An embedded installation as `make run` starts it. For tests that leave it running."""
    with Stack(tmp_path_factory.mktemp("running"), embedded=True) as stack:
        yield stack


@pytest.fixture(scope="module")
def _breakable(tmp_path_factory):
    with Stack(tmp_path_factory.mktemp("breakable"), embedded=True) as stack:
        yield stack


@pytest.fixture
def breakable(_breakable):
    """An embedded installation that runs, for tests that stop or kill it; they may leave it in any state."""
    if _breakable.process.poll() is not None:
        _breakable.start()
    _breakable.wait_until_ready()
    return _breakable
