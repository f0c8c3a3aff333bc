# SPDX-License-Identifier: Apache-2.0
"""In the hosts that there are, sshd and sudo, and what stays behind in them."""
import os
import re
import time

from signin import ACCEPTED, login, usual
from world import OTHER, UNIT, USER, code, scanned


def leaves_hosts_without_child_signals_alone(w):
    usual(w)
    login(w, ACCEPTED, ignore_children=True)


def gives_the_helper_nothing_of_the_host(w):
    usual(w)
    t = w.pamtester()
    t.until("Press Enter")
    pid = w.helpers()[0]
    environment = open(f"/proc/{pid}/environ", "rb").read()
    status = open(f"/proc/{pid}/status").read()
    files = os.listdir(f"/proc/{pid}/fd")
    t.type("\x03")
    t.end()
    assert sorted(s.split(b"=")[0] for s in environment.split(b"\0") if s) == [b"LC_ALL",
                                                                               b"PATH"], environment
    assert re.search(r"Uid:\s+65534\s+65534\s+65534", status) and re.search(r"Groups:\s*\n",
                                                                            status), status
    assert {"0", "1", "2"} <= set(files) and len(files) < 12, files


def leaves_no_descriptor_in_the_host(w):
    """Three questions in one host; beside them only what pamtester has itself."""
    usual(w)
    t = w.pamtester(operation="authenticate", again=2)
    seen = []
    for _ in range(3):
        assert t.until("Press Enter[^\n]*$"), t.text
        seen.append(len(os.listdir(f"/proc/{t.pid}/fd")))
        assert w.approve(code(t))
        t.text, t.raw = "", b""
        t.type("\n")
    assert t.end() == 0 and len(set(seen)) == 1, seen


def ssh_signs_in(w):
    w.map(f"{UNIT} {w.holder} {USER}")
    w.service("sshd")
    t = w.ssh(USER, "id -un; echo done")
    assert t.until("Press Enter"), t.text
    assert f"ssh login to {os.uname().nodename[:8]}" in t.text and "\\342" not in t.text, t.text
    text = scanned(w, t, 255, 0)
    assert text.startswith(w.site["issuer"]), t.text
    assert w.approve(text)
    t.type("\n")
    assert t.end() == 0 and f"\n{USER}\ndone" in t.text, t.text


def ssh_tells_the_phone(w):
    w.map(f"{UNIT} * {USER}")
    w.service("sshd")
    t = w.ssh(USER, "true")
    assert t.until("Press Enter"), t.text
    seen = w.phone("scan", code(t), "--deny").stdout
    assert "ssh login to" in seen and f"as {USER}" in seen and "127.0.0.1" in seen, seen
    t.type("\n")
    assert t.end() != 0, t.text


def ssh_refuses_an_unmapped_account(w):
    w.map(f"{UNIT} * {OTHER}")
    w.service("sshd")
    for user in (USER, "nosuchuser"):
        t = w.ssh(user, "id")
        assert t.until("Press Enter"), t.text
        w.approve(code(t))
        t.type("\n")
        assert t.end() != 0 and "uid=" not in t.text, t.text


def ssh_refuses_without_the_server(w):
    w.map(f"{UNIT} * {USER}")
    w.service("sshd", issuer="http://127.0.0.1:1")
    t = w.ssh(USER, "id")
    assert t.end() != 0 and "uid=" not in t.text, t.text


def ssh_leaves_no_helper_behind(w):
    w.map(f"{UNIT} * {USER}")
    w.service("sshd")
    t = w.ssh(USER, "id")
    assert t.until("Press Enter"), t.text
    assert len(w.helpers()) == 1
    os.kill(t.pid, 9)
    t.end()
    for _ in range(50):
        if not w.helpers():
            return
        time.sleep(0.1)
    assert False, "the helper outlived its host"


def sudo_asks_and_runs(w):
    w.map(f"{UNIT} * {USER}")
    w.service("sudo", role="principal")
    t = w.sudo("id", "-u")
    assert t.until("Press Enter"), t.text
    text = scanned(w, t, 0, 255)
    assert text and w.approve(text), t.text
    t.type("\n")
    assert t.end() == 0 and t.text.rstrip().endswith("\n0"), t.text
    assert not os.path.exists(f"{w.dir}/keylog")


def sudo_refuses_a_denial(w):
    w.map(f"{UNIT} * {USER}")
    w.service("sudo")
    t = w.sudo("id", "-u")
    for _ in range(3):
        assert t.until("Press Enter[^\n]*$"), t.text
        w.phone("deny", code(t), check=True)
        t.text, t.raw = "", b""
        t.type("\n")
        if not t.until("Press Enter", 4):
            break
    assert t.end() != 0 and not re.search(r"^0$", t.text, re.M), t.text


def sudo_is_cancelled_while_waiting(w):
    w.map(f"{UNIT} * {USER}")
    w.service("sudo")
    t = w.sudo("id", "-u")
    assert t.until("Press Enter"), t.text
    t.type("\n")
    time.sleep(1)
    start = time.monotonic()
    t.type("\x03")
    t.end(20)
    assert t.status != 0 and time.monotonic() - start < 5, (t.status, t.text)


def logs_who_and_no_secret(w):
    w.log.clear()
    usual(w)
    w.service("check", debug="yes")
    t = login(w, ACCEPTED)
    log = w.logged()
    assert f"pam_unitpass(check:auth): pam_login accepted unit={UNIT} holder={w.holder} " \
        "role=principal" in log, log
    assert "pam_login begun" in log, log
    for name in ("terminal", "client"):
        assert open(f"{w.dir}/site/keys-portal/{name}.secret").read().strip() not in "".join(w.log)
    assert code(t) not in log and "/q/" not in log and "eyJ" not in log, log
