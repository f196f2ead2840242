"""What the tests of insights share with those of the console: signed-in people, and processes without memories."""

from tests.console.conftest import _empty_caches, admin, staff

__all__ = ["_empty_caches", "admin", "staff"]
