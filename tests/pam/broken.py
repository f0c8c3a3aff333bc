# SPDX-License-Identifier: Apache-2.0
"""What is set up wrongly, and what is away: broken, or unavailable, and never a yes."""
import os
import re
import time

from signin import ACCEPTED, BROKEN, UNAVAILABLE, login, refused_at_once, usual
from world import UNIT, USER


def refuses_wrong_settings(w):
    for changes in ({"issuer": "http://id.example.org"}, {"client": None}, {"map_file": None},
                    {"timeout": "5"}, {"timeout": "601"}, {"qr": "yes"},
                    {"role": "root"}, {"unit": "1243000010000001X"}, {"nonsense": "1"},
                    {"secret_file": None}, {"lang": "fr"},
                    {"secret_file": "/nonexistent"}, {"map_file": "/nonexistent"},
                    {"key_file": "/etc/passwd"}):
        usual(w)
        w.service("check", **changes)
        w.log.clear()
        refused_at_once(w, BROKEN)
        assert re.search(rf"\b{next(iter(changes))}\b", w.logged()), (changes, w.logged())
    usual(w)
    for arguments in (f"config={w.dir}/check.conf timeout=60", "config=relative",
                      "config=/nonexistent", ""):
        w.line("check", arguments)
        refused_at_once(w, BROKEN)


def refuses_files_open_to_others(w):
    for name in ("map", "check.conf", "site/keys-portal/terminal.secret"):
        usual(w)
        os.chmod(f"{w.dir}/{name}", 0o640)
        w.log.clear()
        try:
            refused_at_once(w, BROKEN)
        finally:
            os.chmod(f"{w.dir}/{name}", 0o600)
        assert "chmod 600" in w.logged(), w.logged()
    login(w, ACCEPTED)


def refuses_a_damaged_map(w):
    usual(w)
    w.map(f"{UNIT} * {USER}", f"{UNIT} *")
    w.log.clear()
    refused_at_once(w, BROKEN)
    assert "line 3" in w.logged(), w.logged()


def refuses_a_client_of_the_wrong_kind(w):
    usual(w)
    w.service("check", client="sample-portal",
              secret_file=f"{w.dir}/site/keys-portal/client.secret")
    w.log.clear()
    refused_at_once(w, BROKEN)
    assert "--static-qr" in w.logged(), w.logged()


def refuses_a_wrong_secret(w):
    usual(w)
    w.service("check", secret_file=w.write("wrong.secret", "0123456789abcdef0123456789abcdef\n"))
    refused_at_once(w, UNAVAILABLE)


def refuses_without_its_helper(w):
    usual(w)
    junk = w.write("junk", "#!/bin/sh\nprintf Va >&0\n", 0o700)
    ends = w.write("ends", "#!/usr/bin/python3\nimport socket\ns = socket.socket(fileno=0)\n"
                           "s.send(b'Vaa')\n", 0o755)
    for helper, want in (("/nonexistent", BROKEN), ("relative", BROKEN), ("/bin/false", BROKEN),
                         (ends, BROKEN)):
        w.line("check", f"config={w.dir}/check.conf", helper=helper)
        refused_at_once(w, want)
    os.unlink(junk)


def refuses_when_the_server_is_away(w):
    usual(w)
    w.service("check", issuer="http://127.0.0.1:1")
    start = time.monotonic()
    t = refused_at_once(w, UNAVAILABLE)
    assert "cannot be reached" in t.text and time.monotonic() - start < 5


def refuses_when_the_server_goes_away(w):
    usual(w)
    t = w.pamtester()
    t.until("Press Enter")
    os.kill(w.site["pids"]["nginx"], 19)            # SIGSTOP: workers go on, so stop them as well
    workers = [int(p) for p in os.listdir("/proc") if p.isdigit()
               and parent(p) == w.site["pids"]["nginx"]]
    for p in workers:
        os.kill(p, 19)
    try:
        t.type("\n")
        t.end(60)
    finally:
        for p in workers + [w.site["pids"]["nginx"]]:
            os.kill(p, 18)
    assert UNAVAILABLE in t.text and t.status != 0, t.text
    login(w, ACCEPTED)


def parent(pid):
    try:
        return int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
    except OSError:
        return 0
