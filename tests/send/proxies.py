"""A small HTTP proxy on native threads: tunnels by CONNECT, and whole URLs."""

import socket
import threading

from tests.send.servers import Caller, Script


def relaying(*, login: str | None = None, seen: list[bytes] | None = None) -> Script:
    """A script for `ScriptedServer`. With `login`, callers must show that Proxy-Authorization."""

    def proxy(caller: Caller) -> None:
        while (request := caller.request()) is not None:
            if seen is not None:
                seen.append(request)
            head, _, body = request.partition(b"\r\n\r\n")
            if login is not None and f"Proxy-Authorization: {login}".encode() not in head:
                caller.answer(
                    b"HTTP/1.1 407 Who\r\nProxy-Authenticate: Basic\r\nContent-Length: 0\r\n\r\n",
                )
                return
            method, url, _ = head.split(b" ", 2)
            if method == b"CONNECT":
                host, _, port = url.decode().rpartition(":")
                with socket.create_connection((host.strip("[]"), int(port))) as upstream:
                    caller.answer(b"HTTP/1.1 200 Connection established\r\n\r\n")
                    pump_both(caller.sock, upstream)
                return
            authority, slash, path = url.removeprefix(b"http://").partition(b"/")
            host, _, port = authority.decode().rpartition(":")
            with socket.create_connection((host.strip("[]"), int(port))) as upstream:
                lines = [line for line in head.split(b"\r\n")[1:] if not line.startswith(b"Proxy-")]
                upstream.sendall(
                    method + b" " + slash + path + b" HTTP/1.1\r\n"
                    b"Connection: close\r\n" + b"\r\n".join(lines) + b"\r\n\r\n" + body
                )
                answer = b""
                while data := upstream.recv(65_536):
                    answer += data
            caller.answer(
                answer.replace(b"connection: close\r\n", b"").replace(b"Connection: close\r\n", b"")
            )

    return proxy


def pump_both(here: socket.socket, there: socket.socket) -> None:
    def pump(source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(65_536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    back = threading.Thread(target=pump, args=(there, here), daemon=True)
    back.start()
    pump(here, there)
    back.join(5)
