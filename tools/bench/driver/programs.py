"""ponted and the simulator as processes of this one: started, watched and ended by their ids."""
import json
import os
import re
import select
import shutil
import socket
import subprocess
import time

from driver.http import Client

ACCOUNT_TOKEN = "account-token-of-the-benchmarks-0123456789"
# Longer than any section runs: every instance waits on its first QR while memory is measured.
QR_SECONDS = 1800


def free_port():
    """A port that is free together with the next one, below the range of outgoing connections."""
    for port in range(12000 + os.getpid() % 5000 * 2, 30000, 2):
        try:
            for candidate in (port, port + 1):
                with socket.socket() as probe:
                    probe.bind(("127.0.0.1", candidate))
            return port
        except OSError:
            continue
    raise RuntimeError("no free port")


class Process:
    """`log`: where its standard error goes. `talks`: it reads standard input, by say()."""

    def __init__(self, arguments, environment=None, log=None, talks=False):
        self.name = os.path.basename(arguments[0])
        clean = {name: value for name, value in os.environ.items() if not name.startswith("PONTE_")}
        # Without a buffer, which select() does not know of.
        self.child = subprocess.Popen(arguments, env={**clean, **(environment or {})}, bufsize=0,
                                      stdin=subprocess.PIPE if talks else subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=log or subprocess.DEVNULL)

    def line(self, seconds=10):
        """Its next line; empty where it has ended."""
        if not select.select([self.child.stdout], [], [], seconds)[0]:
            raise RuntimeError(f"{self.name} printed nothing within {seconds} s")
        return self.child.stdout.readline().decode()

    def say(self, line):
        self.child.stdin.write(f"{line}\n".encode())

    def status(self):
        """Figures of /proc/PID/status in KiB, by name."""
        figures = {}
        with open(f"/proc/{self.child.pid}/status", encoding="ascii") as lines:
            for line in lines:
                name, _, rest = line.partition(":")
                if rest.strip().endswith("kB"):
                    figures[name] = int(rest.split()[0])
        return figures

    def cpu_milliseconds(self):
        """CPU time of all its living threads, user and system."""
        total = 0
        for thread in os.listdir(f"/proc/{self.child.pid}/task"):
            with open(f"/proc/{self.child.pid}/task/{thread}/schedstat", encoding="ascii") as line:
                total += int(line.read().split()[0])
        return total / 1e6

    def settled(self, seconds=10):
        """status() once resident memory stays within 64 KiB for half a second."""
        deadline = time.monotonic() + seconds
        last, since = self.status(), time.monotonic()
        while time.monotonic() < deadline:
            time.sleep(0.05)
            now = self.status()
            if abs(now["VmRSS"] - last["VmRSS"]) > 64:
                last, since = now, time.monotonic()
            elif time.monotonic() - since > 0.5:
                return now
        return self.status()

    def stop(self):
        if self.child.poll() is None:
            self.child.terminate()
            try:
                self.child.wait(15)
            except subprocess.TimeoutExpired:
                self.child.kill()
                self.child.wait()
        for pipe in (self.child.stdin, self.child.stdout):
            if pipe is not None:
                pipe.close()


