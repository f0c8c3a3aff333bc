#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The administrator's guide is its own test.

    guide.py compare EN.md ZH.md            both have the same blocks in the same order, of known
                                            kinds, and both say what is expected
    guide.py run EN.md ZH.md TREE EXEC...   do all that EN.md says on the machine that EXEC reaches:
                                            a command that runs bash scripts of standard input

Fenced blocks: sh is run, each in a bash of its own (set -eu); text must be in what the sh block
before it printed ("…" stands for anything in a line, or for any lines when alone); all other kinds
(nginx, apache, conf, csv, json) are files and are written. What only the test does stands in
comments, which a reader does not see:
    <!-- file: PATH [MODE] -->      where the next file block goes; the reader is told in the text
                                    (pieces of files: /root/test)
    <!-- tree -->                   the next sh block is run in the source tree
    <!-- status: N -->              the next sh block ends with this exit status
    <!-- put: WORDS = REGEX -->     in the next block, WORDS become what the first group of REGEX
                                    finds in the output so far
    <!-- env: NAME=VALUE ... -->    for the next sh block
    <!-- expect: WORDS -->          the output of the last sh block has them
    <!-- run: COMMANDS -->          be run too: what stands for other machines, phones and browsers
    <!-- break: COMMANDS -->        the same: make the fault that is written about
    <!-- holds: COMMANDS -->        the same, counted as a check of its own: the symptom is there,
                                    or the remedy worked
