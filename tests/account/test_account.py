"""The account is one row with settings that mean something."""

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from account.current import current_account, forget_account
from account.models import Account

pytestmark = pytest.mark.django_db


def test_a_second_account_is_refused():
    with pytest.raises(IntegrityError, match="account_is_one_row"), transaction.atomic():
        Account.objects.create(pk=2)


def test_a_currency_that_is_not_three_letters_is_refused():
    with pytest.raises(IntegrityError, match="account_default_currency_is_iso_4217"), transaction.atomic():
        Account.objects.update(default_currency="uah")


@pytest.mark.parametrize(("field", "value"), [("time_zone", "Kyiv"), ("phone_region", "ua"), ("default_currency", "€")])
def test_a_setting_that_means_nothing_is_refused_by_its_name(field, value):
    account = Account.objects.get()
    setattr(account, field, value)
    with pytest.raises(ValidationError) as refusal:
        account.full_clean()
    assert set(refusal.value.message_dict) == {field}


def test_the_settings_are_read_once_and_again_after_they_are_forgotten(django_assert_num_queries):
    forget_account()
    with django_assert_num_queries(1):
        assert [current_account().default_currency for _ in range(3)] == ["UAH"] * 3
    Account.objects.update(default_currency="EUR")
    forget_account()
    assert current_account().default_currency == "EUR"
