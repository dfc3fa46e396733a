#!/usr/bin/env python3
"""What PIT says of Java bundles: mutation_java.py ROOT MODULE... Called by mutation-java.sh.

A mutant is killed if a unit test fails with it. 92 % of those in code that a test runs must be, and 85 % of all. Survivors that mean nothing
are listed in lab/mutants-explained-java.txt, a line each: file name | the source line, stripped | the mutator's description | why. They do not
count; a line there that fits no survivor is an error, so that the list does not outlive what it explains.
"""
import collections
import pathlib
import sys
import xml.etree.ElementTree as tree

COVERED, ALL = 92.0, 85.0
DEAD = {"KILLED", "TIMED_OUT", "MEMORY_ERROR"}

Mutant = collections.namedtuple("Mutant", "file line text change status")


def mutants(root, module):
    report = root / module / "target/pit-reports/mutations.xml"
    sources = {}
    for element in tree.parse(report).getroot():
        name = element.findtext("sourceFile")
        package = element.findtext("mutatedClass").rpartition(".")[0].replace(".", "/")
        path = root / module / "src/main/java" / package / name
        lines = sources.setdefault(path, path.read_text().splitlines())
        line = int(element.findtext("lineNumber"))
        yield Mutant(name, line, lines[line - 1].strip(), element.findtext("description"), element.get("status"))


def explanations(path):
    explained = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            name, text, change, why = (part.strip() for part in line.split(" | "))
            explained[name, text, change] = why
    return explained


def judge(module, found, explained, used):
    counted = []
    for mutant in found:
        key = mutant.file, mutant.text, mutant.change
        if mutant.status not in DEAD and key in explained:
            used.add(key)
        else:
            counted.append(mutant)
    dead = sum(mutant.status in DEAD for mutant in counted)
    covered = sum(mutant.status != "NO_COVERAGE" for mutant in counted)
    of_covered, of_all = 100 * dead / max(covered, 1), 100 * dead / max(len(counted), 1)
    met = of_covered >= COVERED and of_all >= ALL
    print(f"{module}: {dead} of {covered} covered killed, {of_covered:.1f} %; of all {len(counted)} {of_all:.1f} %; "
          f"{len(found) - len(counted)} explained: {'met' if met else 'missed'}")
    for mutant in counted:
        if mutant.status not in DEAD:
            print(f"  {mutant.status.lower()} {mutant.file}:{mutant.line} | {mutant.text} | {mutant.change}")
    return met


def main():
    root, modules = pathlib.Path(sys.argv[1]), sys.argv[2:]
    explained, used = explanations(root / "lab/mutants-explained-java.txt"), set()
    met = True
    files = set()
    for module in modules:
        found = list(mutants(root, module))
        files |= {mutant.file for mutant in found}
        met &= judge(module, found, explained, used)
    for key in explained:
        if key not in used and key[0] in files:
            print("explains no survivor: " + " | ".join(key))
            met = False
    sys.exit(0 if met else 1)


main()
