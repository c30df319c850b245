"""A client for HTTP/1.1 on one kept socket, with as little of its own as possible."""
import select
import socket


class Client:
    """One request at a time. Opens its socket when needed: at first, after an answer that closes, and where the server
    has closed it in between."""

    def __init__(self, host, port, headers):
        self.address = (host, port)
        self.headers = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.socket = None
        self.opened = 0

    def request(self, method, target, body=None):
        """(status, body)."""
        length = f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n" if body is not None else ""
        head = f"{method} {target} HTTP/1.1\r\nHost: {self.address[0]}:{self.address[1]}\r\n{self.headers}{length}\r\n"
        message = head.encode() + (body or b"")
        if self.socket is not None and select.select([self.socket], [], [], 0)[0]:
            self.close()
        if self.socket is None:
            self.socket = socket.create_connection(self.address, timeout=90)
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.opened += 1
        self.socket.sendall(message)
        return self._answer()

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def _receive(self):
        data = self.socket.recv(65536)
        if not data:
            self.close()
            raise ConnectionError("the server closed in the middle of an answer")
        return data

    def _answer(self):
        data = b""
        while b"\r\n\r\n" not in data:
            data += self._receive()
        head, _, body = data.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").lower().split("\r\n")
        fields = dict(line.split(": ", 1) for line in lines[1:] if ": " in line)
        while len(body) < int(fields.get("content-length", 0)):
            body += self._receive()
        if fields.get("connection") == "close":
            self.close()
        return int(lines[0].split()[1]), body
