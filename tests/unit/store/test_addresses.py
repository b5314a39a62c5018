from __future__ import annotations

import pytest

from extractor.errors import InvalidSettings
from extractor.store.addresses import address_of, broker_url

FORMS = [
    ("redis://", "redis://localhost:6379/0"),
    ("redis://cache.example:7000/3", "redis://cache.example:7000/3"),
    ("redis://cache.example?db=4", "redis://cache.example:6379/4"),
    ("redis://[::1]:7000", "redis://[::1]:7000/0"),
    ("rediss://:s3cret@cache.example/1?ssl_cert_reqs=none", "rediss://cache.example:6379/1"),
    ("unix:///run/redis.sock", "unix:///run/redis.sock"),
    ("unix://me:s3cret@/run/a%20b.sock?db=2", "unix:///run/a b.sock?db=2"),
    ("unix:///run/redis.sock?password=s3cret", "unix:///run/redis.sock"),
    ("sentinel://me:s3cret@a:1,b/main", "sentinel://a:1,b:26379/main/0"),
    ("sentinel://a/main/5?sentinel_password=s3cret", "sentinel://a:26379/main/5"),
]


@pytest.mark.parametrize(("url", "shown"), FORMS)
def test_an_address_shows_where_the_server_is_and_no_password(url, shown):
    address = address_of(url)

    assert str(address) == shown
    assert "s3cret" not in repr(address)


def test_user_and_password_are_unquoted():
    address = address_of("redis://m%40e:p%2F%23w@h")

    assert (address.username, address.password) == ("m@e", "p/#w")


@pytest.mark.parametrize(
    ("url", "because"),
    [
        ("http://s3cret@h", "begins with no scheme"),
        ("s3cret", "begins with no scheme"),
        ("redis://h?decode_responses=s3cret", "has an option"),
        ("redis://h/s3cret", "has a database that is not a number"),
        ("redis://h/0/s3cret", "names more than one"),
        ("redis://a,s3cret", "names more than one"),
        ("redis://:s3#cret@h", "has a # in it"),
        ("redis://h:s3cret", "cannot be read"),
        ("redis://h:99999", "cannot be read"),
        ("redis://[s3cret", "cannot be read"),
        ("rediss://h?ssl_cert_reqs=s3cret", "has an ssl_cert_reqs"),
        ("rediss://h?ssl_check_hostname=s3cret", "has an ssl_check_hostname"),
        ("unix://", "names no socket"),
        ("unix://s3cret/run/x.sock", "names no socket"),
        ("sentinel://s3cret", "names no service"),
    ],
)
def test_what_is_no_address_is_refused_in_words_that_quote_nothing_of_it(url, because):
    with pytest.raises(InvalidSettings, match=because) as raised:
        address_of(url)

    assert "s3cret" not in str(raised.value)
    assert raised.value.__cause__ is None


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("redis://m%40e:p%2Fw@h:7000/2", ("redis://m%40e:p%2Fw@h:7000/2", {})),
        ("unix://:p%2Fw@/run/r.sock?db=1", ("redis+socket://:p%2Fw@/run/r.sock?virtual_host=1", {})),
        (
            "rediss://h/1?ssl_ca_certs=/ca.pem",
            ("rediss://h:6379/1?ssl_ca_certs=%2Fca.pem&ssl_cert_reqs=CERT_REQUIRED", {}),
        ),
    ],
)
def test_celery_is_told_of_the_same_server_in_its_own_words(url, expected):
    assert broker_url(url) == expected


def test_celery_asks_each_sentinel_once_and_with_its_own_password():
    place, options = broker_url("sentinel://:p@a:1,b:2/main/3?sentinel_password=q")

    assert place == "sentinel://:p@a:1/3;sentinel://:p@b:2/3"
    assert options["master_name"] == "main"
    assert options["sentinel_kwargs"]["password"] == "q"
    assert options["sentinel_kwargs"]["retry"].get_retries() == 0
