"""Configurations of the sizes that Loom is made for, in the lab's addresses.

bench_sizes.py SIZE prints one as YAML. The servers are in 10.88.0.0/16 and fd88::/32, on port 80 and on PORTS.
"""

import sys

PORTS = range(9000, 9100)
VIPS = [f"10.99.{i // 250}.{i % 250 + 1}" for i in range(1000)]
# The one that the client asks.
FIRST = "10.77.0.100"


def thousand():
    """One vip, each server an address of its own."""
    return one_vip([(f"10.88.{net}.{low}", 80) for net in range(1, 5) for low in range(1, 251)])


def hosts():
    """10,000 addresses."""
    return one_vip([(f"10.88.{net}.{low}", 80) for net in range(1, 41) for low in range(1, 251)])


def grid():
    """10,000 as 100 hosts with 100 ports each."""
    return one_vip([(f"10.88.1.{host}", port) for host in range(1, 101) for port in PORTS])


def grid6():
    """10,000 IPv6 addresses, of which two words are the grid."""
    servers = [(f"fd88:0:0:{net:x}::{low:x}", 80) for net in range(1, 101) for low in range(1, 101)]
    return one_vip(servers, "fd77::100")


def vips():
    """1,000 vips of one upstream of 100 servers."""
    servers = [(f"10.88.1.{host}", port) for host in range(1, 11) for port in PORTS[:10]]
    return config([vip(f"web{i}", "web", [address]) for i, address in enumerate([FIRST] + VIPS[1:])], {"web": servers})


def dual():
    """1,000 vips of both families with an upstream each: 2,000 tables of 10 servers."""
    many = []
    upstreams = {}
    for i, address in enumerate([FIRST] + VIPS[1:]):
        many.append(vip(f"web{i}", f"web{i}", [address, f"fd99::{i + 1:x}"]))
        upstreams[f"web{i}"] = [(server, port) for server in (f"10.88.{1 + i // 250}.{1 + i % 250}", f"fd88::{i + 1:x}")
                                for port in PORTS[:10]]
    return config(many, upstreams)


SIZES = {size.__name__: size for size in (thousand, hosts, grid, grid6, vips, dual)}


def one_vip(servers, *addresses):
    return config([vip("web", "web", list(addresses) or [FIRST])], {"web": servers})


def vip(name, upstream, addresses):
    return (f"{{name: {name}, addresses: {flow(addresses)}, protocol: tcp, ports: [80], algorithm: maglev, forwarding: nat, "
            f"upstream: {upstream}}}")


def config(vip_lines, upstreams):
    backends = sum(len(servers) for servers in upstreams.values())
    lines = ["ebpf:", "  enabled: true", "  interface: eth0", "  xdp_mode: native", "  health_integration: {enabled: true}",
             f"  maps: {{backends: {{max_entries: {backends + 1}}}}}", "  vips:"]
    lines += [f"    - {line}" for line in vip_lines]
    lines.append("upstreams:")
    for name, servers in upstreams.items():
        lines += [f"  - name: {name}", "    health_check: {type: tcp, interval: 5s, timeout: 2s, rise: 2, fall: 3}", "    servers:"]
        lines += [f"      - {{address: {flow(address)}, port: {port}}}" for address, port in servers]
    return "\n".join(lines)


def flow(value):
    """Addresses in quotes: colons mean something to YAML."""
    return f"[{', '.join(map(flow, value))}]" if isinstance(value, list) else f"'{value}'"


if __name__ == "__main__":
    print(SIZES[sys.argv[1]]())
