"""Where Redis is: the address in a URL, taken apart, and what Celery calls the same server."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from redis.backoff import NoBackoff
from redis.retry import Retry

from extractor.errors import InvalidSettings

Scheme = Literal["redis", "rediss", "unix", "sentinel"]

PORTS = {"redis": 6379, "rediss": 6379, "sentinel": 26379}
TLS_OPTIONS = ("ssl_ca_certs", "ssl_cert_reqs", "ssl_certfile", "ssl_check_hostname", "ssl_keyfile")
SENTINEL_OPTIONS = ("sentinel_username", "sentinel_password")
#: The part after `?` of each kind of URL. Everything else is refused: most of what the client library would take from
#: there, like `decode_responses`, breaks the store.
OPTIONS: dict[str, tuple[str, ...]] = {
    "redis": ("db",),
    "rediss": ("db", *TLS_OPTIONS),
    "unix": ("db", "username", "password"),
    "sentinel": SENTINEL_OPTIONS,
}
FORMS = "redis://HOST:PORT/DB, rediss://HOST:PORT/DB, unix:///PATH?db=DB or sentinel://HOST:PORT,HOST:PORT/SERVICE/DB"
#: What a URL may say of the server's certificate, and how Celery and kombu both read it.
CERTIFICATES = {"none": "CERT_NONE", "optional": "CERT_OPTIONAL", "required": "CERT_REQUIRED"}
SOCKET_TIMEOUT_S = 15.0
CONNECT_TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One server, or the Sentinels that know it. Neither its text nor its repr holds a password."""

    scheme: Scheme
    #: Host and port of the server, or of each Sentinel; empty for a socket.
    hosts: tuple[tuple[str, int], ...] = ()
    #: Path of the socket.
    path: str = ""
    database: int = 0
    #: Name by which the Sentinels know the server.
    service: str = ""
    username: str = field(default="", repr=False)
    password: str = field(default="", repr=False)
    #: TLS options, or the user and password of the Sentinels themselves.
    options: dict[str, str] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        if self.scheme == "unix":
            return f"unix://{self.path}" + (f"?db={self.database}" if self.database else "")
        hosts = ",".join(_place(*host) for host in self.hosts)
        return f"{self.scheme}://{hosts}" + (f"/{self.service}" if self.service else "") + f"/{self.database}"

    @property
    def sentinel_login(self) -> dict[str, str]:
        """User and password of the Sentinels, which need not be those of the server."""
        return {
            name.removeprefix("sentinel_"): self.options[name] for name in SENTINEL_OPTIONS if self.options.get(name)
        }


def address_of(url: str) -> Address:
    """Take a URL apart.

    Raises:
        InvalidSettings: it is of no form that we know. The message quotes nothing of it.
    """
    try:
        parts = urlsplit(url)
        return _address(parts)
    except _Malformed as error:
        raise InvalidSettings(f"The Redis URL {error}. It is one of {FORMS}.") from None
    except ValueError:
        raise InvalidSettings(f"The Redis URL cannot be read. It is one of {FORMS}.") from None


def broker_url(url: str) -> tuple[str, dict[str, object]]:
    """Return what Celery calls the same server: a URL for broker and results, and the transport options of both.

    Raises:
        InvalidSettings: the URL is of no form that we know.
    """
    address = address_of(url)
    login = _login(address)
    if address.scheme == "unix":
        return f"redis+socket://{login}{quote(address.path)}?virtual_host={address.database}", {}
    if address.scheme == "sentinel":
        places = [f"sentinel://{login}{_place(*host)}/{address.database}" for host in address.hosts]
        waiting = {"socket_timeout": CONNECT_TIMEOUT_S, "socket_connect_timeout": CONNECT_TIMEOUT_S}
        asking = waiting | {"retry": Retry(NoBackoff(), 0)}
        return ";".join(places), {
            "master_name": address.service,
            "sentinel_kwargs": asking | address.sentinel_login,
        }
    place = f"{address.scheme}://{login}{_place(*address.hosts[0])}/{address.database}"
    if address.scheme == "redis":
        return place, {}
    tls = address.options | {"ssl_cert_reqs": CERTIFICATES[address.options.get("ssl_cert_reqs", "required")]}
    return f"{place}?{urlencode(tls, quote_via=quote)}", {}


class _Malformed(ValueError):
    """What is wrong with a URL, as the end of a sentence."""


def _address(parts: SplitResult) -> Address:
    if parts.scheme not in OPTIONS:
        raise _Malformed("begins with no scheme that we know")
    if parts.fragment:
        raise _Malformed("has a # in it, which is written %23")
    options = _options(parts)
    logins, _, places = parts.netloc.rpartition("@")
    username, _, password = logins.partition(":")
    found = Address(
        scheme=parts.scheme,  # type: ignore[arg-type]  # one of OPTIONS
        username=unquote(username) or options.pop("username", ""),
        password=unquote(password) or options.pop("password", ""),
    )
    if parts.scheme == "unix":
        return _with_socket(found, parts, places=places, options=options)
    return _with_hosts(found, parts, places=places, options=options)


def _options(parts: SplitResult) -> dict[str, str]:
    options = dict(parse_qsl(parts.query))
    if set(options) - set(OPTIONS[parts.scheme]):
        raise _Malformed(f"has an option that is not one of {', '.join(OPTIONS[parts.scheme])}")
    if options.get("ssl_cert_reqs", "required") not in CERTIFICATES:
        raise _Malformed(f"has an ssl_cert_reqs that is not one of {', '.join(CERTIFICATES)}")
    if options.get("ssl_check_hostname", "true") not in {"true", "false"}:
        raise _Malformed("has an ssl_check_hostname that is neither true nor false")
    return options


def _with_socket(found: Address, parts: SplitResult, *, places: str, options: dict[str, str]) -> Address:
    if places or not parts.path.strip("/"):
        raise _Malformed("names no socket: unix:// is followed by a path that begins with /")
    return replace(found, path=unquote(parts.path), database=_database(options.get("db", "0")))


def _with_hosts(found: Address, parts: SplitResult, *, places: str, options: dict[str, str]) -> Address:
    path = [unquote(piece) for piece in parts.path.split("/") if piece]
    is_sentinel = found.scheme == "sentinel"
    if is_sentinel and not path:
        raise _Malformed("names no service for the Sentinels to look up")
    service = path.pop(0) if is_sentinel else ""
    database = options.pop("db", path.pop(0) if path else "0")
    hosts = tuple(_host(place, PORTS[found.scheme]) for place in places.split(","))
    if path or (len(hosts) > 1 and not is_sentinel):
        raise _Malformed("names more than one host or database")
    return replace(found, hosts=hosts, service=service, database=_database(database), options=options)


def _host(place: str, port: int) -> tuple[str, int]:
    parts = urlsplit(f"//{place}")
    return parts.hostname or "localhost", parts.port or port


def _database(text: str) -> int:
    if not text.isdecimal():
        raise _Malformed("has a database that is not a number")
    return int(text)


def _place(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _login(address: Address) -> str:
    if not address.username and not address.password:
        return ""
    return f"{quote(address.username, safe='')}:{quote(address.password, safe='')}@"
