"""Changes backends by REST and measures each answer, which comes when the change is in the kernel; then asks for each view.

bench_control.py SIZE CHANGES FILE OTHERS START AGAIN: on the balancer of a running lab, see bench-control.sh. OTHERS is
the share of a processor, in percent, that something else used before; START and AGAIN are what the starts took, in
milliseconds. FILE gets the size's figures beside those of other sizes.
"""

import http.client
import itertools
import json
import os
import sys
import time

PAUSE = 0.02
WARMUP = 60
ADDED = {4: "10.88.4.251", 6: "fd88:0:0:4::251"}
WEIGHTS = itertools.count()
VIEWS = ("backends", "backends/stats", "vips", "status", "stats", "plugins")
LOOKS = 5
# Milliseconds: of a start, of the 99th of a hundred changes, of the slowest of a view's answers.
LIMITS = {"start": 15_000, "start, taking over": 15_000, "changes": 100, "views": 1_000}


def main(size, changes, file, others, start, again):
    rest = Rest()
    backends = rest.ask("GET", "/ebpf/backends")["backends"]
    run(rest, backends, WARMUP)
    kinds = run(rest, backends, changes)
    result = {
        "backends": len(backends), "vips": len(rest.ask("GET", "/ebpf/vips")["vips"]), "others_percent": others,
        "start": start, "start, taking over": again, "milliseconds": {kind: summary(times) for kind, times in kinds.items()},
        "views": {view: look(rest, view) for view in VIEWS},
    }
    result["milliseconds"]["all"] = summary(sum(kinds.values(), []))
    save(file, size, result)
    show(size, result)


def run(rest, backends, changes):
    """In turn: two weights are changed, a backend is added, and removed again. One of them a time, each timed."""
    kinds = {"weight": [], "add": [], "remove": []}
    for _ in range(changes // 4):
        for _ in range(2):
            number = next(WEIGHTS)
            # Never the weight that it has: the file says 100, and when its turn comes again, the number is another.
            chosen = backends[number * 7 % len(backends)]
            rest.timed(kinds["weight"], "PATCH", f"/ebpf/backends/{chosen['id']}", {"weight": 101 + number % 97})
        address = ADDED[6 if ":" in chosen["address"] else 4]
        new = {"address": address, "port": 80, "weight": 100, "upstream": chosen["upstream"]}
        added = rest.timed(kinds["add"], "POST", "/ebpf/backends", new)
        if added["state"] != "up":
            # The answer has waited a second for the next hop: the change was late, whatever it says.
            print(f"not in the table yet: {added['address']}, {added['reason']}")
        rest.timed(kinds["remove"], "DELETE", f"/ebpf/backends/{added['id']}")
    return kinds


def look(rest, view):
    times = []
    for _ in range(LOOKS):
        rest.timed(times, "GET", f"/ebpf/{view}")
    return summary(times)


def summary(times):
    times = sorted(times)
    return {
        "count": len(times),
        "p50": round(times[len(times) // 2], 2),
        "p99": round(times[min(len(times) - 1, len(times) * 99 // 100)], 2),
        "max": round(times[-1], 2),
    }


def save(file, size, result):
    sizes = {}
    if os.path.exists(file):
        with open(file) as there:
            sizes = json.load(there)
    sizes[size] = result
    with open(file, "w") as out:
        json.dump(sizes, out, indent=2)


def show(size, result):
    print(f"{size}: {result['backends']} backends, {result['vips']} vips; milliseconds, and the most that it may be")
    for start in ("start", "start, taking over"):
        line(start, [result[start]], result[start], LIMITS[start])
    print(f"{'':24}{'p50':>9}{'p99':>9}{'max':>9}")
    for kind, row in result["milliseconds"].items():
        line(kind, [row["p50"], row["p99"], row["max"]], row["p99"], LIMITS["changes"])
    for view, row in result["views"].items():
        line(f"/ebpf/{view}", [row["p50"], row["p99"], row["max"]], row["max"], LIMITS["views"])


def line(name, figures, judged, limit):
    print(f"{name:24}" + "".join(f"{figure:9.1f}" for figure in figures) + f"{limit:9}" + ("  missed" if judged > limit else ""))


class Rest:
    """One connection that is kept."""

    def __init__(self):
        self.connection = http.client.HTTPConnection("localhost", 9091, timeout=60)

    def ask(self, method, path, body=None):
        return self.timed([], method, path, body, pause=0)

    def timed(self, times, method, path, body=None, pause=PAUSE):
        """The answer; how long it took to come, without reading what it says, is added to the times."""
        begin = time.perf_counter()
        self.connection.request(method, path, json.dumps(body) if body else None)
        answer = self.connection.getresponse()
        text = answer.read()
        times.append((time.perf_counter() - begin) * 1000)
        if answer.status >= 300:
            sys.exit(f"{method} {path} answers {answer.status}: {text.decode()}")
        time.sleep(pause)
        return json.loads(text) if text else {}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), int(sys.argv[6]))
