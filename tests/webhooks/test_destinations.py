"""Messages go to public addresses by https, and into private networks only where the operator allowed it."""

from ipaddress import ip_network

import pytest

from tests.webhooks.receiver import listening
from webhooks.destinations import find_url_fault
from webhooks.exchange import Message
from webhooks.posting import post_messages
from webhooks.subscriptions import new_secret

LOOPBACK = (ip_network("127.0.0.0/8"),)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("shop.example/hook", "whole address"),
        ("ftp://shop.example/hook", "whole address"),
        ("https://", "whole address"),
        ("http://shop.example/hook", "https"),
        ("http://93.184.215.14/hook", "https"),
        ("https://user:secret@shop.example/", "user name and password"),
        ("https://shop.example/#part", "#"),
        ("https://shop.example:0/", "port 0"),
        ("https://shop.example:99999/", "not a web address"),
        ("https://[::1/", "not a web address"),
        ("https://shop.example/a b", "blanks"),
        ("https://shop.example/\n", "blanks"),
        (f"https://shop.example/{'x' * 2_048}", "characters"),
        *(
            (f"https://{host}/hook", "private network")
            for host in ("127.0.0.1", "10.1.2.3", "169.254.169.254", "192.168.0.1", "[::1]", "[fd00::1]")
        ),
        ("https://[::ffff:127.0.0.1]/", "private network"),
        ("https://224.0.0.1/", "private network"),
    ],
)
def test_an_address_that_can_never_be_used_is_refused_in_words(url, says):
    assert says in find_url_fault(url)


@pytest.mark.parametrize("url", ["https://shop.example/hook", "https://shop.example:8443/a?b=c", "https://8.8.8.8/"])
def test_public_addresses_are_taken(url):
    assert find_url_fault(url) == ""


def test_the_operator_can_allow_a_private_network(settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = LOOPBACK
    assert find_url_fault("http://127.0.0.1:8000/hook") == ""
    assert "private network" in find_url_fault("http://10.0.0.1/hook")


def post(url: str):
    [answer] = post_messages([Message(1, "msg_1", url, [new_secret()], "{}")])
    return answer


def test_a_name_that_stands_for_a_private_address_is_sent_nothing():
    with listening() as receiver:
        answer = post(receiver.url.replace("http://127.0.0.1", "https://localhost"))
        assert receiver.got == []
    assert (answer.status, "private network" in answer.error, "nothing is sent" in answer.error) == (None, True, True)


def test_what_was_allowed_when_it_was_stored_is_sent_nothing_any_more(settings):
    with listening() as receiver:
        assert "private network" in post(receiver.url).error
        settings.WEBHOOK_ALLOWED_NETWORKS = LOOPBACK
        assert post(receiver.url).is_taken
        assert len(receiver.got) == 1


def test_a_redirect_is_a_failure_and_never_followed(settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = LOOPBACK
    with listening() as other, listening(302, location=other.url) as receiver:
        answer = post(receiver.url)
        assert (answer.status, len(receiver.got), other.got) == (302, 1, [])
    assert "redirects are not followed" in answer.error


def test_who_does_not_listen_or_speaks_no_http_is_a_failure_in_words(settings):
    settings.WEBHOOK_ALLOWED_NETWORKS = LOOPBACK
    with listening() as receiver:
        url = receiver.url
        assert "No connection" in post(url.replace("http://", "https://")).error
    assert "No connection" in post(url).error
    assert "no server of the name" in post("https://nowhere.invalid/").error