class Ponted(Process):
    """Healthy when the constructor returns; the ready figures say how long that took."""

    def __init__(self, program, data_dir, sim, log, more=None):
        self.port = free_port()
        environment = {
            "PONTE_LISTEN": f"127.0.0.1:{self.port}",
            "PONTE_WS_LISTEN": f"127.0.0.1:{self.port + 1}",
            "PONTE_DATA_DIR": data_dir,
            "PONTE_ACCOUNT_TOKEN": ACCOUNT_TOKEN,
            "PONTE_RATE_LIMIT": "1000000",
            "PONTE_CREATE_RATE_LIMIT": "1000000",
            "PONTE_WHATSAPP_VERSION_URL": "",
            "PONTE_QR_FIRST_TTL": str(QR_SECONDS),
            "PONTE_LOG": "warn",
        }
        if sim:
            environment |= {"PONTE_WHATSAPP_URL": sim.url, "PONTE_WHATSAPP_ROOT_KEY": sim.root_key}
            if sim.ca_file:
                environment["PONTE_WHATSAPP_CA_FILE"] = sim.ca_file
        environment |= more or {}
        start = time.perf_counter()
        super().__init__([program], environment, log)
        self.client = Client("127.0.0.1", self.port, {"token": ACCOUNT_TOKEN})
        while True:
            try:
                if self.client.request("GET", "/health")[0] == 200:
                    break
            except OSError:
                self.client.close()
            if self.child.poll() is not None or time.perf_counter() - start > 30:
                self.stop()
                raise RuntimeError("ponted did not become healthy; its log is above")
            time.sleep(0.0005)
        self.ready_milliseconds = (time.perf_counter() - start) * 1e3
        self.ready_cpu_milliseconds = self.cpu_milliseconds()

    def ask(self, method, target, body=None, expect=200):
        status, answer = self.client.request(method, target, body)
        if status != expect:
            raise RuntimeError(f"{method} {target}: expected {expect}, got {status} {answer[:300]}")
        return answer

    def create(self, name):
        self.ask("POST", "/api/instance/new", json.dumps({"name": name}).encode(), expect=201)

    def logins(self):
        """How often an instance has logged in since the start."""
        page = self.ask("GET", "/metrics").decode()
        return int(float(re.search(r"^ponte_logins_total (\S+)$", page, re.M)[1]))

    def sequence(self, name):
        """The number of an instance's newest event."""
        return json.loads(self.ask("GET", f"/v1/instances/{name}"))["state"]["sequence"]

    def connect(self, name):
        """The QR's text."""
        answer = self.ask("GET", f"/api/instance/connect/{name}")
        if b"data:image/png;base64," not in answer:
            raise RuntimeError(f"connect {name}: no QR in {answer[:300]}")
        return json.loads(answer)["qrCode"]

    def stop(self):
        if hasattr(self, "client"):
            self.client.close()
        super().stop()


class Simulator(Process):
    def __init__(self, program, tls, log):
        lifetime = str(QR_SECONDS * 1000)
        super().__init__([program, "sim", "--listen", "127.0.0.1:0", "--json", "--first-ref-ms", lifetime]
                         + (["--tls"] if tls else []), None, log)
        facts = json.loads(self.line())
        self.url, self.root_key, self.ca_file = facts["url"], facts["rootKey"], facts.get("caFile")
        self.admin = facts["adminUrl"]

    def call(self, name, body=None):
        """An admin call: what it answers."""
        host, _, path = self.admin.removeprefix("http://").partition("/")
        address, _, port = host.rpartition(":")
        client = Client(address, int(port), {})
        try:
            sent = None if body is None else json.dumps(body).encode()
            status, answer = client.request("GET" if body is None else "POST", f"/{path}/{name}", sent)
            if status != 200:
                raise RuntimeError(f"the simulator's {name}: {status} {answer[:300]}")
            return json.loads(answer)
        finally:
            client.close()

    def online(self):
        """How many linked devices are logged in now."""
        return sum(1 for connection in self.call("state")["connections"] if connection.get("state") == "online")


class Programs:
    """Starts programs of one build, each in a folder of its own; ends all that still run when left."""

    def __init__(self, build, folder):
        self.build, self.folder = os.path.abspath(build), folder
        self.running, self.folders = [], 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in reversed(self.running):
            process.stop()

    def path(self, name):
        path = os.path.join(self.build, name)
        if not os.path.exists(path):
            raise RuntimeError(f"{path} is not built: cmake --preset release && cmake --build --preset release")
        return path

    def new_folder(self):
        self.folders += 1
        path = os.path.join(self.folder, str(self.folders))
        os.mkdir(path)
        return path

    def copy_folder(self, path):
        self.folders += 1
        return shutil.copytree(path, os.path.join(self.folder, str(self.folders)))

    def remove_folder(self, path):
        shutil.rmtree(path, ignore_errors=True)

    def sim(self, tls=False):
        return self.keep(Simulator(self.path("ponte"), tls, None))

    def ponted(self, sim=None, data_dir=None, more=None):
        return self.keep(Ponted(self.path("ponted"), data_dir or self.new_folder(), sim, None, more))

    def run(self, name, *arguments, seconds=400):
        """Runs a program to its end and gives its output."""
        ran = subprocess.run([self.path(name), *arguments], stdin=subprocess.DEVNULL, capture_output=True,
                             timeout=seconds, check=False)
        if ran.returncode != 0:
            raise RuntimeError(f"{name}: exit {ran.returncode}: {ran.stderr.decode()[-500:]}")
        return ran.stdout.decode()

    def keep(self, process):
        """Ends it with the others."""
        self.running.append(process)
        return process
