"""What COPY refuses is told by Django's own errors, which the callers know."""

import pytest
from django.db import IntegrityError, transaction

from contract.postgres import copy_rows


@pytest.mark.django_db
def test_a_row_that_copy_refuses_raises_an_error_of_django():
    with pytest.raises(IntegrityError, match="event_type_key_not_empty"), transaction.atomic():
        copy_rows("events_eventtype", ("key",), [("",)])
