"""Transport faults, each made to happen on a real socket."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from atapi.clock import Deadline, SystemClock
from atapi.errors import ConfigError
from atapi.exchanges.binance.connection import Connection, Fault, Target, target
from atapi.exchanges.binance.http import HttpClient
from tests.exchanges.binance.raw_server import RawServer, Reply, http, reply

Serve = Callable[..., RawServer]
GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
SHORT = Reply(b'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{"a":1}')


def ask(server: RawServer, request: bytes = GET, seconds: float = 5.0) -> tuple[int, bytes]:
    client = HttpClient(server.url)
    try:
        answer = client.exchange(request, Deadline(seconds))
    finally:
        client.close()
    return answer.status, answer.body


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://api.binance.com", Target("api.binance.com", 443, True)),
        ("https://api.binance.com/", Target("api.binance.com", 443, True)),
        ("http://127.0.0.1:9000", Target("127.0.0.1", 9000, False)),
        ("http://[::1]:9000", Target("::1", 9000, False)),
    ],
)
def test_a_base_url_names_a_host(url: str, expected: Target) -> None:
    assert target(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "",
        "api.binance.com",
        "ftp://x",
        "https://",
        "https://x/path",
        "https://x?y",
        "https://k:s@x",
        "http://x:99999",
    ],
)
def test_anything_else_is_not_a_base_url(url: str) -> None:
    with pytest.raises(ConfigError):
        target(url)


def test_the_host_header_names_a_port_only_where_it_is_unusual() -> None:
    assert target("https://x").name == "x"
    assert target("https://x:8443").name == "x:8443"
    assert target("http://[::1]:9000").name == "[::1]:9000"


def test_a_whole_answer_comes_back_and_the_connection_is_kept(serve: Serve) -> None:
    server = serve(reply({"a": 1}), reply({"a": 2}))
    client = HttpClient(server.url)

    first = client.exchange(GET, Deadline(5))
    second = client.exchange(GET, Deadline(5))
    client.close()

    assert (first.body, second.body) == (b'{"a": 1}', b'{"a": 2}')
    assert server.connections == 1


def test_only_the_headers_about_limits_are_kept_in_lower_case(serve: Serve) -> None:
    server = serve(
        reply({}, X_MBX_USED_WEIGHT_1M="12", Retry_After="7", Set_Cookie="a", X_SAPI_USED_IP_WEIGHT_1M="3")
    )
    client = HttpClient(server.url)

    answer = client.exchange(GET, Deadline(5))
    client.close()

    assert answer.headers == {
        "x-mbx-used-weight-1m": "12",
        "retry-after": "7",
        "x-sapi-used-ip-weight-1m": "3",
    }


@pytest.mark.parametrize(
    "data",
    [
        b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n{"a"\r\n3\r\n:1}\r\n0\r\n\r\n',
        b'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7;ext=1\r\n{"a":1}\r\n0\r\nTrailer: x\r\n\r\n',
        b'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{"a":1}',
        b'HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{"a":1}',
    ],
)
def test_chunks_and_announcements_are_read(serve: Serve, data: bytes) -> None:
    server = serve(Reply(data))

    assert ask(server) == (200, b'{"a":1}')


def test_nobody_listening_is_a_refusal_with_nothing_sent() -> None:
    unused = socket.create_server(("127.0.0.1", 0))
    port = unused.getsockname()[1]
    unused.close()

    with pytest.raises(Fault) as caught:
        HttpClient(f"http://127.0.0.1:{port}").exchange(GET, Deadline(5))

    assert not caught.value.sent
    assert caught.value.refused


def test_a_name_nobody_knows_is_a_fault_with_nothing_sent() -> None:
    with pytest.raises(Fault) as caught:
        HttpClient("http://no-such-host.invalid").exchange(GET, Deadline(5))

    assert not caught.value.sent
    assert not caught.value.refused


def test_a_connection_closed_while_idle_is_replaced_before_anything_is_sent(serve: Serve) -> None:
    server = serve(reply({"a": 1}), reply({"a": 2}))
    client = HttpClient(server.url)
    client.exchange(GET, Deadline(5))
    server.drop()
    assert server.hung_up.wait(5)

    answer = client.exchange(GET, Deadline(5))
    client.close()

    assert answer.body == b'{"a": 2}'
    assert (server.connections, len(server.requests)) == (2, 2)


def test_a_connection_idle_for_long_is_not_trusted(serve: Serve) -> None:
    server = serve(reply({}), reply({}))
    client = HttpClient(server.url, idle_s=0.0)

    client.exchange(GET, Deadline(5))
    client.exchange(GET, Deadline(5))
    client.close()

    assert server.connections == 2


def test_a_send_that_fails_at_once_sent_nothing() -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    theirs.close()
    connection = Connection(ours, tls=False)

    with pytest.raises(Fault, match="could not send") as caught:
        connection.exchange(GET, Deadline(5))
    connection.close()

    assert not caught.value.sent


def test_a_request_cut_in_the_middle_may_have_been_sent() -> None:
    ours, theirs = socket.socketpair()
    ours.settimeout(5)
    connection = Connection(ours, tls=False)

    with pytest.raises(Fault) as caught:  # nobody reads: the buffer fills, the deadline passes
        connection.exchange(b"x" * 50_000_000, Deadline(0.2))
    connection.close()
    theirs.close()

    assert caught.value.sent


def test_a_connection_with_bytes_nobody_asked_for_is_not_used_again(serve: Serve) -> None:
    server = serve(
        Reply(SHORT.data + b'HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n{"a":9}'), reply({"a": 2})
    )
    client = HttpClient(server.url)

    first = client.exchange(GET, Deadline(5))
    second = client.exchange(GET, Deadline(5))
    client.close()

    assert (first.body, second.body) == (b'{"a":1}', b'{"a": 2}')
    assert server.connections == 2


def test_garbage_after_a_whole_answer_spoils_the_connection_not_the_answer(serve: Serve) -> None:
    server = serve(Reply(SHORT.data + b"garbage"), reply({"a": 2}))
    client = HttpClient(server.url)

    first = client.exchange(GET, Deadline(5))
    client.exchange(GET, Deadline(5))
    client.close()

    assert first.body == b'{"a":1}'
    assert server.connections == 2


def test_an_answer_that_says_close_ends_the_connection(serve: Serve) -> None:
    server = serve(reply({}, Connection="close"), reply({}))
    client = HttpClient(server.url)

    client.exchange(GET, Deadline(5))
    client.exchange(GET, Deadline(5))
    client.close()

    assert server.connections == 2


@pytest.mark.parametrize("then", ["close", "reset"])
@pytest.mark.parametrize("size", range(len(SHORT.data)))
def test_an_answer_cut_anywhere_is_a_fault_after_one_request(serve: Serve, size: int, then: str) -> None:
    server = serve(Reply(SHORT.data[:size], then))

    with pytest.raises(Fault) as caught:
        ask(server, b"POST / HTTP/1.1\r\n\r\n")

    assert caught.value.sent
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"not http at all\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n{}",  # ends with the connection: nobody can tell it from a cut one
    ],
)
def test_what_is_not_a_bounded_http_answer_is_a_fault(serve: Serve, data: bytes) -> None:
    server = serve(Reply(data, "close"))

    with pytest.raises(Fault) as caught:
        ask(server)

    assert caught.value.sent


@pytest.mark.parametrize(
    "data",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-A: b\r\n" * 100,
        b"HTTP/1.1 200 OK\r\nContent-Length: 900\r\n\r\n" + b" " * 900,
    ],
    ids=["headers", "body"],
)
def test_a_dripping_answer_ends_at_the_deadline(serve: Serve, data: bytes) -> None:
    server = serve(Reply(data, "drip"))

    with pytest.raises(Fault, match=r"deadline|timed out"):
        ask(server, seconds=0.2)

    assert server.hung_up.wait(5)  # the client left in the middle


def test_silence_ends_at_the_deadline(serve: Serve) -> None:
    server = serve(Reply(b"", "hang"))

    with pytest.raises(Fault) as caught:
        ask(server, seconds=0.1)

    assert caught.value.sent


def test_with_no_time_left_nothing_is_sent(serve: Serve) -> None:
    server = serve(reply({}))

    with pytest.raises(Fault) as caught:
        ask(server, seconds=0.0)

    assert not caught.value.sent
    assert server.requests == []


def test_a_request_too_long_for_the_buffers_goes_out_whole(serve: Serve) -> None:
    server = serve(reply({}))
    long = b"GET /?" + b"a" * 4_000_000 + b" HTTP/1.1\r\n\r\n"

    ask(server, long)

    assert len(server.requests[0].raw) == len(long)


def test_an_endless_answer_is_cut_off(serve: Serve) -> None:
    server = serve(
        Reply(b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n" + b"x" * (65 * 2**20), "hang")
    )

    with pytest.raises(Fault, match="longer than 64 MiB"):
        ask(server, seconds=30)


def test_threads_share_a_client_without_sharing_a_connection(serve: Serve) -> None:
    server = serve(lambda received: http(received.path.encode()))
    client = HttpClient(server.url)
    wrong: list[bytes] = []

    def talk(name: str) -> None:
        for number in range(50):
            path = f"/{name}{number}".encode()
            body = client.exchange(b"GET " + path + b" HTTP/1.1\r\n\r\n", Deadline(10)).body
            if body != path:
                wrong.append(body)

    threads = [threading.Thread(target=talk, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    client.close()

    assert wrong == []
    assert server.connections <= 4


def test_proxies_named_by_the_environment_are_not_asked(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = serve(reply({})), serve(reply({"a": 1}))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)

    assert ask(server) == (200, b'{"a": 1}')
    assert proxy.connections == 0


def test_a_certificate_the_environment_vouches_for_is_still_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate = _certificate(tmp_path)
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(certificate))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    port = _tls_server(certificate)

    with pytest.raises(Fault, match=r"(?i)certificate|verify") as caught:
        HttpClient(f"https://127.0.0.1:{port}").exchange(GET, Deadline(5))

    assert not caught.value.sent
    assert not (tmp_path / "keys").exists()


def test_an_answer_comes_through_tls(tmp_path: Path) -> None:
    certificate = _certificate(tmp_path)
    port = _tls_server(certificate)
    trusting = ssl.create_default_context(cafile=str(certificate))
    plain = socket.create_connection(("127.0.0.1", port), timeout=5)
    connection = Connection(trusting.wrap_socket(plain, server_hostname="127.0.0.1"), tls=True)

    answer = connection.exchange(GET, Deadline(5))
    connection.close()

    assert (answer.status, answer.body) == (200, b'{"a":1}')


def _certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    now = SystemClock().now()
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    return path


def _tls_server(certificate: Path) -> int:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    listener = socket.create_server(("127.0.0.1", 0))

    def answer_once() -> None:
        with listener, listener.accept()[0] as plain:
            try:
                with context.wrap_socket(plain, server_side=True) as client:
                    client.recv(65_536)
                    client.sendall(SHORT.data)
            except OSError:
                return  # the client refused the certificate

    threading.Thread(target=answer_once, daemon=True).start()
    return int(listener.getsockname()[1])
