"""TLS with real sockets: who trusts the authority gets in, who does not does not."""

import socket
import ssl
import stat
import tempfile
import threading
from contextlib import contextmanager

import pytest

from harness.errors import UsageError
from harness.mock.tls import server_context


@contextmanager
def greeting(context: ssl.SSLContext):
    """A server that says hello over TLS to whoever comes; gives its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(5)
                try:
                    with context.wrap_socket(connection, server_side=True) as secured:
                        secured.sendall(b"hello")
                except OSError:
                    continue  # a client that does not trust us

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def hello(port: int, context: ssl.SSLContext, name: str = "localhost") -> tuple[str, str, str]:
    """What the server said, the version, and the protocol agreed on."""
    with (
        socket.create_connection(("127.0.0.1", port), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        version, agreed = secured.version() or "", secured.selected_alpn_protocol() or ""
        said = b""
        while piece := secured.recv(16):
            said += piece
        return said.decode(), version, agreed


def trusting(ca) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(ca)
    context.set_alpn_protocols(["h2", "http/1.1"])
    return context


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    ca = tmp_path_factory.mktemp("tls") / "ca.pem"
    with greeting(server_context("127.0.0.2", ca, ["segment.test", "*.segment.test"])) as port:
        yield port, ca


@pytest.mark.parametrize(
    "name", ["localhost", "127.0.0.1", "::1", "127.0.0.2", "segment.test", "api.segment.test"]
)
def test_a_client_that_trusts_the_authority_alone_gets_in_by_every_name(served, name):
    port, ca = served
    assert hello(port, trusting(ca), name) == ("hello", "TLSv1.3", "http/1.1")


def test_a_client_that_does_not_trust_the_authority_stays_out(served):
    with pytest.raises(ssl.SSLCertVerificationError, match=r"unable to get local issuer|self-signed"):
        hello(served[0], ssl.create_default_context())


def test_a_client_that_asks_for_another_name_stays_out(served):
    port, ca = served
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        hello(port, trusting(ca), "api.segment.io")


def test_tls_1_2_is_spoken(served):
    port, ca = served
    context = trusting(ca)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    assert hello(port, context)[1] == "TLSv1.2"


def test_nothing_older_is():
    assert server_context("127.0.0.1", None).minimum_version == ssl.TLSVersion.TLSv1_2


def test_no_private_key_stays_on_disk(tmp_path, monkeypatch):
    scratch, out = tmp_path / "scratch", tmp_path / "out"
    scratch.mkdir()
    out.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    server_context("127.0.0.1", out / "ca.pem")
    assert list(scratch.iterdir()) == []
    assert [path.name for path in out.iterdir()] == ["ca.pem"]
    text = (out / "ca.pem").read_text()
    assert "PRIVATE" not in text
    assert text.count("BEGIN CERTIFICATE") == 1
    assert stat.S_IMODE((out / "ca.pem").stat().st_mode) == 0o644


def test_at_all_addresses_the_machine_may_be_called_by_its_name(tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "builder7")
    ca = tmp_path / "ca.pem"
    with greeting(server_context("0.0.0.0", ca)) as port:
        assert hello(port, trusting(ca), "builder7")[0] == "hello"


def test_a_machine_whose_name_no_certificate_can_hold_is_no_trouble(tmp_path, monkeypatch):
    monkeypatch.setattr(socket, "gethostname", lambda: "my_builder")
    ca = tmp_path / "ca.pem"
    with greeting(server_context("::", ca)) as port:
        assert hello(port, trusting(ca))[0] == "hello"


@pytest.mark.parametrize("name", ["my_host", "", "a@b.test", "10.0.0.0/8"])
def test_a_name_that_no_certificate_can_hold_is_one_sentence(name):
    with pytest.raises(UsageError, match="can stand in no certificate; give an address or a host name"):
        server_context("127.0.0.1", None, [name])
    with pytest.raises(UsageError, match="can stand in no certificate"):
        server_context(name, None)


def test_a_place_where_the_certificate_cannot_be_written_is_one_sentence(tmp_path):
    with pytest.raises(UsageError, match="cannot be written"):
        server_context("127.0.0.1", tmp_path / "no" / "ca.pem")