"""
import pathlib
import re
import subprocess
import sys

STOP = 8                                 # failures: what comes after them says little
RELOAD = re.compile(r"^systemctl (?:start|restart|reload) .*$", re.M)
FILES = {"nginx", "apache", "conf", "csv", "json", "html"}
COMMENTS = {"file", "tree", "status", "put", "env", "expect", "run", "break", "holds"}
ITEM = re.compile(r"^```(?P<kind>\w*)\n(?P<body>.*?)^```\n"
                  r"|^<!-- (?P<word>\w+)(?:: ?(?P<arg>.*?))? ?-->\n", re.M | re.S)
FENCE = re.compile(r"^ *```", re.M)
COMMENT = re.compile(r"<!--")


def items(path):
    """All blocks and comments in order: (line, kind, text). Nothing that looks like one is passed
    over."""
    text = pathlib.Path(path).read_text()
    found, fences, comments = [], 0, 0
    for m in ITEM.finditer(text):
        line = text.count("\n", 0, m.start()) + 1
        if m["word"]:
            comments += 1
            kind, body = m["word"], m["arg"] or ""
            if kind not in COMMENTS:
                sys.exit(f"{path}:{line}: unknown comment '{kind}'")
        else:
            fences += 2
            kind, body = m["kind"], m["body"]
            if kind not in FILES | {"sh", "text"}:
                sys.exit(f"{path}:{line}: a block of unknown kind '{kind}'")
        found.append((line, kind, body))
    if fences != len(FENCE.findall(text)) or comments != len(COMMENT.findall(text)):
        sys.exit(f"{path}: {len(FENCE.findall(text))} fences and {len(COMMENT.findall(text))} "
                 f"comments, of which {fences} and {comments} were understood")
    return found


def plain(kind, body):
    """What must be the same in both languages: comments within blocks may differ, and so may what
    programs say to people."""
    if kind == "text":
        return ""
    return "\n".join(x for x in (re.sub(r"(^|\s)#( .*)?$", "", line).rstrip()
                                 for line in body.splitlines()) if x)


def compare(en, zh):
    a, b = items(en), items(zh)
    for (la, ka, ta), (lb, kb, tb) in zip(a, b):
        if (ka, plain(ka, ta)) != (kb, plain(kb, tb)):
            sys.exit(f"{en}:{la} and {zh}:{lb} differ:\n{ka} {ta}\n{kb} {tb}")
    if len(a) != len(b):
        longer, path = (a, en) if len(a) > len(b) else (b, zh)
        sys.exit(f"{path}:{longer[min(len(a), len(b))][0]}: only this guide has this block")
    return a, b


def fits(wanted, output):
    """Each wanted line is a line of the output, in this order."""
    lines, at, skip = output.splitlines(), 0, True
    for want in wanted.splitlines():
        if want.strip() == "…":
            skip = True
            continue
        pattern = re.compile(r"\s+".join(".*".join(re.escape(p) for p in w.split("…"))
                                         for w in want.split()))
        while at < len(lines) and not pattern.fullmatch(lines[at].strip()):
            if not skip:
                return f"after the line before it, not {lines[at]!r}: {want}"
            at += 1
        if at == len(lines):
            return f"no such line: {want}"
        at, skip = at + 1, False
    return None


class Runner:
    def __init__(self, en, tree, execute):
        self.en, self.tree, self.execute = en, tree, execute
        self.passed = self.failed = 0
        self.output = self.all = ""
        self.last = None                 # script and environment of the last sh block
        self.forget()

    def forget(self):
        self.file, self.in_tree, self.status, self.puts, self.env = None, False, 0, [], ""

    def check(self, line, why, detail=""):
        if why is None:
            self.passed += 1
            return
        self.failed += 1
        print(f"FAILED {self.en}:{line}: {why}\n{detail}", flush=True)

    def shell(self, script, env="", in_tree=False):
        """(status, output) of bash."""
        where = ["env", "bash", "-s"] if in_tree else self.execute
        # a reload returns before all workers are the new ones; a person is slower
        script = RELOAD.sub(r"\g<0>\nsleep 2", script)
        head = "".join(f"export {word}\n" for word in env.split())
        # bash reads all of the function before it runs any of it: a command cannot eat the rest of
        # the script
        text = f"{head}main() {{\nset -eu\n{script}\n}}\nmain </dev/null 2>&1\n"
        if "systemctl" in script:
            text += "sleep 1\n"         # reached only when main did not fail (set -e)
        p = subprocess.run(where, input=text, cwd=self.tree, capture_output=True, text=True,
                           timeout=900)
        return p.returncode, p.stdout + p.stderr

    def filled(self, line, body):
        for arg in self.puts:
            words, pattern = arg.split(" = ", 1)
            hit = re.findall(pattern, self.all)
            if words not in body or not hit:
                self.check(line, "put: " + (f"the block lacks {words}" if hit else
                                            f"nothing printed so far fits {pattern}"))
                continue
            body = body.replace(words, hit[-1])
        return body

    def do_sh(self, line, body):
        body = self.filled(line, body)
        self.last = (body, self.env, self.in_tree)
        status, self.output = self.shell(body, self.env, self.in_tree)
        self.all += self.output
        self.check(line, None if status == self.status
                   else f"exit status {status} instead of {self.status}", body + "--- printed:\n" +
                   self.output)
        self.forget()

    def do_text(self, line, body, other):
        self.check(line, fits(body, self.output), "--- printed:\n" + self.output)
        if other == body:
            return
        script, env, in_tree = self.last
        _, output = self.shell(script, env + " LC_ALL=zh_CN.UTF-8", in_tree)
        self.check(line, fits(other, output), "--- printed in Chinese:\n" + output)

    def do_file(self, line, body):
        if self.file is None:
            self.check(line, "a file without a place")
            return
        path, mode = (self.file.split() + ["644"])[:2]
        body = self.filled(line, body)
        status, said = self.shell(f"mkdir -p \"$(dirname '{path}')\"\n"
                                  f"cat >'{path}' <<'END OF FILE'\n{body}END OF FILE\n"
                                  f"chmod {mode} '{path}'")
        self.check(line, None if status == 0 else f"{path} was not written", said)
        self.forget()

    def do_comment(self, line, kind, body):
        if kind == "file":
            self.file = body
        elif kind == "tree":
            self.in_tree = True
        elif kind == "status":
            self.status = int(body)
        elif kind == "put":
            self.puts.append(body)
        elif kind == "env":
            self.env = body
        elif kind == "expect":
            self.check(line, None if body in self.output else f"was not printed: {body}",
                       "--- printed:\n" + self.output)
        else:
            status, said = self.shell(body)
            self.all += said
            if kind == "holds" or status != 0:
                self.check(line, None if status == 0 else f"{kind}: exit status {status}: {body}",
                           said)

    def do(self, line, kind, body, other):
        if kind == "sh":
            self.do_sh(line, body)
        elif kind == "text":
            self.do_text(line, body, other)
        elif kind in FILES:
            self.do_file(line, body)
        else:
            self.do_comment(line, kind, body)


def told(path):
    """The reader has to know where a file goes: its name stands in the text before it. Pieces of
    files are under /root/test."""
    text = pathlib.Path(path).read_text()
    for m in re.finditer(r"<!-- file: (\S+).*?-->", text):
        name = m[1].removeprefix("/root/")
        if not name.startswith("test/") and name not in text[max(0, m.start() - 600):m.start()]:
            sys.exit(f"{path}: the text before the block does not name {name}")


def main():
    if len(sys.argv) < 4 or sys.argv[1] not in ("compare", "run"):
        sys.exit(__doc__)
    en, zh = sys.argv[2:4]
    a, b = compare(en, zh)
    told(en)
    told(zh)
    if sys.argv[1] == "compare":
        print("guide: 1 passed, 0 failed")
        return
    r = Runner(en, sys.argv[4], sys.argv[5:])
    r.check(0, None)                     # the comparison
    for (line, kind, body), (_, _, other) in zip(a, b):
        r.do(line, kind, body, other)
        if r.failed >= STOP:
            print("too many failures; the rest was not run")
            break
    print(f"guide: {r.passed} passed, {r.failed} failed")
    sys.exit(1 if r.failed else 0)


main()
