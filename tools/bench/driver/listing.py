"""GET /api/instance/list: how much of it goes, beside nginx with the same bytes, and how long it takes in a storm."""
import os
import re
import shutil
import subprocess
import sys
import time

from driver.http import Client
from driver.linked import link, wait_online
from driver.programs import ACCOUNT_TOKEN, Process, free_port
from driver.table import median, quantile

TARGET = "/api/instance/list"
CONNECTIONS = 32


class Nginx(Process):
    """Answers TARGET with `body` from a file; takes connections when the constructor returns."""

    def __init__(self, folder, body):
        program = _program("nginx", "nginx-light")
        self.port = free_port()
        os.makedirs(os.path.dirname(f"{folder}/www{TARGET}"))
        with open(f"{folder}/www{TARGET}", "wb") as file:
            file.write(body)
        temporary = " ".join(f"{name}_temp_path {folder}/{name};"
                             for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        # Its workers become somebody else where it is started by root, who could not read our folder. As many of them
        # as ponted has threads for HTTP.
        user = "user root;" if os.getuid() == 0 else ""
        with open(f"{folder}/nginx.conf", "w", encoding="utf-8") as file:
            file.write(f"""{user} daemon off; pid {folder}/nginx.pid; error_log stderr; worker_processes 2;
events {{ worker_connections 1024; }}
http {{ access_log off; {temporary}
  default_type application/json; sendfile on; tcp_nopush on; open_file_cache max=10;
  keepalive_requests 1000000000; keepalive_timeout 60s;
  server {{ listen 127.0.0.1:{self.port}; root {folder}/www; }}
}}
""")
        super().__init__([program, "-p", folder, "-e", "stderr", "-c", f"{folder}/nginx.conf"], log=sys.stderr)
        deadline = time.monotonic() + 10
        while True:
            client = Client("127.0.0.1", self.port, {})
            try:
                if client.request("GET", TARGET) != (200, body):
                    raise RuntimeError("nginx does not answer with what it was given")
                return
            except OSError:
                if self.child.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("nginx does not take connections") from None
                time.sleep(0.02)
            finally:
                client.close()

    def cpu_milliseconds(self):
        """Of its workers, too."""
        with open(f"/proc/{self.child.pid}/task/{self.child.pid}/children", encoding="ascii") as line:
            workers = line.read().split()
        total = super().cpu_milliseconds()
        for worker in workers:
            with open(f"/proc/{worker}/schedstat", encoding="ascii") as line:
                total += int(line.read().split()[0]) / 1e6
        return total


def _program(name, package):
    path = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
    if path is None:
        raise RuntimeError(f"{name} is not installed: apt-get install {package}")
    return path


def _load(wrk, server, seconds):
    """wrk on one thread: (requests a second, p99 in milliseconds, CPU of the server in microseconds a request)."""
    cpu = server.cpu_milliseconds()
    ran = subprocess.run([wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency", "-H", f"token: {ACCOUNT_TOKEN}",
                          f"http://127.0.0.1:{server.port}{TARGET}"],
                         stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds + 30, check=True)
    cpu = server.cpu_milliseconds() - cpu
    said = ran.stdout.decode()
    if "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"{server.name}: not every answer was 200:\n{said}")
    latency = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    return (float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1]),
            float(latency[1]) * {"us": 1e-3, "ms": 1, "s": 1e3}[latency[2]],
            cpu * 1e3 / int(re.search(r"(\d+) requests in", said)[1]))


