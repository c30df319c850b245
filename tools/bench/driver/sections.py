"""What is measured, section by section. Each adds its rows to the table."""
import json
import os
import time

from driver.table import median, quantile


def parts(programs, table, quick):
    """bench_parts: medians of its repetitions, and the handshake against its primitives."""
    arguments = ["--json"] + (["--benchmark_repetitions=5"] if quick else [])
    figures = json.loads(programs.run("bench/bench_parts", *arguments))
    hand = figures["handshake"]
    table.add("XX handshake, client / sum of primitives", hand["ratio"], "x", 1.3,
              f"sum {hand['sum_ns'] / 1e3:.0f} us")
    for name, part in figures["parts"].items():
        value, unit = (part["median_ns"], "ns") if part["median_ns"] < 1e4 else (part["median_ns"] / 1e3, "us")
        table.add(name, value, unit, note="wall" if name.startswith("commit") else "CPU")


def start(programs, table, quick):
    """Spawn to /health 200: on an empty directory, and on one that holds a store."""
    measured = {"first": [], "later": []}
    for _ in range(3 if quick else 10):
        folder = programs.new_folder()
        for times in measured.values():
            ponted = programs.ponted(data_dir=folder)
            times.append((ponted.ready_milliseconds, ponted.ready_cpu_milliseconds))
            ponted.stop()
        programs.remove_folder(folder)
    for what, times in measured.items():
        wall, cpu = zip(*times)
        table.add(f"start to ready, {what} start", median(wall), "ms", 200,
                  f"CPU {median(cpu):.0f}; {min(wall):.0f} to {max(wall):.0f}, {len(wall)} starts")


def idle(programs, table, quick):
    """A ponted that has only said that it is healthy."""
    ponted = programs.ponted()
    figures = ponted.settled()
    ponted.stop()
    table.add("idle RSS", figures["VmRSS"] / 1024, "MB", 30,
              f"private {figures['RssAnon'] / 1024:.1f}, of files {figures['RssFile'] / 1024:.1f}")


def connect(programs, table, quick):
    """Fresh instances, one after the other; only the connect call is timed."""
    for tls in (False, True):
        _connect(programs, table, 50 if quick else 200, tls)


def _connect(programs, table, count, tls):
    scheme = "wss" if tls else "ws"
    sim = programs.sim(tls)
    ponted = programs.ponted(sim)
    times, again, healths = [], [], []
    for i in range(10):  # caches, threads, the chain that the simulator signs once
        ponted.create(f"warm{i}")
        ponted.connect(f"warm{i}")
    cpu = ponted.cpu_milliseconds(), sim.cpu_milliseconds()
    opened = ponted.client.opened
    for i in range(count):
        ponted.create(f"fresh{i}")
        times.append(_milliseconds(lambda i=i: ponted.connect(f"fresh{i}")))
    cpu = [(after - before) / count for before, after in
           zip(cpu, (ponted.cpu_milliseconds(), sim.cpu_milliseconds()))]
    opened = ponted.client.opened - opened
    for i in range(count):
        again.append(_milliseconds(lambda i=i: ponted.connect(f"fresh{i}")))
        healths.append(_milliseconds(lambda: ponted.ask("GET", "/health")))
    ponted.stop()
    sim.stop()
    spread = f"p90 {quantile(times, 0.9):.2f}, p99 {quantile(times, 0.99):.2f}, {count} instances"
    table.add(f"connect to QR, {scheme}, p50", median(times), "ms", None if tls else 3, spread)
    table.add(f"  p99, {scheme}", quantile(times, 0.99), "ms")
    table.add(f"  the same QR once more, {scheme}", median(again), "ms", note="HTTP and the picture alone")
    table.add(f"  /health, {scheme}", median(healths), "ms", note="HTTP alone")
    table.add(f"  CPU of ponted, new and connect, {scheme}", cpu[0], "ms",
              note=f"of the simulator {cpu[1]:.2f}; {opened} TCP connections for {2 * count} requests")


def _milliseconds(call):
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1e3


def memory(programs, table, quick):
    """Resident memory by how many instances wait on a QR: from 20 to 1000."""
    count = 200 if quick else 1000
    for tls in (False, True):
        _memory(programs, table, count, tls)
    _layers(programs, table, count)


def _memory(programs, table, count, tls):
    scheme = "wss" if tls else "ws"
    warm = 20
    sim = programs.sim(tls)
    ponted = programs.ponted(sim)
    for i in range(warm):
        ponted.create(f"i{i}")
        ponted.connect(f"i{i}")
    before = ponted.settled()
    for i in range(warm, count):
        ponted.create(f"i{i}")
    created = ponted.settled()
    for i in range(warm, count):
        ponted.connect(f"i{i}")
    waiting = ponted.settled()
    there = sum(1 for connection in sim.call("state")["connections"] if connection.get("state") == "pairing")
    if there != count:
        raise RuntimeError(f"{count} instances should wait on a QR, {there} do")
    ponted.stop()
    sim.stop()

    def each(after, figure):
        return (after[figure] - before[figure]) / (count - warm)

    table.add(f"RSS an instance waiting on a QR, {scheme}", each(waiting, "VmRSS"), "KiB", 64 if tls else 32,
              f"private {each(waiting, 'RssAnon'):.1f}; {warm} to {count} instances, "
              f"{before['VmRSS'] / 1024:.1f} to {waiting['VmRSS'] / 1024:.1f} MB")
    table.add(f"  of that before connect, {scheme}", each(created, "VmRSS"), "KiB", note="created only")


def _layers(programs, table, count):
    """bench_memory: the same layers on their own, in bytes of heap."""
    figures = {}
    for tls in (False, True):
        sim = programs.sim(tls)
        arguments = ["--count", str(count), "--url", sim.url] + (["--ca-file", sim.ca_file] if tls else [])
        figures["wss" if tls else "ws"] = json.loads(programs.run("bench/bench_memory", *arguments))
        sim.stop()
    session = figures["ws"]["session"]
    table.add("heap of a session waiting on a QR", session["heap"] / 1024, "KiB", 
              note=f"{session['heap_unopened'] / 1024:.1f} KiB before it opens")
    table.add("heap of a session online", session["heap_online"] / 1024, "KiB")
    for scheme, figure in figures.items():
        socket = figure["socket"]
        table.add(f"heap of a WebSocket, {scheme}", socket["heap"] / 1024, "KiB",
                  note=f"RSS {socket['rss'] / 1024:.1f} KiB; opened in {socket['open_ms']:.2f} ms")
