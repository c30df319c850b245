"""Pages of links that are open: what each holds."""
import json
import select
import socket
import time

INSTANCES = 100
PAGES = 10


def links(programs, table, quick):
    """A thousand pages of a hundred instances, first at rest, then each with a QR code on display."""
    instances = 10 if quick else INSTANCES
    sim = programs.sim()
    ponted = programs.ponted(sim)
    tokens = []
    for number in range(instances):
        ponted.create(f"l{number}")
        made = ponted.ask("POST", f"/v1/instances/l{number}/links", b"{}", expect=201)
        tokens.append(json.loads(made)["link"]["token"])
    before = ponted.settled()
    pages = [_open(ponted, token) for token in tokens for _ in range(PAGES)]
    _read_all(pages, b'"state":"idle"')
    at_rest = ponted.settled()
    started = time.perf_counter()
    for token in tokens:
        _start(ponted, token)
    _read_all(pages, b'"state":"qr"')
    seconds = time.perf_counter() - started
    shown = ponted.settled()
    for page in pages:
        page.close()
    ponted.stop()
    sim.stop()
    count = len(pages)
    table.add("RSS an open link page, at rest", (at_rest["VmRSS"] - before["VmRSS"]) / count, "KiB",
              note=f"{count} pages of {instances} instances; {before['VmRSS'] / 1024:.1f} to "
                   f"{at_rest['VmRSS'] / 1024:.1f} MB")
    table.add("  with a QR code on display", (shown["VmRSS"] - before["VmRSS"]) / count, "KiB",
              note=f"the instances' connections included; {shown['VmRSS'] / 1024:.1f} MB; all shown within "
                   f"{seconds:.2f} s, one start after another")


def _open(ponted, token):
    page = socket.create_connection(("127.0.0.1", ponted.port))
    page.sendall(f"GET /v1/link/events HTTP/1.1\r\nHost: ponte\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    return page


def _read_all(pages, wanted, seconds=60):
    """Reads each page's stream until it has said so."""
    waiting = {page.fileno(): (page, b"") for page in pages}
    poller = select.poll()
    for page in pages:
        poller.register(page, select.POLLIN)
    deadline = time.monotonic() + seconds
    while waiting:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{len(waiting)} of {len(pages)} pages were not told {wanted.decode()}")
        for descriptor, _ in poller.poll(1000):
            page, rest = waiting[descriptor]
            came = page.recv(1 << 16)
            if not came:
                raise RuntimeError("a page's stream has ended")
            rest = rest[-len(wanted):] + came
            waiting[descriptor] = (page, rest)
            if wanted in rest:
                poller.unregister(page)
                del waiting[descriptor]


def _start(ponted, token):
    with socket.create_connection(("127.0.0.1", ponted.port)) as caller:
        body = b'{"method":"qr"}'
        caller.sendall(f"POST /v1/link/start HTTP/1.1\r\nHost: ponte\r\nAuthorization: Bearer {token}\r\n"
                       f"Content-Length: {len(body)}\r\n\r\n".encode() + body)
        answer = caller.recv(1 << 16)
        if b" 200 " not in answer.split(b"\r\n", 1)[0]:
            raise RuntimeError(f"start: {answer[:300]}")
