"""What a mutation run says at its end, and the survivors that a committed file explains."""

import re
from collections import Counter
from dataclasses import dataclass

from mutants import squeezed

WANTED = 95.0
EXPLAINED = "equivalent to the original, as explained"
SEPARATOR = " ;; "


@dataclass(frozen=True)
class Explanation:
    file: str
    function: str  # or empty: anywhere in the file
    before: str
    after: str  # or *: whatever it becomes; … in it: the rest of any name
    kind: str
    reason: str

    def fits(self, mutant):
        return ((self.file, self.before) == (mutant.file, mutant.before) and self.function in ("", mutant.function)
                and (self.after == "*" or re.fullmatch(re.escape(self.after).replace("…", r"\w+"), mutant.after)))


class Explanations:
    """mutants-explained.txt; its head says what a line is."""

    KINDS = ("equivalent", "gap")

    def __init__(self, path):
        self.all = []
        for number, line in enumerate(path.read_text().splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            fields = [field.strip() for field in line.split(SEPARATOR)]
            if len(fields) != 5 or fields[3] not in self.KINDS:
                raise SystemExit(f"{path}:{number}: want FILE ;; LINE ;; CHANGED LINE or * ;; equivalent or gap ;; REASON")
            file, _, function = fields[0].partition(" ")
            self.all.append(Explanation(file, function.removesuffix("()"), *fields[1:]))

    def of(self, mutant):
        return next((each for each in self.all if each.fits(mutant)), None)

    def equivalent(self, mutant):
        explanation = self.of(mutant)
        return explanation is not None and explanation.kind == "equivalent"

    def require_sources(self, bpf):
        """An explanation of a line that is gone explains nothing."""
        texts = {file: squeezed((bpf / file).read_text()) if (bpf / file).exists() else "" for file in {each.file for each in self.all}}
        gone = [each for each in self.all if each.before not in texts[each.file] or each.function not in texts[each.file]]
        if gone:
            raise SystemExit("\n".join(f"mutants-explained.txt: {each.file} has no such line or function (any more), so remove "
                                       f"its explanation or adapt it: {each.before} {each.function}" for each in gone))


def table(title, counts):
    lines = [f"{title:28} {'killed':>7} {'of':>6} {'%':>7}"]
    for name, (killed, total) in sorted(counts.items()):
        lines.append(f"  {name:26} {killed:7} {total:6} {100 * killed / total:7.1f}")
    return "\n".join(lines)


def tally(judged, key):
    counts = {}
    for mutant, killed in judged.items():
        before = counts.get(key(mutant), (0, 0))
        counts[key(mutant)] = (before[0] + killed, before[1] + 1)
    return counts


def report(mutants, outcomes, explanations, drawn, seconds):
    """The text, and whether enough were killed. `mutants` gives the order of the survivors."""
    survivors = [mutant for mutant in mutants if outcomes.get(mutant) == "survived"]
    why = {mutant: explanations.of(mutant) for mutant in survivors}
    judged = {mutant: outcome != "survived" for mutant, outcome in outcomes.items()
              if outcome == "survived" or outcome.startswith("killed")}
    none = Counter(outcome for outcome in outcomes.values() if outcome != "survived" and not outcome.startswith("killed"))
    how = Counter(outcome.split()[0] + (" by a failure that a fresh JVM repeats" if outcome.startswith("killed twice") else
                                        " by the verifier" if "LOOM-1005" in outcome else " by an assertion")
                  for outcome in outcomes.values() if outcome.startswith("killed"))
    killed, total = sum(judged.values()), len(judged)
    percent = 100 * killed / total if total else 0.0
    lines = [f"\nsurvivors ({len(survivors)}):"]
    for mutant in survivors:
        reason = f"{why[mutant].kind}: {why[mutant].reason}" if why[mutant] else "not explained"
        lines.append(f"  {mutant}\n    {reason}")
    lines += ["", table("by file", tally(judged, lambda each: each.file)), "",
              table("by kind", tally(judged, lambda each: each.kind)), "",
              table("by subject", tally(judged, lambda each: each.subject())), ""]
    lines += [f"{count} {manner}" for manner, count in sorted(how.items())]
    lines += [f"left out: {count} {reason}" for reason, count in sorted(none.items())]
    if len(outcomes) < drawn:
        lines.append(f"the time was up: {drawn - len(outcomes)} of {drawn} were not tried")
    lines.append(f"killed {killed} of {total} mutants, {percent:.1f} % (wanted: {WANTED:.0f} %), in {seconds:.0f} s")
    return "\n".join(lines), percent >= WANTED
