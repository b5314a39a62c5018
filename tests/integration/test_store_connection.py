"""What `connect` asks of real servers, and what Celery makes of the same URLs."""

from __future__ import annotations

import asyncio
import shutil
import socket
import subprocess
import time
from contextlib import asynccontextmanager

import pytest
import redis
from celery import Celery
from kombu import Connection as Broker

from extractor.errors import StoreUnavailable, UnsuitableStore
from extractor.store.addresses import broker_url
from extractor.store.connecting import connect
from extractor.store.embedded import end_with_this_process, launch, server_program

#: Celery 5.7 calls what redis-py 8 would rather have called otherwise.
CELERYS_OWN = pytest.mark.filterwarnings("ignore:Call to deprecated setex:DeprecationWarning")

PASSWORD = "s3cret/#@:"
QUOTED = "s3cret%2F%23%40%3A"


@asynccontextmanager
async def connected(url):
    connection = await connect(url)
    try:
        yield connection
    finally:
        await connection.aclose()


async def version_and_echo(url):
    async with connected(url) as connection:
        await connection.client.set("extractor:test", b"\xff\x00")
        return connection, await connection.client.get("extractor:test")


def goes_through_celery(url):
    """Send a message and a result through the broker and the result backend that `url` becomes."""
    place, options = broker_url(url)
    with Broker(place, transport_options=options) as broker:
        queue = broker.SimpleQueue("test")
        queue.put({"n": 1})
        message = queue.get(timeout=5)
        message.ack()
        queue.close()
    app = Celery(broker=place, backend=place, set_as_current=False)
    app.conf.update(broker_transport_options=options, result_backend_transport_options=options)
    app.backend.set("kept", b"1")
    kept = app.backend.get("kept")
    app.backend.client.close()
    app.close()
    return message.payload == {"n": 1} and kept == b"1"


@pytest.fixture
def master(start_redis):
    return start_redis("--requirepass", PASSWORD, on_port=True)


@pytest.fixture
def sentinel_port(master, tmp_path):
    port = master.port + 1 if master.port < 65000 else master.port - 1
    configuration = tmp_path / "sentinel.conf"
    configuration.write_text(
        f"port {port}\nbind 127.0.0.1\ndir {tmp_path}\nlogfile {tmp_path}/log\n"
        f"sentinel monitor main 127.0.0.1 {master.port} 1\nsentinel auth-pass main {PASSWORD}\n"
    )
    sentinel = launch([str(server_program()), str(configuration), "--sentinel"])
    watcher = end_with_this_process(sentinel.pid)
    asked = redis.Redis(port=port)
    deadline = time.monotonic() + 5
    while not answers(asked):
        assert time.monotonic() < deadline
        time.sleep(0.005)
    asked.close()
    yield port
    for child in (sentinel, watcher):
        child.kill()
        child.wait()
    watcher.stdin.close()


def answers(client):
    try:
        return client.ping()
    except redis.ConnectionError:
        return False


