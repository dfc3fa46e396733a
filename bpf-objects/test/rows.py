"""What a row of a packet table is, and shorthands to write one."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """
    One frame in, the verdict that it must get, the frame that must leave (None: nothing leaves). `down`: the backends are down
    while it comes in.
    """

    frame: bytes
    verdict: str
    out: bytes = None
    down: bool = False

    def json(self):
        state = {"down": True} if self.down else {}
        return {"frame": self.frame.hex(), "verdict": self.verdict, "out": self.out.hex() if self.out else None, **state}


@dataclass(frozen=True)
class Row:
    """
    Steps that run in order on fresh maps: both vips forwarded by `method`, to a backend of `backend_family` (0: the vip's),
    with bits of the outer source from the flow where `entropy` has ones.
    Options: "udp", the vips are UDP's; "keep", nat leaves clients their address; "sources", nat has two addresses of its own.
    "guard ...", the vip is guarded: "guard limit vip 1" and "guard limit backend 1" allow one connection, which "guard stale" says
    nobody has counted for long; "guard overflow", "guard local", "guard refuse" as enum loom_guard_flags has them; "guard pass", its packets pass. "guard acl deny", the client's network is denied;
    "guard acl allow", the client itself is allowed; "guard rate 1 2" lets a source begin two connections, and
    one a second from then on; "empty", the vips have no backend, and "empty reset", they refuse connections; "refuse", they have one, and would refuse; "guard minimal" and "guard stateless", how the vip is tracked.
    """

    name: str
    family: int
    steps: list = field(default_factory=list)
    method: str = "nat"
    mtu: int = 1500
    backend_family: int = 0
    entropy: int = 0
    options: tuple = ()

    def json(self):
        ways = {"backend_family": self.backend_family, "entropy": self.entropy, "options": list(self.options)}
        return {"name": self.name, "family": self.family, "method": self.method, "mtu": self.mtu,
                **{key: value for key, value in ways.items() if value},
                "steps": [step.json() for step in self.steps]}


def forward(frame, out):
    return Step(frame, "FORWARD", out)


def reply(frame, out):
    return Step(frame, "REPLY", out)


def kept(frame, verdict):
    return Step(frame, verdict)
