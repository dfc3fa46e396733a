"""Medians of `bench peers`: a table on the terminal, JSON, and a chart.

bench_chart.py SAMPLES JSON SVG OTHERS: SAMPLES has a line of JSON for each candidate and round, see bench-peers.sh; OTHERS is
the share of a processor, in percent, that something else used before.
"""

import json
import os
import statistics
import sys
import time
from html import escape

# Key, title, how it comes out of a sample, and whether more is better.
METRICS = [
    ("requests", "requests/s, 32 kept connections", lambda s: rate(s["keepalive"]), True),
    ("connections", "connections/s, one request each", lambda s: rate(s["closing"]), True),
    ("mbit", "Mbit/s, iperf3, one stream", lambda s: s["bulk"] / 1e6, True),
    ("p50_us", "latency p50, µs, paced load", lambda s: s["paced"]["p50"], False),
    ("p99_us", "latency p99, µs, paced load", lambda s: s["paced"]["p99"], False),
    ("cpu_us", "machine's CPU per request, µs, paced load", lambda s: s["busy"] / s["paced"]["requests"], False),
]
COLORS = {"loom": "#2f6fde", "direct": "#9aa3ad", "routed": "#9aa3ad"}
OTHERS = "#d08a3c"
LABEL, BAR, VALUE = 90, 250, 70
ROW, HEAD, GAP = 20, 34, 18


def rate(load):
    return load["requests"] * 1e6 / load["duration"]


def main(samples_file, json_file, svg_file, others):
    with open(samples_file) as lines:
        samples = [json.loads(line) for line in lines]
    result = summary(samples, int(others))
    with open(json_file, "w") as out:
        json.dump(result, out, indent=2)
    with open(svg_file, "w") as out:
        out.write(chart(result))
    print(table(result["candidates"]))


def summary(samples, others):
    """Medians over the rounds; errors are added up, and a candidate that made any is not hidden."""
    candidates = {}
    for name in dict.fromkeys(sample["candidate"] for sample in samples):
        mine = [sample for sample in samples if sample["candidate"] == name]
        row = {key: round(statistics.median(map(value, mine)), 1) for key, _, value, _ in METRICS}
        row["errors"] = sum(sample[load]["errors"] for sample in mine for load in ("keepalive", "closing", "paced"))
        row["rounds"] = len(mine)
        candidates[name] = row
    return {
        "date": time.strftime("%Y-%m-%d"),
        "machine": f"{os.cpu_count()} processors, Linux {os.uname().release}",
        "others_percent": others,
        "candidates": candidates,
    }


def table(candidates):
    keys = [key for key, _, _, _ in METRICS] + ["errors"]
    lines = [f"{'':10}" + "".join(f"{key:>13}" for key in keys)]
    lines += [f"{name:10}" + "".join(f"{row[key]:13,.0f}" for key in keys) for name, row in candidates.items()]
    return "\n".join(lines)


def chart(result):
    rows = len(result["candidates"])
    width = 2 * (LABEL + BAR + VALUE) + 3 * GAP
    panel = HEAD + rows * ROW + GAP
    height = 50 + (len(METRICS) + 1) // 2 * panel
    others = f"; others used {result['others_percent']} % of a processor" if result["others_percent"] >= 10 else ""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        text(GAP, 24, "One TCP load balancer, offloads off, all hosts on one machine", size=15, weight="bold"),
        text(GAP, 42, f"medians; {result['date']}, {result['machine']}{others}", fill="#666666"),
    ]
    for index, metric in enumerate(METRICS):
        x = GAP + index % 2 * (LABEL + BAR + VALUE + GAP)
        parts += bars(x, 50 + index // 2 * panel, metric, result["candidates"])
    return "\n".join(parts + ["</svg>", ""])


def bars(x, y, metric, candidates):
    key, title, _, more = metric
    most = max(row[key] for row in candidates.values()) or 1
    yield text(x, y + 20, f"{title} ({'more' if more else 'less'} is better)", weight="bold")
    for index, (name, row) in enumerate(candidates.items()):
        top = y + HEAD + index * ROW
        length = max(1, BAR * row[key] / most)
        color = COLORS.get(name.split("-")[0], OTHERS)
        yield text(x + LABEL - 6, top + 12, name, anchor="end")
        yield f'<rect x="{x + LABEL}" y="{top}" width="{length:.1f}" height="{ROW - 5}" fill="{color}"/>'
        yield text(x + LABEL + length + 5, top + 12, f"{row[key]:,.0f}")


def text(x, y, content, size=12, weight="normal", anchor="start", fill="#222222"):
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{fill}">{escape(content)}</text>'
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
