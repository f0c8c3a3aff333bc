# SPDX-License-Identifier: Apache-2.0
"""A program in a pseudo-terminal, and the QR that it drew there."""
import os
import pty
import re
import select
import signal
import subprocess
import time

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
PIXELS = {" ": (0, 0), "▄": (0, 1), "▀": (1, 0), "█": (1, 1)}


class Terminal:
    open = []

    def __init__(self, argv, env, user=None, ignore_children=False, shielded=False):
        Terminal.open.append(self)
        self.text = ""
        self.status = None
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            for s in (signal.SIGINT,
                      signal.SIGQUIT):           # which a background job of a shell ignores
                signal.signal(s, signal.SIG_IGN if shielded else signal.SIG_DFL)
            if ignore_children:
                signal.signal(signal.SIGCHLD, signal.SIG_IGN)
            if user is not None:
                os.initgroups(user.pw_name, user.pw_gid)
                os.setgid(user.pw_gid)
                os.setuid(user.pw_uid)
            os.execvpe(argv[0], argv, env)

    def read(self, seconds):
        """What comes within SECONDS, or "" at the end."""
        if not select.select([self.fd], [], [], seconds)[0]:
            return None
        try:
            part = os.read(self.fd, 65536)
        except OSError:
            return ""
        self.raw = getattr(self, "raw", b"") + part
        self.text = self.raw.decode("utf-8", "replace").replace("\r\n", "\n")
        return "more" if part else ""

    def until(self, pattern, seconds=20):
        """True: PATTERN came."""
        end = time.monotonic() + seconds
        while not re.search(pattern, self.text):
            left = end - time.monotonic()
            if left <= 0 or self.read(left) == "":
                return re.search(pattern, self.text) is not None
        return True

    def type(self, text):
        os.write(self.fd, text.encode())

    def end(self, seconds=30):
        """The exit status; -1: it had to be killed."""
        stop = time.monotonic() + seconds
        while self.status is None:
            self.read(0.05)
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                while self.read(0.1) == "more":
                    pass
                self.status = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > stop:
                os.kill(self.pid, signal.SIGKILL)
                os.waitpid(self.pid, 0)
                self.status = -1
        os.close(self.fd)
        Terminal.open.remove(self)
        return self.status

    @classmethod
    def end_all(cls):
        """What a failed case has left."""
        for t in list(cls.open):
            t.end(0)


def picture(text, ink, paper, file):
    """The half blocks of TEXT as a grey PGM, with INK and PAPER as brightness."""
    lines = [ESCAPES.sub("", s) for s in text.split("\n")]
    lines = [s for s in lines if len(s) > 20 and set(s) <= set(PIXELS)]
    if not lines:
        return False
    width, scale = max(map(len, lines)), 6
    rows = []
    for s in lines:
        for half in (0, 1):
            row = bytes(v for c in s.ljust(width)
                        for v in [ink if PIXELS[c][half] else paper] * scale)
            rows += [row] * scale
    with open(file, "wb") as f:
        f.write(b"P5 %d %d 255\n" % (width * scale, len(rows)) + b"".join(rows))
    return True


def decode(text, ink, paper, file, *options):
    if not picture(text, ink, paper, file):
        return ""
    r = subprocess.run(["zbarimg", "-q", "--raw", *options, file], stdout=subprocess.PIPE,
                       stderr=subprocess.DEVNULL)
    return r.stdout.decode().strip()
