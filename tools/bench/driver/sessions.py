"""Linked instances that have just heard from fifty people each: what the live Signal sessions hold."""
import json
import time

from driver.linked import TRIM_SECONDS, link

PEOPLE = 50


def sessions(programs, table, quick):
    """Memory at two sizes, without a restart in between: whatever sessions leave in memory is still there."""
    few, many = (5, 15) if quick else (50, 150)
    sim = programs.sim(tls=True)
    phones = [f"5521{number:09d}" for number in range(PEOPLE)]
    for number in phones:
        sim.call("phone", {"number": number, "pushName": f"P{number[-2:]}"})
    ponted = programs.ponted(sim)
    figures, made, seconds = {}, 0, 0.0
    for size in (few, many):
        link(ponted, sim, range(made, size))
        started = time.perf_counter()
        _hear(ponted, sim, range(made, size), phones)
        seconds += time.perf_counter() - started
        made = size
        if not quick:
            time.sleep(TRIM_SECONDS)
        figures[size] = ponted.settled()
    ponted.stop()
    sim.stop()

    def each(figure):
        return (figures[many][figure] - figures[few][figure]) / (many - few)
    table.add(f"RSS an instance with {PEOPLE} live sessions, {few} to {many}", each("VmRSS"), "KiB",
              note=f"private {each('RssAnon'):.1f}; {figures[few]['VmRSS'] / 1024:.1f} to "
                   f"{figures[many]['VmRSS'] / 1024:.1f} MB; {many * PEOPLE / seconds:.0f} first messages a second, "
                   "with the simulator that writes them")


def _hear(ponted, sim, instances, phones):
    """Each phone writes to each instance; returns when all is kept."""
    for instance in instances:
        listed = json.loads(ponted.ask("GET", f"/api/instance/list?instanceName=i{instance}"))
        own = listed["instances"][0]["numberJid"].split("@")[0]
        for number in phones:
            sim.call("send", {"from": number, "to": own, "text": "hello"})
    deadline = time.monotonic() + 300
    for instance in instances:
        while _kept(ponted, instance) < len(phones):
            if time.monotonic() > deadline:
                raise RuntimeError(f"i{instance} has kept {_kept(ponted, instance)} of {len(phones)} messages")
            time.sleep(0.05)


def _kept(ponted, instance):
    answer = json.loads(ponted.ask("GET", f"/api/instance/metrics/i{instance}"))
    return answer["metrics"]["totalMessages"]