@pytest.fixture
def certificate(tmp_path):
    if shutil.which("openssl") is None:
        pytest.skip("openssl is absent")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
            *("-keyout", key, "-out", certificate, "-days", "2", "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    return key, certificate


@pytest.fixture
def tls_port(start_redis, certificate):
    key, chain = certificate
    server = start_redis()
    port = free_port()
    try:
        server.restart(
            *("--tls-port", str(port), "--tls-cert-file", str(chain), "--tls-key-file", str(key)),
            *("--tls-auth-clients", "no", "--tls-ca-cert-file", str(chain)),
        )
    except RuntimeError:
        pytest.skip("a Redis server that speaks TLS is absent")
    return port


def free_port():
    with socket.socket() as line:
        line.bind(("127.0.0.1", 0))
        return line.getsockname()[1]


async def test_a_port_and_a_socket_lead_to_the_server(start_redis):
    server = start_redis(on_port=True)

    by_port, bytes_by_port = await version_and_echo(server.url)
    by_socket, bytes_by_socket = await version_and_echo(f"unix://{server.path}?db=3")

    assert bytes_by_port == bytes_by_socket == b"\xff\x00"
    assert by_port.version == by_socket.version != ""
    assert by_port.run_id == by_socket.run_id != ""
    assert by_port.may_inform


async def test_many_commands_at_once_wait_for_a_connection_instead_of_failing(redis_url):
    async with connected(redis_url) as connection:
        counted = await asyncio.gather(*(connection.client.incr("extractor:n") for _ in range(150)))

    assert sorted(counted) == list(range(1, 151))


@CELERYS_OWN
async def test_celery_reaches_the_same_port_and_socket(start_redis):
    server = start_redis("--requirepass", PASSWORD, on_port=True)

    assert goes_through_celery(f"redis://:{QUOTED}@127.0.0.1:{server.port}/2")
    assert goes_through_celery(f"unix://:{QUOTED}@{server.path}?db=3")


@CELERYS_OWN
async def test_sentinels_lead_to_the_server_and_celery_too(master, sentinel_port):
    url = f"sentinel://:{QUOTED}@127.0.0.1:1,127.0.0.1:{sentinel_port}/main/1"

    connection, kept = await version_and_echo(url)

    assert kept == b"\xff\x00"
    assert PASSWORD not in repr(connection)
    assert goes_through_celery(url)


async def test_a_service_that_no_sentinel_knows_is_said_to_be_unknown(sentinel_port):
    with pytest.raises(StoreUnavailable, match=r"No Sentinel of sentinel://127\.0\.0\.1"):
        await connect(f"sentinel://127.0.0.1:{sentinel_port}/other")


async def test_the_address_of_a_sentinel_itself_is_refused(sentinel_port):
    with pytest.raises(UnsuitableStore, match="sentinel://HOST:PORT/SERVICE"):
        await connect(f"redis://127.0.0.1:{sentinel_port}")


async def test_an_ordinary_server_is_said_to_be_no_sentinel(master):
    with pytest.raises(UnsuitableStore, match="no Sentinel answers, but a Redis server"):
        await connect(f"sentinel://127.0.0.1:{master.port}/main")


@CELERYS_OWN
async def test_tls_leads_to_the_server_and_celery_too(tls_port, certificate):
    url = f"rediss://localhost:{tls_port}/1?ssl_ca_certs={certificate[1]}"

    _, kept = await version_and_echo(url)

    assert kept == b"\xff\x00"
    assert goes_through_celery(url)


async def test_a_certificate_that_nobody_vouches_for_is_refused(tls_port):
    with pytest.raises(StoreUnavailable, match=r"cannot be reached .*certificate verify failed"):
        await connect(f"rediss://localhost:{tls_port}")


async def test_a_server_that_speaks_only_tls_is_said_to(tls_port):
    with pytest.raises(StoreUnavailable, match="may speak only TLS there: write rediss://"):
        await connect(f"redis://127.0.0.1:{tls_port}")


@pytest.mark.parametrize("login", [":wrong-s3cret@", "somebody:wrong-s3cret@", ""])
async def test_a_wrong_password_is_said_plainly_and_never_shown(master, login):
    with pytest.raises(StoreUnavailable, match="does not accept the user and password") as raised:
        await connect(f"redis://{login}127.0.0.1:{master.port}")

    assert "s3cret" not in f"{raised.value} {raised.value.__cause__} {raised.value.as_failure()}"


async def test_nobody_there_is_said_with_the_reason():
    with pytest.raises(StoreUnavailable, match=r"redis://127.0.0.1:1/0 cannot be reached \(Connection refused\)"):
        await connect("redis://:s3cret@127.0.0.1:1")
    with pytest.raises(StoreUnavailable, match=r"\(Connection refused\)"):
        await connect("redis://localhost:1")
    with pytest.raises(StoreUnavailable, match="No such file"):
        await connect("unix:///nowhere/redis.sock")


async def test_a_database_that_the_server_does_not_have_is_refused(redis_url):
    with pytest.raises(StoreUnavailable, match="a database of that number"):
        await connect(f"{redis_url}?db=999")


async def test_a_user_who_may_not_look_inside_goes_on_with_one_warning(redis_server, capfd):
    redis_server.ask("ACL", "SETUSER", "worker", "on", f">{PASSWORD}", "~extractor:*", "&*", "+@all", "-@dangerous")

    async with connected(f"unix://worker:{QUOTED}@{redis_server.path}") as connection:
        assert not connection.may_inform
        assert connection.run_id == ""
        assert connection.version != ""
        assert await connection.fullness() == 0.0
    assert capfd.readouterr().err.count("does not let this user send INFO") == 1


async def test_a_user_who_may_not_touch_our_keys_is_refused(redis_server):
    redis_server.ask("ACL", "SETUSER", "guest", "on", ">pw", "~other:*", "+@all")

    with pytest.raises(UnsuitableStore, match="does not let the user"):
        await connect(f"unix://guest:pw@{redis_server.path}")


async def test_a_server_without_an_append_only_file_is_warned_of(start_redis, capfd):
    server = start_redis("--appendonly", "no")

    async with connected(server.url):
        pass

    assert "may be lost when Redis stops" in capfd.readouterr().err


async def test_a_server_that_evicts_is_refused(start_redis):
    server = start_redis("--maxmemory", "64mb", "--maxmemory-policy", "allkeys-lru")

    with pytest.raises(UnsuitableStore, match="maxmemory-policy allkeys-lru"):
        await connect(server.url)


async def test_a_policy_without_a_limit_evicts_nothing(start_redis):
    server = start_redis("--maxmemory-policy", "allkeys-lru")

    async with connected(server.url) as connection:
        assert await connection.fullness() == 0.0


async def test_fullness_is_the_share_of_the_memory_and_is_asked_for_four_times_a_second_at_most(start_redis):
    server = start_redis("--maxmemory", "64mb")
    async with connected(server.url) as connection:
        before = await connection.fullness()
        server.ask("SET", "extractor:ballast", "x" * 16_000_000)
        deadline = time.monotonic() + 5
        while (after := await connection.fullness()) < 0.2:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        asked = await connection.client.info("commandstats")

    assert 0 < before < 0.1
    assert 0.2 < after < 0.8
    assert asked["cmdstat_info"]["calls"] <= 5


async def test_a_cluster_is_refused(start_redis):
    server = start_redis("--cluster-enabled", "yes")

    with pytest.raises(UnsuitableStore, match="is a cluster"):
        await connect(server.url)


async def test_a_replica_is_refused(start_redis):
    server = start_redis("--replicaof", "127.0.0.1 1")

    with pytest.raises(StoreUnavailable, match="is a replica"):
        await connect(server.url)


async def test_the_first_writes_the_version_of_the_data_and_the_next_finds_it(redis_url):
    for _ in range(2):
        async with connected(redis_url) as connection:
            assert await connection.client.hgetall("extractor:meta") == {b"version": b"1"}


async def test_data_of_another_version_are_refused(redis_server):
    redis_server.ask("HSET", "extractor:meta", "version", "2")

    with pytest.raises(UnsuitableStore, match="data of version 2; this program knows version 1"):
        await connect(redis_server.url)


async def test_a_full_server_that_we_know_is_connected_to(redis_server):
    async with connected(redis_server.url):
        pass
    redis_server.ask("CONFIG", "SET", "maxmemory", "1")

    async with connected(redis_server.url) as connection:
        assert await connection.fullness() > 1


@asynccontextmanager
async def stub(hello):
    """Listen like a server that says this to HELLO, nothing to INFO, and OK to the rest."""

    async def answer(reader, writer):
        while words := await command(reader):
            writer.write({b"HELLO": hello, b"INFO": b"$0\r\n\r\n", b"PING": b"+PONG\r\n"}.get(words[0], b"+OK\r\n"))
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def command(reader):
    """Read one command, [] at the end."""
    try:
        count = int((await reader.readuntil(b"\n"))[1:])
        return [(await reader.readuntil(b"\n"), (await reader.readuntil(b"\n"))[:-2])[1] for _ in range(count)]
    except asyncio.IncompleteReadError:
        return []


def bulk(*words):
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


@pytest.mark.parametrize(
    ("hello", "version"),
    [
        (bulk(b"server", b"redis", b"version", b"6.2.14", b"mode", b"standalone"), "version 6.2.14"),
        (b"-ERR unknown command `HELLO`, with args beginning with: `2`\r\n", "version before 6.0"),
    ],
    ids=["6.2", "5"],
)
async def test_a_server_that_is_too_old_is_refused(hello, version):
    async with stub(hello) as url:
        with pytest.raises(UnsuitableStore, match=version):
            await connect(url)


async def test_a_server_that_speaks_something_else_is_said_to_be_none():
    async with stub(b"HTTP/1.1 400 Bad Request\r\n\r\n") as url:
        with pytest.raises(StoreUnavailable, match="cannot be reached"):
            await connect(url)


async def test_a_server_that_answers_in_plain_words_is_said_to_speak_no_tls():
    async def refuse(_reader, writer):
        writer.write(b"-ERR unknown command\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(StoreUnavailable, match=r"answers, but not in TLS\. If it does not speak TLS there"):
            await connect(f"rediss://127.0.0.1:{port}")


async def test_an_alert_of_tls_is_understood():
    async with stub(b"\x15\x03\x03\x00\x02\x02\x46") as url:
        with pytest.raises(StoreUnavailable, match="write rediss:// instead"):
            await connect(url)


async def test_a_server_that_hangs_up_is_unavailable(redis_server):
    async with connected(redis_server.url) as connection:
        redis_server.kill()
        connection._seen.until = 0.0
        with pytest.raises(StoreUnavailable, match=str(redis_server.path)):
            await connection.fullness()
