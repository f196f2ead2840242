"""What the tests of the promises share: stacks that several of them meet one after the other, and what a stack said."""

from collections.abc import Iterator

import pytest

from tests.acceptance.load import prepare
from tests.acceptance.stack import Stack


@pytest.fixture(scope="module")
def _shared(request, tmp_path_factory) -> Iterator[tuple[Stack, str]]:
    with Stack(tmp_path_factory.mktemp("shared"), redis=True, workers=request.module.WORKERS) as stack:
        yield stack, prepare(stack)


@pytest.fixture
def stack(request, _shared) -> Stack:
    """One stack with WORKERS workers for the tests of a module, all its parts running; a test may have any of them
    started again. What the tests before it sent is there, too: a test asks for what is its own.
    """
    stack, _ = _shared
    stack.wait_until_ready()
    stack.wait_until_running("worker", request.module.WORKERS)
    return stack


@pytest.fixture
def key(_shared) -> str:
    """The API key of a source of the stack, which knows the contact of load.py."""
    return _shared[1]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Iterator[None]:
    """A test that fails shows what its stack wrote last."""
    try:
        return (yield)
    except BaseException as error:
        if stack := getattr(item, "funcargs", {}).get("stack"):
            error.add_note(f"The stack's output ends with:\n{stack.output()[-4000:]}")
        raise
