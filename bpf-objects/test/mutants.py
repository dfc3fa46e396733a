"""Makes mutants of C sources: each is one small change of one statement in a function, or of one numeric macro.

Works on tokens, not on a parse tree, so some mutants do not compile; whoever compiles them drops those. Left alone: comments,
includes, struct, enum and map definitions, assertions, declarations, and strings. The order is that of the text.
"""

import re
from dataclasses import dataclass

TOKEN = re.compile(r"""
    (?P<skip>/\*.*?\*/ | //[^\n]* | "(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*' | ^[ \t]*\#(?:[^\n\\]|\\\n|\\.)*)
  | (?P<number>0[xX][0-9a-fA-F]+[uUlL]* | \d+[uUlL]*)
  | (?P<name>[A-Za-z_]\w*)
  | (?P<mark><<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[-+*/%&|^~!<>=?:;,.(){}\[\]])
""", re.X | re.S | re.M)
MACRO = re.compile(r"^#define[ \t]+(?P<name>[A-Z]\w*)[ \t]+(?P<number>0[xX][0-9a-fA-F]+|\d+)\b", re.M)
ENUM = re.compile(r"\benum\s+\w+\s*\{(.*?)\}", re.S)

COMPARISONS = {"==": ["!="], "!=": ["=="], "<": ["<=", ">="], "<=": ["<", ">"], ">": [">=", "<="], ">=": [">", "<"]}
LOGIC = {"&&": ["||"], "||": ["&&"]}
BINARY = {"+": ["-"], "-": ["+"], "*": ["+"], "/": ["*"], "%": ["/"], "<<": [">>"], ">>": ["<<"], "&": ["|"],
          "|": ["&"], "^": ["|"]}
UPDATES = {"++": ["--"], "--": ["++"], "+=": ["-="], "-=": ["+="], "|=": ["&="], "&=": ["|="], "^=": ["|="]}
OPPOSITES = [("source", "destination"), ("source", "dest"), ("source_port", "destination_port"), ("saddr", "daddr"),
             ("h_source", "h_dest"), ("client", "vip"), ("client_port", "vip_port"), ("backend", "source"),
             ("backend_port", "source_port"), ("address", "source"), ("from", "to")]
SYSTEM_GROUPS = [["XDP_DROP", "XDP_PASS", "XDP_TX", "XDP_REDIRECT"], ["IPPROTO_TCP", "IPPROTO_UDP"],
                 ["ETH_P_IP", "ETH_P_IPV6"], ["ETH_P_8021Q", "ETH_P_8021AD"], ["IPPROTO_IPIP", "IPPROTO_IPV6"]]
TYPES = re.compile(r"struct|enum|union|const|static|volatile|void|int|long|char|short|unsigned|bool|__(u|s|be|le)(8|16|32|64)"
                   r"|__sum16|typeof|return|goto|if|else|for|while|do|switch|case|default|asm")
SUBJECTS = [("checksum", r"check|sum"), ("length", r"len|size|overhead|mtu|\bend\b|data_end|words"), ("ttl", r"ttl|hop"),
            ("state", r"state|\bage|fin|tcp_flags|\bseen|LOOM_SIDE|timeout|expire|signal"),
            ("address", r"addr|source|dest|mac|port|client|vip|backend|link")]


@dataclass(frozen=True)
class Mutant:
    """Text from `start` to `end` of the file becomes `text`."""

    file: str
    line: int
    function: str  # that it is in; of a macro: empty
    kind: str
    start: int
    end: int
    text: str
    before: str  # the changed lines, blanks squeezed
    after: str

    def subject(self):
        return next((name for name, words in SUBJECTS if re.search(words, self.before, re.I)), "control")

    def apply(self, source):
        return source[:self.start] + self.text + source[self.end:]

    def __str__(self):
        return f"{self.file}:{self.line}: {self.kind}\n    - {self.before}\n    + {self.after}"


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    start: int
    end: int


def named_groups(sources):
    """Constant by constant what may stand in its place: its neighbour in its enum, or among macros that begin alike."""
    groups = [re.findall(r"^\s*([A-Z]\w*)", body, re.M) for source in sources for body in ENUM.findall(source)]
    for source in sources:
        alike = {}
        for macro in MACRO.finditer(source):
            alike.setdefault(macro["name"].rsplit("_", 1)[0], []).append(macro["name"])
        groups.extend(alike.values())
    return {name: group[(at + 1) % len(group)]
            for group in groups + SYSTEM_GROUPS if len(group) > 1 for at, name in enumerate(group)}


def tokens_of(source):
    return [Token(found.lastgroup, found[0], found.start(), found.end())
            for found in TOKEN.finditer(source) if found.lastgroup != "skip"]


def bodies(tokens):
    """Name and tokens of each function's body: a block outside of any other that follows a parenthesis."""
    depth, first = 0, None
    for at, token in enumerate(tokens):
        if token.text == "{":
            if depth == 0:
                first = at + 1 if at and tokens[at - 1].text == ")" else None
            depth += 1
        elif token.text == "}":
            depth -= 1
            if depth == 0 and first is not None:
                yield tokens[opening(tokens, first - 2) - 1].text, tokens[first:at]


