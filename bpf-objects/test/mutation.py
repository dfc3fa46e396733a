#!/usr/bin/python3
"""Mutation run: does any packet test notice when the data path is changed? Started by `./loom test mutation`.

Compiles each mutant (mutants.py), puts the objects that changed in front of the class path of a warm JVM (MutantJudge of
itests/bpf) and has it run the BPF tests until the first fails. Survivors are listed. mutants-explained.txt says which of them
behave like the original; those are not tried and do not count. Fails below 95 % killed.
"""

import argparse
import itertools
import os
import random
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from pathlib import Path

from mutant_build import Objects, Tree
from mutants import mutants_of, named_groups
from mutant_report import EXPLAINED, Explanations, report

ROOT = Path(__file__).resolve().parents[2]
MODULE = ROOT / "itests" / "bpf"
WORK = MODULE / "target" / "mutation"
TESTS = "io/loom/itests/bpf"
# Races of minutes, or that somebody else's load decides, random frames, and tests of what the tests use.
LEFT_OUT = {"TwoCpusIT", "RaceIT", "NatRaceControlIT", "FuzzIT", "FloodIT", "GeneratorIT", "PlanesIT"}
FIRST = ["PacketTableIT"]
LAST = ["NatRaceIT"]  # takes longest, and a mutant may win a race
REFUSED = "LOOM-1005"  # by the verifier
PATIENCE = 240  # seconds for one class of tests
MUTANTS_OF_A_JVM = 40


def test_classes():
    found = sorted(file.stem for file in (MODULE / "target" / "test-classes" / TESTS).glob("*IT.class"))
    return FIRST + [name for name in found if name not in {*LEFT_OUT, *FIRST, *LAST}] + LAST


