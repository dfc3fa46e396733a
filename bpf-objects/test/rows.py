"""What a row of a packet table is, and shorthands to write one."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """One frame in, the verdict that it must get, the frame that must leave (None: nothing leaves)."""

    frame: bytes
    verdict: str
    out: bytes = None

    def json(self):
        return {"frame": self.frame.hex(), "verdict": self.verdict, "out": self.out.hex() if self.out else None}


@dataclass(frozen=True)
class Row:
    """Steps that run in order on fresh maps: both vips forwarded by `method`.

    Options: "udp", the vips are UDP's; "keep", nat leaves clients their address; "sources", nat has two addresses of its own.
    """

    name: str
    family: int
    steps: list = field(default_factory=list)
    method: str = "nat"
    mtu: int = 1500
    options: tuple = ()

    def json(self):
        options = {"options": list(self.options)} if self.options else {}
        return {"name": self.name, "family": self.family, "method": self.method, "mtu": self.mtu, **options,
                "steps": [step.json() for step in self.steps]}


def forward(frame, out):
    return Step(frame, "FORWARD", out)


def reply(frame, out):
    return Step(frame, "REPLY", out)


def kept(frame, verdict):
    return Step(frame, verdict)
