# SPDX-License-Identifier: Apache-2.0
"""The cases, by name. Started by tests/pam/run."""
import fcntl
import os
import re
import sys
import time
import traceback

from terminal import Terminal
from world import OTHER, OTHER_UNIT, UNIT, USER, World, code, scanned

ACCEPTED, DENIED = "successfully authenticated", "Authentication failure"
UNAVAILABLE, FORBIDDEN = "cannot retrieve authentication info", "Permission denied"
UNKNOWN, BROKEN = "User not known", "Error in service module"


def login(w, want, service="check", decide=None, seconds=30, **more):
    """One pamtester run: DECIDE gets the terminal and does what the person does at the phone."""
    t = w.pamtester(service, **more)
    assert t.until("Press Enter|请按回车键"), t.text
    if decide is None:
        assert w.approve(code(t)), "the phone refused " + code(t)
    else:
        decide(t)
    t.type("\n")
    t.end(seconds)
    assert want in t.text, f"wanted {want!r}: {t.text}"
    assert (t.status == 0) == (want == ACCEPTED), t.status
    return t


def refused_at_once(w, want, service="check", **more):
    """Nothing is asked."""
    t = w.pamtester(service, **more)
    t.end(45)
    assert "Press Enter" not in t.text and not code(t), t.text
    assert want in t.text and t.status != 0, t.text
    return t


def usual(w):
    w.map(f"{UNIT} * {USER}")
    w.service("check")


# --- the picture and the words ---

def accepts_by_typed_code(w):
    usual(w)
    t = login(w, ACCEPTED, lang="C")
    assert t.text.isascii() and "unitpass: confirm on the phone" in t.text and "Type this code" in t.text, t.text


def accepts_by_qr_in_colour(w):
    usual(w)
    t = w.pamtester(items=["tty=/dev/pts/9"])
    assert t.until("Press Enter")
    assert "\x1b[38;5;16;48;5;231m" in t.text
    text = scanned(w, t, 0, 255)
    assert text.startswith(w.site["issuer"] + "/q/"), text
    assert w.approve(text)
    t.type("\n")
    assert t.end() == 0 and ACCEPTED in t.text, t.text


def accepts_by_qr_without_escapes(w):
    usual(w)
    t = w.pamtester(items=["tty=ssh"])
    assert t.until("Press Enter")
    assert "\x1b" not in t.text
    dark, light = scanned(w, t, 255, 0), scanned(w, t, 0, 255, "-Stest-inverted")
    assert dark and dark == light, (dark, light)
    assert w.approve(dark)
    t.type("\n")
    assert t.end() == 0 and ACCEPTED in t.text, t.text


def draws_for_a_light_background_when_told(w):
    usual(w)
    w.service("check", qr="light")
    t = w.pamtester(lang="C")
    assert t.until("Press Enter")
    assert scanned(w, t, 0, 255).startswith(w.site["issuer"])
    t.type("\x03")
    t.end()


def keeps_every_line_short(w):
    usual(w)
    t = w.pamtester(items=["tty=/dev/pts/9"])
    assert t.until("Press Enter")
    lines = t.text.split("\n")
    assert max(len(s.encode()) for s in lines) < 512 and len(lines) <= 24, len(lines)
    t.type("\x03")
    t.end()


def shows_the_code_alone_when_told(w):
    usual(w)
    w.service("check", qr="off")
    t = login(w, ACCEPTED)
    assert not re.search("[▀▄█]", t.text)


def speaks_chinese(w):
    usual(w)
    t = login(w, ACCEPTED, lang="zh_CN.UTF-8")
    assert "请用存有本单位电子证书的手机扫码" in t.text and "账号 " + USER in t.text, t.text
    w.service("check", lang="en")
    assert "Confirm only if" in login(w, ACCEPTED, lang="zh_CN.UTF-8").text


def tells_the_phone_what_it_is_for(w):
    usual(w)
    t = w.pamtester(items=["rhost=192.0.2.7"])
    assert t.until("Press Enter")
    seen = w.phone("scan", code(t), "--deny").stdout
    assert f"check on {os.uname().nodename[:8]}" in seen and f"as {USER}" in seen and "192.0.2.7" in seen, seen
    t.type("\n")
    t.end()
    assert DENIED in t.text, t.text


# --- no ---

def refuses_a_denial(w):
    usual(w)
    t = login(w, DENIED, decide=lambda t: w.phone("deny", code(t), check=True))
    assert "Refused on the phone" in t.text


def refuses_not_mine(w):
    usual(w)
    login(w, DENIED, decide=lambda t: w.phone("scan", code(t), "--not-mine", check=True))


def refuses_after_the_time(w):
    usual(w)
    w.service("check", timeout="10")
    start = time.monotonic()
    t = login(w, DENIED, decide=lambda t: None)
    assert "Not confirmed in time" in t.text and 9 < time.monotonic() - start < 14, t.text


def refuses_a_late_enter(w):
    usual(w)
    w.service("check", timeout="10")

    def late(t):
        time.sleep(11)
        w.approve(code(t))
    login(w, DENIED, decide=late)


def polls_until_confirmed(w):
    usual(w)
    t = w.pamtester()
    t.until("Press Enter")
    t.type("\n")
    time.sleep(6)
    assert w.approve(code(t))
    assert t.end() == 0 and ACCEPTED in t.text, t.text


def requires_the_unit(w):
    usual(w)
    w.service("check", unit=OTHER_UNIT)
    t = login(w, FORBIDDEN)
    assert "may not be used for this account" in t.text
    w.service("check", unit=f"{OTHER_UNIT} {UNIT}")
    login(w, ACCEPTED)


