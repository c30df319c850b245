"""Linked instances over TLS: what each holds, how fast all come back, what they cost while nothing happens."""
import json
import threading
import time

from driver.http import Client
from driver.programs import ACCOUNT_TOKEN
from driver.table import median

# Longer than ponted's own minute between two looks at its heap.
TRIM_SECONDS = 70


def linked(programs, table, quick):
    """Memory at three sizes, each after a restart; the restart itself; CPU while idle."""
    few, some, many = (20, 100, 200) if quick else (20, 1000, 2000)
    sim = programs.sim(tls=True)
    folder = programs.new_folder()
    kept = {}
    made = 0
    for size in (few, some, many):
        ponted = programs.ponted(sim, folder)
        started = time.perf_counter()
        link(ponted, sim, range(made, size))
        seconds = time.perf_counter() - started
        ponted.stop()
        if size == many:
            table.add("create, scan and log in, wss", (size - made) / seconds, "/s", note=f"{size - made} instances")
        made = size
        kept[size] = programs.copy_folder(folder)
    figures = {size: _restarted(programs, sim, kept[size], size, table, quick) for size in (few, some, many)}
    for low, high in ((few, some), (some, many)):
        def each(figure, low=low, high=high):
            return (figures[high][figure] - figures[low][figure]) / (high - low)
        table.add(f"RSS a linked, idle instance, {low} to {high}", each("VmRSS"), "KiB", 80,
                  f"private {each('RssAnon'):.1f}; {figures[low]['VmRSS'] / 1024:.1f} to "
                  f"{figures[high]['VmRSS'] / 1024:.1f} MB")
    sim.stop()
    for path in (folder, *kept.values()):
        programs.remove_folder(path)


def link(ponted, sim, numbers):
    """Makes and links `i<number>` of each; returns when all are logged in."""
    before = sim.online()
    for number in numbers:
        ponted.create(f"i{number}")
        sim.call("scan", {"qr": ponted.connect(f"i{number}")})
    wait_online(sim, before + len(numbers), 600)


def wait_online(sim, count, seconds):
    """Raises where fewer than `count` devices are logged in after so long."""
    deadline = time.monotonic() + seconds
    while sim.online() < count:
        if time.monotonic() > deadline:
            raise RuntimeError(f"{sim.online()} of {count} instances are online after {seconds} s")
        time.sleep(0.05)


def _restarted(programs, sim, folder, size, table, quick):
    """Its memory once all are back and the heap is trimmed. The largest one's CPU for a minute, too."""
    before = sim.call("state")["counts"]["logins"]
    sim_cpu = sim.cpu_milliseconds()
    started = time.perf_counter()
    ponted = programs.ponted(sim, folder, {"PONTE_DIAL_RATE": "0"})
    ready = time.perf_counter() - started
    while sim.call("state")["counts"]["logins"] < before + size:
        if time.perf_counter() - started > 120:
            raise RuntimeError(f"not all of {size} instances have logged in after two minutes")
        time.sleep(0.02)
    seconds = time.perf_counter() - started
    cpu = ponted.cpu_milliseconds() / 1e3, (sim.cpu_milliseconds() - sim_cpu) / 1e3
    if size > 20:
        table.add(f"restart to {size} logged in, wss, no pacing", seconds, "s", 5 if size == 1000 else None,
                  f"ready after {ready:.2f}; CPU of ponted {cpu[0]:.2f} s, of the simulator {cpu[1]:.2f} s")
    if not quick:
        time.sleep(TRIM_SECONDS)
    figures = ponted.settled()
    if size > 20:
        quiet = 20 if quick else 60
        start = ponted.cpu_milliseconds()
        time.sleep(quiet)
        spent = (ponted.cpu_milliseconds() - start) / 1e3
        table.add(f"CPU of {size} idle instances, wss", 100 * spent / quiet, "% core", 2 if size == 2000 else None,
                  f"{spent:.2f} s in {quiet} s")
    ponted.stop()
    return figures


def codes(programs, table, quick):
    """Pairing codes through the REST endpoint by eight callers, beside the key derivation that each one needs."""
    count = 40 if quick else 200
    derivation = json.loads(programs.run("bench/bench_parts", "--json", "--benchmark_filter=code key"))
    limit_ms = derivation["parts"]["code key (PBKDF2), on a worker"]["median_ns"] / 1e6
    sim = programs.sim()
    ponted = programs.ponted(sim)
    for number in range(count):
        ponted.create(f"c{number}")
        ponted.connect(f"c{number}")
    waiting = list(range(count))
    times, lock = [], threading.Lock()

    def caller():
        client = Client("127.0.0.1", ponted.port, {"token": ACCOUNT_TOKEN})
        while True:
            with lock:
                if not waiting:
                    return
                number = waiting.pop()
            start = time.perf_counter()
            status, answer = client.request("GET", f"/api/instance/connect/c{number}?number=55119{number:08d}")
            with lock:
                times.append((time.perf_counter() - start) * 1e3)
            if status != 200 or b"pairingCode" not in answer:
                raise RuntimeError(f"no pairing code: {status} {answer[:200]}")

    cpu = ponted.cpu_milliseconds()
    started = time.perf_counter()
    callers = [threading.Thread(target=caller) for _ in range(8)]
    for each in callers:
        each.start()
    for each in callers:
        each.join()
    seconds = time.perf_counter() - started
    cpu = (ponted.cpu_milliseconds() - cpu) / count
    ponted.stop()
    sim.stop()
    if len(times) != count:
        raise RuntimeError(f"{len(times)} of {count} codes came")
    table.add("pairing codes, 8 callers", count / seconds, "/s", note=f"p50 {median(times):.0f} ms")
    table.add("  a second and core of ponted", 1e3 / cpu, "/s", note=f"{cpu:.1f} ms CPU each, HTTP and all")
    table.add("  a second and core, PBKDF2 alone", 1e3 / limit_ms, "/s",
              note=f"{limit_ms:.1f} ms; a code reaches {limit_ms / cpu:.2f} of it")
