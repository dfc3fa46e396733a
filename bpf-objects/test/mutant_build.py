"""Compiles mutants: which objects there are, what each of them includes, and whether a change of the text changed their code."""

import hashlib
import re
import shutil
import struct
import subprocess
from pathlib import Path

ARGUMENTS = re.compile(r"<argument>\$\{loom\.bpf\}/([\w/.]+\.bpf\.c)</argument>\s*<argument>[^<]*/(bpf/[\w.]+\.bpf\.o)</argument>")
# Sources of the packet path; the rest are questions to the kernel, and tests.
NOT_PACKET_PATH = {"core/nexthop.bpf.c"}
# For races, with the packet path's own code; not judged themselves.
RACES = {"bpf/race.bpf.o": "test/race.bpf.c", "bpf/reread.bpf.o": "test/reread.bpf.c"}
# Map keys, values and numbers that the control plane shares: comparing them is the business of the layout tests.
CONTRACTS = {"include/loom/abi.h"}


def run(command, **more):
    return subprocess.run(command, capture_output=True, text=True, check=False, **more)


def code_of(elf):
    """A digest of all sections but those that say where in the source an instruction comes from."""
    at, size, count, names = struct.unpack_from("<Q10xHHH", elf, 40)
    headers = [struct.unpack_from("<IIQQQQ", elf, at + index * size) for index in range(count)]
    digest = hashlib.sha256()
    for name, kind, flags, _, offset, length in headers:
        start = headers[names][4] + name
        text = elf[start:elf.index(b"\0", start)]
        if b".BTF" not in text and kind not in (0, 8):
            digest.update(text + b"\0" + struct.pack("<IQQ", kind, flags, length) + elf[offset:offset + length])
    return digest.hexdigest()


class Objects:
    """The objects of all bundles, by the poms that name them, as they are unchanged."""

    def __init__(self, root, work):
        self.bpf = root / "bpf-objects"
        self.clang = work / "clang"
        self.clang.write_text('#!/bin/sh\nexec clang-19 "$@" -w\n')  # a mutant may leave a variable unused
        self.clang.chmod(0o755)
        self.sources = {}  # name of the object: its source
        for pom in sorted(root.glob("bundles/*/pom.xml")):
            self.sources.update({name: source for source, name in ARGUMENTS.findall(pom.read_text())
                                 if source not in NOT_PACKET_PATH})
        self.sources.update(RACES)
        self.included = {name: self._files_of(source) for name, source in self.sources.items()}
        tree = Tree(self, work / "unchanged")
        self.original = {name: tree.compile(name) for name in self.sources}
        broken = [name for name, code in self.original.items() if code is None]
        if broken:
            raise SystemExit(f"cannot compile {', '.join(broken)}: run ./loom build")

    def _files_of(self, source):
        found = run(["clang-19", "-MM", "-target", "bpf", "-I", self.bpf / "include", "-I",
                     f"/usr/include/{run(['uname', '-m']).stdout.strip()}-linux-gnu", self.bpf / source])
        words = [Path(word) for word in found.stdout.replace("\\\n", " ").split()[1:]]
        return {str(file.resolve().relative_to(self.bpf)) for file in words if file.resolve().is_relative_to(self.bpf)}

    def files(self):
        """Every file that a mutant can be of."""
        return sorted(file for file in set().union(*self.included.values()) - CONTRACTS if not file.startswith("test/"))

    def with_file(self, file):
        return [name for name in self.sources if file in self.included[name]]


class Tree:
    """A copy of the sources in which one mutant at a time lives, and the directory in which a JVM finds its objects."""

    def __init__(self, objects, directory):
        self.objects = objects
        self.sources = directory / "bpf-objects"
        self.overlay = directory / "overlay"
        shutil.rmtree(directory, ignore_errors=True)
        shutil.copytree(objects.bpf, self.sources, ignore=shutil.ignore_patterns("packets", "*.py"))
        (self.overlay / "bpf").mkdir(parents=True)  # a JVM forgets a part of its class path that is not there at first

    def compile(self, name):
        """Compiles one object; its digest, or None if that fails."""
        built = run([self.sources / "compile", self.sources / self.objects.sources[name], self.overlay / name],
                    env={"CLANG": str(self.objects.clang), "PATH": "/usr/bin:/bin"})
        return code_of((self.overlay / name).read_bytes()) if built.returncode == 0 else None

    def clear(self):
        for stale in self.overlay.glob("bpf/*"):
            stale.unlink()

    def plant(self, mutant):
        """Compiles what the mutant changes. Returns the digests of the objects that differ, None if it does not compile."""
        self.clear()
        file = self.sources / mutant.file
        original = file.read_text()
        file.write_text(mutant.apply(original))
        try:
            changed = {}
            for name in self.objects.with_file(mutant.file):
                code = self.compile(name)
                if code is None:
                    return None
                if code == self.objects.original[name]:
                    (self.overlay / name).unlink()
                else:
                    changed[name] = code
            return {} if set(changed) <= RACES.keys() else changed
        finally:
            file.write_text(original)