def requires_the_role(w):
    usual(w)
    w.service("check", role="manager,user")
    login(w, FORBIDDEN)
    w.service("check", role="principal")
    login(w, ACCEPTED)


def requires_the_item(w):
    usual(w)
    w.service("check", item="shell")
    t = w.pamtester()
    t.until("Press Enter")
    text = code(t)
    assert w.approve(text)
    t.type("\n")
    assert t.end() == 0, t.text
    w.service("check", item="annual-report")        # another client's
    refused_at_once(w, BROKEN)


def maps_identities_to_accounts(w):
    usual(w)
    w.map(f"{UNIT} * {OTHER}")
    login(w, FORBIDDEN)
    login(w, ACCEPTED, user=OTHER)
    w.map(f"{OTHER_UNIT} * {USER}")
    login(w, UNKNOWN)
    w.map(f"{UNIT} {w.holder}x {USER}")
    login(w, UNKNOWN)
    w.map(f"{UNIT} {w.holder} {USER}", f"{UNIT} {w.holder} {OTHER}")
    login(w, ACCEPTED)
    login(w, ACCEPTED, user=OTHER)
    w.map()
    login(w, UNKNOWN)


def asks_an_unmapped_account_all_the_same(w):
    """So that nobody learns from the question which accounts there are."""
    usual(w)
    login(w, FORBIDDEN, user="nosuchuser")


# --- what is broken ---

def refuses_wrong_settings(w):
    for changes in ({"issuer": "http://id.example.org"}, {"client": None}, {"map_file": None}, {"timeout": "5"}, {"timeout": "601"}, {"qr": "yes"},
                    {"role": "root"}, {"unit": "1243000010000001X"}, {"nonsense": "1"}, {"secret_file": None}, {"lang": "fr"},
                    {"secret_file": "/nonexistent"}, {"map_file": "/nonexistent"}, {"key_file": "/etc/passwd"}):
        usual(w)
        w.service("check", **changes)
        w.log.clear()
        refused_at_once(w, BROKEN)
        assert re.search(rf"\b{next(iter(changes))}\b", w.logged()), (changes, w.logged())
    usual(w)
    for arguments in (f"config={w.dir}/check.conf timeout=60", "config=relative", "config=/nonexistent", ""):
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
    w.service("check", client="sample-portal", secret_file=f"{w.dir}/site/keys-portal/client.secret")
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
    ends = w.write("ends", "#!/usr/bin/python3\nimport socket\ns = socket.socket(fileno=0)\ns.send(b'Vaa')\n", 0o755)
    for helper, want in (("/nonexistent", BROKEN), ("relative", BROKEN), ("/bin/false", UNAVAILABLE), (ends, UNAVAILABLE)):
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
    workers = [int(p) for p in os.listdir("/proc") if p.isdigit() and parent(p) == w.site["pids"]["nginx"]]
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


# --- hosts ---

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
    assert sorted(s.split(b"=")[0] for s in environment.split(b"\0") if s) == [b"LC_ALL", b"PATH"], environment
    assert re.search(r"Uid:\s+65534\s+65534\s+65534", status) and re.search(r"Groups:\s*\n", status), status
    assert {"0", "1", "2"} <= set(files) and len(files) < 12, files


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


# --- at the end ---

def logs_who_and_no_secret(w):
    w.log.clear()
    usual(w)
    w.service("check", debug="yes")
    t = login(w, ACCEPTED)
    log = w.logged()
    assert f"pam_unitpass(check:auth): pam_login accepted unit={UNIT} holder={w.holder} role=principal" in log, log
    assert "pam_login begun" in log, log
    for name in ("terminal", "client"):
        assert open(f"{w.dir}/site/keys-portal/{name}.secret").read().strip() not in "".join(w.log)
    assert code(t) not in log and "/q/" not in log and "eyJ" not in log, log


def leaves_nothing_behind(w):
    time.sleep(0.5)
    assert not w.helpers()
    assert not os.listdir("/dev/shm"), os.listdir("/dev/shm")


# the longest waits first
SLOW = [refuses_when_the_server_goes_away]


def take(counter):
    """The next number; several lanes count together."""
    with open(counter, "a+") as f:
        fcntl.flock(f, fcntl.LOCK_EX)
        f.seek(0)
        n = int(f.read() or 0)
        f.truncate(0)
        f.write(str(n + 1))
    return n


def try_case(w, case):
    start = time.monotonic()
    try:
        case(w)
        print(f"ok   {case.__name__} ({time.monotonic() - start:.1f} s)", flush=True)
        return True
    except Exception:
        print(f"FAIL {case.__name__}", flush=True)
        traceback.print_exc(limit=3, file=sys.stdout)
        return False
    finally:
        Terminal.end_all()


def main():
    directory, build, top, host, counter = sys.argv[1:6]
    w = World(directory, build, top, host)
    wanted = os.environ.get("CASES", "").split()
    cases = [f for n, f in list(globals().items()) if callable(f) and getattr(f, "__code__", None) and f.__code__.co_varnames[:1] == ("w",)
             and f.__code__.co_argcount == 1 and f not in (usual, leaves_nothing_behind) and (not wanted or n in wanted)]
    cases.sort(key=lambda f: f not in SLOW)
    w.start_sshd()
    good = True
    while (n := take(counter)) < len(cases):
        good = try_case(w, cases[n]) and good
    return 0 if try_case(w, leaves_nothing_behind) and good else 1


if __name__ == "__main__":
    sys.exit(main())