def opening(tokens, at):
    """Index of the parenthesis that the one at `at` closes."""
    depth = 0
    for index in range(at, -1, -1):
        depth += (tokens[index].text == ")") - (tokens[index].text == "(")
        if depth == 0:
            return index
    raise ValueError(f"parenthesis at {tokens[at].start} is not opened")


def closing(tokens, at):
    """Index of the bracket that closes the one at `at`."""
    depth = 0
    for index in range(at, len(tokens)):
        depth += tokens[index].text in "([{"
        depth -= tokens[index].text in ")]}"
        if depth == 0:
            return index
    raise ValueError(f"bracket at {tokens[at].start} is not closed")


def numbers(text):
    digits = text.rstrip("uUlL")
    value, suffix = int(digits, 0), text[len(digits):]
    if not digits.lower().startswith("0x"):
        return [f"{new}{suffix}" for new in (value + 1, value - 1) if new >= 0]
    return [f"{new:#x}{suffix}" for new in (value ^ 1, value >> 1)]


def opposites(name):
    for one, other in OPPOSITES:
        if name in (one, other):
            yield other if name == one else one


def operand_before(tokens, at):
    return at > 0 and (tokens[at - 1].kind in ("name", "number") and tokens[at - 1].text != "return"
                       or tokens[at - 1].text in (")", "]"))


def token_changes(tokens, at, groups):
    """Changes of one token: kind and new text."""
    token = tokens[at]
    text = token.text
    if token.kind == "number":
        yield from (("constant", new) for new in numbers(text))
    elif token.kind == "name":
        if text in groups:
            yield "constant", groups[text]
        if at and tokens[at - 1].text in ("->", "."):
            yield from (("swap", new) for new in opposites(text))
    elif text == "!" or text == "~":
        yield ("condition" if text == "!" else "operator"), ""
    else:
        yield from (("comparison", new) for new in COMPARISONS.get(text, ()))
        yield from (("condition", new) for new in LOGIC.get(text, ()))
        yield from (("operator", new) for new in UPDATES.get(text, ()))
        if operand_before(tokens, at):
            yield from (("operator", new) for new in BINARY.get(text, ()))


def choice_ends(tokens, at):
    """Of the `?` at `at`: the index of its `:`, and of the token after its last operand."""
    colon, index = None, at + 1
    while index < len(tokens):
        text = tokens[index].text
        if text in ("(", "["):
            index = closing(tokens, index)
        elif text == ":" and colon is None:
            colon = index
        elif text in (")", "]", ";", ",", "?"):
            break
        index += 1
    return colon, index


def range_changes(source, tokens, at):
    """Changes of several tokens that begin at `at`: kind, start, end and new text."""
    token = tokens[at]
    if token.text in ("if", "while") and at + 1 < len(tokens) and tokens[at + 1].text == "(":
        start, end = tokens[at + 1].start, tokens[closing(tokens, at + 1)].end
        yield "condition", start, end, f"(!{source[start:end]})"
    elif token.text == "?":
        colon, after = choice_ends(tokens, at)
        if colon is not None and after < len(tokens) and tokens[after].text != "?":
            first = source[tokens[at + 1].start:tokens[colon - 1].end]
            second = source[tokens[colon + 1].start:tokens[after - 1].end]
            yield "condition", tokens[at + 1].start, tokens[after - 1].end, f"{second} : {first}"
    elif begins_statement(tokens, at):
        end = next((index for index in range(at, len(tokens)) if tokens[index].text == ";"), None)
        if end is not None and end > at:
            yield "dropped", token.start, tokens[end].start, ""


def begins_statement(tokens, at):
    if TYPES.fullmatch(tokens[at].text):
        return tokens[at].text == "return" and tokens[at + 1].text == ";"
    if at == 0 or tokens[at - 1].text in (";", "{", "}", "else"):
        return tokens[at].kind == "name" or tokens[at].text in ("*", "++", "--")
    if tokens[at - 1].text != ")" or tokens[at].kind != "name":
        return False
    condition = opening(tokens, at - 1)
    return condition > 0 and tokens[condition - 1].text in ("if", "for", "while")


def squeezed(text):
    return " ".join(text.split())


def mutants_of(file, source, groups):
    def mutant(function, kind, start, end, text):
        first = source.rfind("\n", 0, start) + 1
        last = source.find("\n", end)
        last = len(source) if last < 0 else last
        return Mutant(file, source.count("\n", 0, start) + 1, function, kind, start, end, text, squeezed(source[first:last]),
                      squeezed(source[first:start] + text + source[end:last]))

    found = [mutant("", "constant", macro.start("number"), macro.end("number"), new)
             for macro in MACRO.finditer(source) for new in numbers(macro["number"])]
    for name, body in bodies(tokens_of(source)):
        for at, token in enumerate(body):
            found.extend(mutant(name, kind, token.start, token.end, new) for kind, new in token_changes(body, at, groups))
            found.extend(mutant(name, *change) for change in range_changes(source, body, at))
    return sorted(set(found), key=lambda each: (each.start, each.end, each.text))