class Judge:
    """A warm JVM that reads objects from the overlay before those of the bundles."""

    def __init__(self, overlay, log):
        path = (MODULE / "target" / "test.classpath").read_text()
        self.command = ["java", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Dloom.bpf={ROOT / 'bpf-objects'}", "-cp",
                        f"{overlay}:{MODULE / 'target' / 'test-classes'}:{path}", "io.loom.itests.bpf.MutantJudge"]
        self.log = log
        self.process = None

    def ask(self, test):
        """`survived`, or `killed` or `unsure` with the first failure."""
        if self.process is None:
            self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                            stderr=self.log.open("w"))
        alarm = threading.Timer(PATIENCE, self.process.kill)
        alarm.start()
        try:
            self.process.stdin.write(test + "\n")
            self.process.stdin.flush()
            answer = self.process.stdout.readline().strip()
        except BrokenPipeError:
            answer = ""
        finally:
            alarm.cancel()
        if answer.startswith("error"):
            raise SystemExit(answer)
        if not answer:
            self.end()
            return f"unsure {test}: the JVM ended or did not answer, see {self.log}"
        return answer

    def end(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


class Run:
    """All mutants, judged on as many CPUs as there are, until the time is up."""

    def __init__(self, objects, mutants, explanations, minutes):
        self.objects = objects
        self.explanations = explanations
        self.todo = deque(mutants)
        self.deadline = time.monotonic() + 60 * minutes
        self.tests = test_classes()
        self.lock = threading.Lock()
        self.seen = {}       # digests of changed objects: the first mutant that has them
        self.killers = {}    # file: the tests that killed its mutants, by number
        self.outcomes = {}   # mutant: killed (by what), survived, or why it is none
        self.failure = None

    def judge(self, tree, judge, mutant):
        if self.explanations.equivalent(mutant):
            return EXPLAINED  # it would pass every test there is, which takes minutes
        changed = tree.plant(mutant)
        if changed is None:
            return "does not compile"
        if not changed:
            return "same code as the original"
        with self.lock:
            first = self.seen.setdefault(tuple(sorted(changed.items())), mutant)
            if first is not mutant:
                return "same code as another mutant"
            killers = self.killers.setdefault(mutant.file, Counter())
            tests = sorted(self.tests, key=lambda test: (test in LAST, -killers[test]))
        for test in tests:
            answer = judge.ask(test)
            if answer.startswith("unsure"):
                judge.end()  # a failure that only an old JVM has is not the mutant's
                answer = judge.ask(test).replace("unsure", "killed twice", 1)
            if test in LAST and REFUSED in answer:
                continue  # the packet path has been loaded: it is the race's own code that the verifier does not follow
            if answer != "survived":
                with self.lock:
                    killers[test] += 1
                return answer
        return "survived"

    def control(self, tree, judge, tests):
        """A judge that fails the unchanged program has judged nothing."""
        tree.clear()
        for test in tests:
            answer = judge.ask(test)
            if answer != "survived":
                raise SystemExit(f"the tests fail without any mutant, so the run says nothing: {answer}")

    def work(self, number):
        directory = WORK / f"worker{number}"
        tree = Tree(self.objects, directory)
        judge = Judge(tree.overlay, directory / "judge.log")
        try:
            self.control(tree, judge, self.tests)
            for count in itertools.count(1):
                if self.failure is not None or time.monotonic() > self.deadline:
                    break
                if count % MUTANTS_OF_A_JVM == 0:
                    self.control(tree, judge, self.tests)
                    judge.end()
                with self.lock:
                    mutant = self.todo.popleft() if self.todo else None
                if mutant is None:
                    break
                outcome = self.judge(tree, judge, mutant)
                with self.lock:
                    self.outcomes[mutant] = outcome
                    progress(self.outcomes)
            self.control(tree, judge, self.tests)
        except BaseException as failure:  # told by run(), in the main thread
            self.failure = failure
        finally:
            judge.end()

    def run(self):
        threads = [threading.Thread(target=self.work, args=(number,)) for number in range(os.cpu_count())]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if self.failure is not None:
            raise self.failure
        return self.outcomes


def progress(outcomes):
    if len(outcomes) % 100 == 0:
        survivors = sum(outcome == "survived" for outcome in outcomes.values())
        print(f"  {len(outcomes)} tried, {survivors} survived", flush=True)


def all_mutants(objects, only):
    bpf = ROOT / "bpf-objects"
    groups = named_groups([file.read_text() for file in sorted(bpf.glob("include/loom/*.h")) + sorted(bpf.glob("*/*.h"))])
    files = [file for file in objects.files() if only is None or only in file]
    if not files:
        raise SystemExit(f"no file of the packet path has {only} in its name; they are {', '.join(objects.files())}")
    return [mutant for file in files for mutant in mutants_of(file, (bpf / file).read_text(), groups)]


def options():
    parser = argparse.ArgumentParser(prog="./loom test mutation", description="changes the data path and counts what the packet tests notice")
    parser.add_argument("--sample", type=int, metavar="N", help="try N mutants, drawn by the seed, instead of all")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="order in which mutants are tried (default: 1)")
    parser.add_argument("--only", metavar="FILE", help="mutants of files with FILE in their path below bpf-objects")
    parser.add_argument("--check", action="store_true", help="only see whether the explained mutants' lines are still there")
    parser.add_argument("--minutes", type=float, default=60, metavar="M", help="stop after M minutes (default: 60)")
    return parser.parse_args()


def main():
    chosen = options()
    explanations = Explanations(ROOT / "bpf-objects" / "test" / "mutants-explained.txt")
    explanations.require_sources(ROOT / "bpf-objects")
    if chosen.check:
        return
    WORK.mkdir(parents=True, exist_ok=True)
    objects = Objects(ROOT, WORK)
    mutants = all_mutants(objects, chosen.only)
    drawn = mutants.copy()
    random.Random(chosen.seed).shuffle(drawn)
    drawn = drawn[:chosen.sample]
    print(f"{len(drawn)} of {len(mutants)} mutants, on {os.cpu_count()} CPUs", flush=True)
    start = time.monotonic()
    outcomes = Run(objects, drawn, explanations, chosen.minutes).run()
    text, passed = report(mutants, outcomes, explanations, len(drawn), time.monotonic() - start)
    print(text)
    (WORK / "outcomes.txt").write_text("\n".join(f"{mutant}\n    {outcomes[mutant]}" for mutant in mutants if mutant in outcomes))
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
