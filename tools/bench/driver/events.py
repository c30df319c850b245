"""Events as they go out: to many who follow one instance, and to the receivers of webhooks."""
import json
import sys
import threading
import time

from driver.http import Client
from driver.linked import link, wait_online
from driver.programs import ACCOUNT_TOKEN, Process, free_port

# Reconnects that are asked for at once; each is one event or two, the second when the login is through.
CALLERS = 2
# Between reconnects that leave the service time.
CALM_SECONDS = 0.05


class Subscribers(Process):
    """bench_subscribers; every stream is open when the constructor returns."""

    def __init__(self, programs, port, path, count, *more):
        super().__init__([programs.path("bench/bench_subscribers"), "--port", str(port), "--path", path,
                          "--count", str(count), "--header", f"token: {ACCOUNT_TOKEN}", *more],
                         log=sys.stderr, talks=True)
        programs.keep(self)
        if self.line(60) != "READY\n":
            raise RuntimeError("bench_subscribers did not open its streams")

    def report(self, seconds=150):
        return _report(self, seconds)


def _report(process, seconds):
    """The line of JSON with which it ends."""
    line = process.line(seconds)
    if not line:
        raise RuntimeError(f"{process.name} ended without a report")
    return json.loads(line)


def _reconnect(ponted, names, done, callers=CALLERS, pause=0):
    """Asks again and again for reconnects, of the names in turn, until `done(number of requests)`."""
    lock, asked, problems = threading.Lock(), [0], []

    def caller():
        client = Client("127.0.0.1", ponted.port, {"token": ACCOUNT_TOKEN})
        while not problems:
            with lock:
                if done(asked[0]):
                    break
                name = names[asked[0] % len(names)]
                asked[0] += 1
            try:
                status, answer = client.request("POST", f"/api/instance/reconnect/{name}", b"")
            except OSError as problem:
                status, answer = 0, str(problem).encode()
            if status != 200:
                problems.append(f"reconnect {name}: {status} {answer[:200]}")
            time.sleep(pause)
        client.close()

    threads = [threading.Thread(target=caller) for _ in range(callers)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    if problems:
        raise RuntimeError(problems[0])


def _fill(ponted, names, each):
    """Reconnects until so many events have happened to each on the average."""
    before = _settled(ponted, names)
    while (have := _settled(ponted, names) - before) < each * len(names):
        _reconnect(ponted, names, lambda asked, missing=each * len(names) - have: asked >= missing)


def _settled(ponted, names):
    """How many events these instances have had, once none has come for half a second."""
    last, since = None, time.monotonic()
    while last is None or time.monotonic() - since < 0.5:
        now = sum(ponted.sequence(name) for name in names)
        if now != last:
            last, since = now, time.monotonic()
        time.sleep(0.05)
    return last


def events(programs, table, quick):
    """One instance with many who follow it: what happens now, and what was."""
    count, journal, seconds = (200, 300, 3) if quick else (1000, 1000, 10)
    sim = programs.sim()
    folder = programs.new_folder()
    ponted = programs.ponted(sim, folder)
    link(ponted, sim, range(1))
    ponted.ask("POST", "/api/events/websocket/i0", b'{"enabled":true}')
    ponted.stop()
    for kind in ("WebSocket", "SSE"):
        # Anew, so that the memory of each is not what the other has left.
        ponted = programs.ponted(sim, folder)
        wait_online(sim, 1, 30)
        _live(programs, table, ponted, count, kind, seconds)
        if kind == "SSE":
            _fill(ponted, ["i0"], journal)
            _replay(programs, table, ponted, count, journal)
        ponted.stop()
    sim.stop()


def _subscribe(programs, ponted, count, kind):
    if kind == "SSE":
        return Subscribers(programs, ponted.port, "/v1/instances/i0/events", count)
    return Subscribers(programs, ponted.port + 1, "/ws/i0", count, "--websocket")


def _live(programs, table, ponted, count, kind, seconds):
    """At a pace that leaves time between events, and as fast as events come."""
    before = ponted.settled()
    readers = _subscribe(programs, ponted, count, kind)
    opened = ponted.settled()
    table.add(f"RSS a client, {kind}", (opened["VmRSS"] - before["VmRSS"]) / count, "KiB",
              note=f"{count} clients of one instance, {before['VmRSS'] / 1024:.1f} to {opened['VmRSS'] / 1024:.1f} MB")
    calm, _ = _told(ponted, readers, seconds, callers=1, pause=CALM_SECONDS)
    readers = _subscribe(programs, ponted, count, kind)
    busy, cpu = _told(ponted, readers, seconds)
    deliveries, active = busy["deliveries"], busy["activeSeconds"]
    table.add(f"live to {count} {kind} clients", deliveries / active, "/s",
              note=f"{busy['events'] / active:.0f} events a second; CPU {1e3 * cpu / deliveries:.2f} us a delivery, "
                   f"reconnects included, of the clients {1e6 * busy['cpuSeconds'] / deliveries:.2f}; "
                   f"{ponted.status()['VmHWM'] / 1024:.0f} MB at most")
    for report in (busy, calm):
        spread = report["spreadMs"]
        pace = f"{report['events'] / report['activeSeconds']:.0f} events/s"
        table.add(f"  first client to last, {pace}, p50", spread["p50"], "ms",
                  note=f"p99 {spread['p99']:.1f}, at most {spread['max']:.1f}; {report['events']} events")


def _told(ponted, readers, seconds, **pace):
    """Has events for so long: what the readers say of them, and the CPU milliseconds of ponted."""
    first, cpu, started = _settled(ponted, ["i0"]), ponted.cpu_milliseconds(), time.monotonic()
    _reconnect(ponted, ["i0"], lambda _: time.monotonic() - started > seconds, **pace)
    wanted = _settled(ponted, ["i0"]) - first
    readers.say(wanted)
    report = readers.report()
    cpu = ponted.cpu_milliseconds() - cpu
    readers.stop()
    _check(report, wanted)
    return report, cpu


def _replay(programs, table, ponted, count, journal):
    """The last `journal` events to each, asked for by all at once."""
    after, before = _settled(ponted, ["i0"]) - journal, ponted.settled()
    cpu = ponted.cpu_milliseconds()
    readers = Subscribers(programs, ponted.port, f"/v1/instances/i0/events?lastEventId={after}", count,
                          "--events", str(journal))
    report = readers.report()
    cpu = ponted.cpu_milliseconds() - cpu
    highest = ponted.status()["VmHWM"]
    readers.stop()
    _check(report, journal)
    deliveries = report["deliveries"]
    table.add(f"replay to {count} SSE clients", deliveries / report["seconds"], "/s",
              note=f"{journal} events each in {report['seconds']:.1f} s; CPU {1e3 * cpu / deliveries:.2f} us a "
                   f"delivery, of the clients {1e6 * report['cpuSeconds'] / deliveries:.2f}; {before['VmRSS'] / 1024:.0f} MB "
                   f"before, {highest / 1024:.0f} at most")


def _check(report, wanted):
    if report["dropped"] or report["events"] < wanted:
        raise RuntimeError(f"expected {wanted} events for each and nobody dropped: {report}")


def webhooks(programs, table, quick):
    """What has waited for a receiver, once that is there: of one webhook, and of fifty instances."""
    for instances, each in ((1, 600 if quick else 3000), (50, 20 if quick else 100)):
        _webhooks(programs, table, instances, each)


def _webhooks(programs, table, instances, each):
    """`each`: events of an instance that wait."""
    sim = programs.sim()
    ponted = programs.ponted(sim, more={"PONTE_ALLOW_PRIVATE_WEBHOOKS": "true"})
    names = [f"i{number}" for number in range(instances)]
    link(ponted, sim, range(instances))
    port = free_port()
    for name in names:
        _configure(ponted, name, port, "nobody listens")
    _fill(ponted, names, each)
    wanted = sum(json.loads(ponted.ask("GET", f"/v1/instances/{name}/webhooks"))["webhooks"][0]["pending"]
                 for name in names)
    receiver = programs.keep(Process([programs.path("bench/bench_receiver"), "--port", str(port),
                                      "--requests", str(wanted)], log=sys.stderr))
    if receiver.line() != "READY\n":
        raise RuntimeError("bench_receiver does not listen")
    cpu = ponted.cpu_milliseconds()
    for name in names:
        _configure(ponted, name, port, "now somebody does")  # what waits is tried at once
    report = _report(receiver, 150)
    cpu = ponted.cpu_milliseconds() - cpu
    for process in (receiver, ponted, sim):
        process.stop()
    if report["requests"] < wanted:
        raise RuntimeError(f"expected {wanted} deliveries: {report}")
    table.add(f"webhook deliveries, {instances} with one each" if instances > 1 else "webhook deliveries, one webhook",
              wanted / report["activeSeconds"], "/s",
              note=f"{wanted} that waited, {report['connections']} connections; CPU {1e3 * cpu / wanted:.0f} us each, "
                   f"of the receiver {1e6 * report['cpuSeconds'] / wanted:.0f}")
    if instances == 1:
        table.add("  from one to the next, p50", report["gapMs"]["p50"], "ms", note=f"p99 {report['gapMs']['p99']:.2f}")


def _configure(ponted, name, port, authorization):
    body = {"enabled": True, "url": f"http://127.0.0.1:{port}/", "authorization": authorization}
    ponted.ask("POST", f"/api/events/webhook/{name}", json.dumps(body).encode())
