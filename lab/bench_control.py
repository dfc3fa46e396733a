"""Changes backends by REST and measures each answer, which comes when the change is in the kernel.

bench_control.py CHANGES FILE OTHERS: on the balancer of a running lab, see bench-control.sh. OTHERS is
the share of a processor, in percent, that something else used before.
"""

import http.client
import itertools
import json
import sys
import time

PAUSE = 0.02
WARMUP = 60
ADDED = "10.88.4.251"
WEIGHTS = itertools.count()


def main(changes, file, others):
    rest = Rest()
    ids = [backend["id"] for backend in rest.ask("GET", "/ebpf/backends")["backends"]]
    run(rest, ids, WARMUP)
    kinds = run(rest, ids, changes)
    everything = sorted(sum(kinds.values(), []))
    result = {"backends": len(ids), "others_percent": others}
    result["milliseconds"] = {kind: summary(times) for kind, times in kinds.items()}
    result["milliseconds"]["all"] = summary(everything)
    with open(file, "w") as out:
        json.dump(result, out, indent=2)
    print(f"milliseconds from a REST request to its answer, {len(ids)} backends, traffic on")
    print(f"{'':8}{'changes':>8}{'p50':>8}{'p99':>8}{'max':>8}")
    for kind, row in result["milliseconds"].items():
        print(f"{kind:8}{row['count']:8}{row['p50']:8.1f}{row['p99']:8.1f}{row['max']:8.1f}")


def run(rest, ids, changes):
    """In turn: two weights are changed, a backend is added, and removed again. One of them a time, each timed."""
    kinds = {"weight": [], "add": [], "remove": []}
    for _ in range(changes // 4):
        for _ in range(2):
            number = next(WEIGHTS)
            # Never the weight that it has: the file says 100, and when its turn comes again, the number is another.
            rest.timed(kinds["weight"], "PATCH", f"/ebpf/backends/{ids[number * 7 % len(ids)]}", {"weight": 101 + number % 97})
        new = {"address": ADDED, "port": 80, "weight": 100, "upstream": "web"}
        added = rest.timed(kinds["add"], "POST", "/ebpf/backends", new)
        if added["state"] != "up":
            sys.exit(f"the new backend is not in the table: {added}")
        rest.timed(kinds["remove"], "DELETE", f"/ebpf/backends/{added['id']}")
    return kinds


def summary(times):
    times = sorted(times)
    return {
        "count": len(times),
        "p50": round(times[len(times) // 2], 2),
        "p99": round(times[min(len(times) - 1, len(times) * 99 // 100)], 2),
        "max": round(times[-1], 2),
    }


class Rest:
    """One connection that is kept."""

    def __init__(self):
        self.connection = http.client.HTTPConnection("localhost", 9091, timeout=20)

    def ask(self, method, path, body=None):
        self.connection.request(method, path, json.dumps(body) if body else None)
        answer = self.connection.getresponse()
        text = answer.read()
        if answer.status >= 300:
            sys.exit(f"{method} {path} answers {answer.status}: {text.decode()}")
        return json.loads(text) if text else {}

    def timed(self, times, method, path, body=None):
        begin = time.perf_counter()
        answer = self.ask(method, path, body)
        times.append((time.perf_counter() - begin) * 1000)
        time.sleep(PAUSE)
        return answer


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]))