def listing(programs, table, quick):
    """Requests a second of list, alternating with nginx that has the same answer in a file."""
    wrk = _program("wrk", "wrk")
    rounds, seconds = (3, 1) if quick else (7, 2)  # less than what the limit of a minute lets through
    ponted = programs.ponted()
    made = 0
    for size in (1, 100):
        for number in range(made, size):
            ponted.create(f"l{number}")
        made = size
        body = ponted.ask("GET", TARGET)
        nginx = programs.keep(Nginx(programs.new_folder(), body))
        measured = {ponted: [], nginx: []}
        for server in measured:
            _load(wrk, server, 1)  # caches
        for _ in range(rounds):
            for server, figures in measured.items():
                figures.append(_load(wrk, server, seconds))
        nginx.stop()
        ours, theirs = ([median(column) for column in zip(*figures)] for figures in measured.values())
        what = f"list of {size}" if size > 1 else "list of one"
        low, high = min(each[0] for each in measured[ponted]), max(each[0] for each in measured[ponted])
        table.add(f"{what}, ponted", ours[0], "/s",
                  note=f"{len(body)} bytes; {low:.0f} to {high:.0f}; p99 {ours[1]:.1f} ms; CPU {ours[2]:.1f} us each")
        table.add("  nginx, from a file", theirs[0], "/s", note=f"p99 {theirs[1]:.1f} ms; CPU {theirs[2]:.1f} us each")
        table.add("  ponted / nginx", ours[0] / theirs[0], "x", note=f"by CPU {theirs[2] / ours[2]:.2f}")
    ponted.stop()


def storm(programs, table, quick):
    """List, asked for by one caller, while all connections are dropped and come back; beside the same at rest."""
    count, rest_seconds = (200, 3) if quick else (1000, 10)
    sim = programs.sim(tls=True)
    folder = programs.new_folder()
    ponted = programs.ponted(sim, folder)
    link(ponted, sim, range(count))
    ponted.stop()
    for pace in ("100", "0"):
        ponted = programs.ponted(sim, folder, {"PONTE_DIAL_RATE": pace})
        wait_online(sim, count, 120)
        time.sleep(1)
        rest = _List(ponted)
        until = time.monotonic() + rest_seconds
        while time.monotonic() < until:
            rest.ask()
        stormy = _List(ponted)
        cpu = ponted.cpu_milliseconds()
        seconds = _come_back(ponted, sim, count, stormy)
        cpu = ponted.cpu_milliseconds() - cpu
        ponted.stop()
        paced = f"{pace} dials a second" if pace != "0" else "no pacing"
        table.add(f"list of one in a storm of {count}, p50", median(stormy.one), "ms",
                  note=f"at rest {median(rest.one):.2f}; {paced}: all back after {seconds:.1f} s, "
                       f"CPU {cpu / 1e3:.1f} s with these requests")
        table.add("  p99", quantile(stormy.one, 0.99), "ms",
                  note=f"at rest {quantile(rest.one, 0.99):.2f}; {len(stormy.one)} and {len(rest.one)} requests")
        table.add(f"  list of all {count}, p50", median(stormy.all), "ms",
                  note=f"at rest {median(rest.all):.1f}; {len(stormy.all)} and {len(rest.all)} requests")
    sim.stop()


def _come_back(ponted, sim, count, caller):
    """Drops all `count` connections and lets the caller ask until all have logged in again: seconds."""
    # Not the simulator's state, which it takes long to write down while a thousand log in.
    logins = ponted.logins()
    started = looked = time.monotonic()
    dropped = sim.call("drop", {})["connections"]
    if dropped != count:
        raise RuntimeError(f"{count} connections should be dropped, {dropped} were")
    while True:
        caller.ask()
        now = time.monotonic()
        if now - looked > 0.25:
            looked = now
            if ponted.logins() >= logins + dropped:
                return now - started
        if now - started > 120:
            raise RuntimeError(f"not all of {dropped} instances have come back after two minutes")


class _List:
    """One caller on a kept connection, a request every few milliseconds. Times in milliseconds."""

    PAUSE_SECONDS = 0.005
    ONE_OF = 50  # requests for one instance to one for all, which is a load of its own

    def __init__(self, ponted):
        self.client = Client("127.0.0.1", ponted.port, {"token": ACCOUNT_TOKEN})
        self.one, self.all = [], []
        self._request("")  # opens the connection

    def ask(self):
        if len(self.one) >= self.ONE_OF * (len(self.all) + 1):
            self.all.append(self._request(""))
        else:
            self.one.append(self._request("?instanceName=i0"))
        time.sleep(self.PAUSE_SECONDS)

    def _request(self, query):
        start = time.perf_counter()
        status, answer = self.client.request("GET", TARGET + query)
        milliseconds = (time.perf_counter() - start) * 1e3
        if status != 200:
            raise RuntimeError(f"list: {status} {answer[:200]}")
        return milliseconds
