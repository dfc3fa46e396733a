#!/usr/bin/env python3
"""Names each test that failed and why: test_causes.py ROOT REPORT..., reports being Surefire's XML. Called by test.sh."""
import pathlib
import sys
import xml.etree.ElementTree as tree

# What later ones are built of comes first: its failure is the likely cause of theirs.
ORDER = ("bundles/", "features/", "karaf-assembly/", "itests/bpf", "itests/bench", "itests/lab", "itests/karaf")


def rank(module):
    return next((place for place, prefix in enumerate(ORDER) if module.startswith(prefix)), len(ORDER))


def failures(root, report):
    module = str(report.relative_to(root)).split("/target/")[0]
    try:
        cases = tree.parse(report).getroot().iter("testcase")
    except tree.ParseError as error:
        yield rank(module), module, report.name, f"the report ends in the middle ({error}): the tests' process was ended"
        return
    for case in cases:
        for wrong in (*case.iterfind("failure"), *case.iterfind("error")):
            lines = (wrong.get("message") or wrong.text or wrong.get("type") or "").strip().splitlines()
            yield rank(module), module, f"{case.get('classname')}.{case.get('name')}", lines[0] if lines else "no message"


def main():
    root = pathlib.Path(sys.argv[1])
    found = sorted(wrong for report in sys.argv[2:] for wrong in failures(root, pathlib.Path(report)))
    if not found:
        print("no test failed: look for the first [ERROR] above")
        return
    print("what failed, the likely cause first:")
    for _, module, test, why in found:
        print(f"  {module}: {test.rsplit('.', 2)[-2]}.{test.rsplit('.', 1)[-1]}: {why[:300]}")


main()
