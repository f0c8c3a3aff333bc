# SPDX-License-Identifier: Apache-2.0
"""The cases, by name. Started by tests/pam/run."""
import base64
import fcntl
import json
import os
import re
import subprocess
import sys
import threading
import time
import traceback
import urllib.error
import urllib.parse
import urllib.request

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
    assert t.text.isascii() and "unitpass: confirm on the phone" in t.text and \
        "Type this code" in t.text, t.text


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
    assert f"check on {os.uname().nodename[:8]}" in seen and f"as {USER}" in seen and \
        "192.0.2.7" in seen, seen
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
    assert sorted(s.split(b"=")[0] for s in environment.split(b"\0") if s) == [b"LC_ALL",
                                                                               b"PATH"], environment
    assert re.search(r"Uid:\s+65534\s+65534\s+65534", status) and re.search(r"Groups:\s*\n",
                                                                            status), status
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


# --- what the person at the terminal can do ---

LADDER = ("auth [success=done authinfo_unavail=ignore default=die] %s helper=%s "
          "config=%s/check.conf\nauth required pam_permit.so\naccount required pam_permit.so\n")


def ladder(w):
    """A stack that has another way in, but only while the server is away."""
    usual(w)
    w.write("etc/pam.d/check", LADDER % (f"{w.build}/pam_unitpass.so",
                                         f"{w.build}/unitpass-pam-helper", w.dir), 0o644)


def lets_nobody_down_the_ladder(w):
    ladder(w)
    login(w, DENIED, decide=lambda t: w.phone("deny", code(t), check=True))
    for key in ("\x03", "\x1c"):                    # an interrupt while the helper asks the server
        t = w.pamtester(shielded=True)
        assert t.until("Press Enter"), t.text
        t.type("\n")
        time.sleep(0.7)
        t.type(key)
        t.end()
        assert ACCEPTED not in t.text and t.status != 0, t.text
    t = w.pamtester()
    assert t.until("Press Enter"), t.text
    os.kill(w.helpers()[0], 9)
    t.type("\n")
    assert t.end() != 0 and BROKEN in t.text, t.text
    t = w.pamtester(user="a" * 5000)
    assert t.end() != 0 and BROKEN in t.text, t.text
    w.service("check", issuer="http://127.0.0.1:1")
    w.write("etc/pam.d/check", LADDER % (f"{w.build}/pam_unitpass.so",
                                         f"{w.build}/unitpass-pam-helper", w.dir), 0o644)
    t = w.pamtester()
    assert t.end() == 0 and ACCEPTED in t.text, t.text


def counts_too_many_attempts_as_no(w):
    ladder(w)
    w.log.clear()
    secret = open(f"{w.dir}/site/keys-portal/terminal.secret").read().strip()
    form = urllib.parse.urlencode({"client_id": "terminal", "client_secret": secret,
                                   "scope": "openid unit", "initiator_ip": "192.0.2.99"}).encode()
    for _ in range(300):
        try:
            urllib.request.urlopen(w.site["issuer"] + "/device_authorization", form).close()
        except urllib.error.HTTPError as e:
            assert e.code == 429, e
            break
    t = w.pamtester(items=["rhost=192.0.2.99"], lang="C")
    t.end()
    assert "Too many attempts" in t.text and DENIED in t.text and t.status != 0, t.text


def takes_no_limits_from_the_person(w):
    """As su would pass them on. Lifted where the host may, which a container may not; never
    "unavailable"."""
    usual(w)
    for limit, line, needed in (("--nofile=9:", "open files", 64), ("--nproc=1:", "processes", 256),
                                ("--cpu=9:", "cpu time", 120),
                                ("--as=200000000:", "address space", 1 << 30)):
        t = w.pamtester(lang="C", limits=[limit])
        assert t.until("Press Enter"), (limit, t.text)
        limits = open(f"/proc/{w.helpers()[0]}/limits").read()
        assert int(re.search(rf"Max {line} +(\d+)", limits).group(1)) >= needed, limits
        assert w.approve(code(t))
        t.type("\n")
        assert t.end() == 0 and ACCEPTED in t.text, (limit, t.text)
    for limit in ("--nofile=9", "--cpu=1", "--as=200000000"):
        t = w.pamtester(lang="C", limits=[limit])
        if t.until("Press Enter", 3):
            w.approve(code(t))
            t.type("\n")
        t.end()
        assert (ACCEPTED if t.status == 0 else BROKEN) in t.text, (limit, t.text)


def asks_in_silence(w):
    """PAM_SILENT: the question, but not the reason."""
    usual(w)
    t = w.pamtester(operation="authenticate(PAM_SILENT)")
    assert t.until("Press Enter") and code(t), t.text
    w.phone("deny", code(t), check=True)
    t.type("\n")
    t.end()
    assert DENIED in t.text and "Refused on the phone" not in t.text, t.text


def refuses_when_nobody_can_be_asked(w):
    """The conversation fails, at the first line or at the prompt, or gives no answer where it
    promised one."""
    ladder(w)
    w.service("check", timeout="10")
    w.write("etc/pam.d/check", LADDER % (f"{w.build}/pam_unitpass.so",
                                         f"{w.build}/unitpass-pam-helper", w.dir), 0o644)
    for how in ("text", "prompt", "nothing"):
        t = Terminal([sys.executable, f"{w.top}/tests/pam/host.py", "check", USER, how],
                     {"PATH": os.environ["PATH"], "LANG": "C"})
        t.end()
        assert re.search(r"answer [1-9][0-9]* same", t.text), (how, t.text)
        assert not w.helpers()


def shows_no_name_as_it_came(w):
    """Escapes in a user's name reach neither the terminal, nor the phone, nor the log."""
    usual(w)
    w.log.clear()
    evil = "\x1b[2Jroot\u202e\u200b"
    t = w.pamtester(user=evil)
    assert t.until("Press Enter"), t.text
    lines = [s for s in t.text.split("\n") if "Confirm only" in s]
    assert lines and "\x1b" not in lines[0] and "\u202e" not in lines[0] and \
        "\u200b" not in lines[0], t.text
    seen = w.phone("scan", code(t), "--deny").stdout
    assert "\x1b" not in seen and "\u202e" not in seen, seen
    t.type("\n")
    t.end()
    assert "\x1b" not in w.logged() and "\u202e" not in w.logged()


def signs_in_with_a_key(w):
    """private_key_jwt: no secret is shared with the server."""
    usual(w)
    key, jwks = new_key()
    w.ctl("client", "add", "keyed", "--name", "密钥主机", "--origin", "https://host.example.org",
          "--static-qr", "--jwks", w.write("host.jwks", jwks))
    w.reload()
    w.service("check", client="keyed", secret_file=None, key_file=w.write("host.jwk", key))
    login(w, ACCEPTED)
    w.service("check", client="keyed", secret_file=None,
              key_file=w.write("other.jwk", new_key()[0]))
    refused_at_once(w, UNAVAILABLE)


def new_key():
    """A P-256 key as JWK, and its public half as a set."""
    pem = subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout"],
                         check=True, capture_output=True).stdout
    text = subprocess.run(["openssl", "ec", "-text", "-noout"], input=pem, check=True,
                          capture_output=True).stdout.decode()
    private, public = (bytes.fromhex(re.sub(r"[\s:]", "", part))
                       for part in re.findall(r"(?:priv|pub):\n((?:\s+[0-9a-f:]+\n)+)", text))
    b64 = lambda raw: base64.urlsafe_b64encode(raw).decode().rstrip("=")
    jwk = {"kty": "EC", "crv": "P-256", "x": b64(public[1:33]), "y": b64(public[33:65]),
           "kid": "h1", "alg": "ES256"}
    return json.dumps({**jwk, "d": b64(private[-32:].rjust(32, b"\0"))}), json.dumps(
        {"keys": [jwk]})


def takes_a_large_map_and_no_larger(w):
    usual(w)
    filler = "".join(f"{OTHER_UNIT} holder{i} account{i}\n" for i in range(20000))
    w.write("map", filler + f"{UNIT} * {USER}\n")
    login(w, ACCEPTED)
    for text, want in ((filler * 2, "larger than"), (f"{UNIT} * {'a' * 600000}\n", "line 1"),
                       (f"{UNIT} * {USER}\0\n", "line 1"), ("\xff" * 9 + "\n", "line 1"),
                       (f"{UNIT} * {USER} {OTHER}\n", "line 1")):
        w.write("map", text)
        w.log.clear()
        t = w.pamtester()
        t.end(40) if "\0" not in text else t.until("Press Enter|Error", 10)
        # a NUL is part of the name, which no account has
        if "Press Enter" in t.text:
            w.approve(code(t))
            t.type("\n")
            t.end()
        assert t.status != 0 and ACCEPTED not in t.text, (want, t.text)


def reads_no_file_of_others(w):
    """Another owner, and what is no file; a link counts as what it leads to."""
    for name in ("map", "check.conf", "site/keys-portal/terminal.secret"):
        usual(w)
        path = f"{w.dir}/{name}"
        owner = os.stat(path)
        os.chown(path, 54321, owner.st_gid)
        try:
            refused_at_once(w, BROKEN)
        finally:
            os.chown(path, owner.st_uid, owner.st_gid)
    usual(w)
    os.rename(f"{w.dir}/map", f"{w.dir}/map.real")
    os.symlink("map.real", f"{w.dir}/map")
    login(w, ACCEPTED)
    os.chmod(f"{w.dir}/map.real", 0o644)
    refused_at_once(w, BROKEN)
    os.unlink(f"{w.dir}/map")
    os.mkfifo(f"{w.dir}/map", 0o600)
    refused_at_once(w, BROKEN)
    os.unlink(f"{w.dir}/map")
    os.mkdir(f"{w.dir}/map", 0o700)
    refused_at_once(w, BROKEN)
    os.rmdir(f"{w.dir}/map")


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


# --- at the end ---

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


def leaves_nothing_behind(w):
    time.sleep(0.5)
    assert not w.helpers()
    assert not os.listdir("/dev/shm"), os.listdir("/dev/shm")


# the longest waits first
SLOW = [refuses_when_the_server_goes_away, counts_too_many_attempts_as_no,
        maps_identities_to_accounts, refuses_a_late_enter, refuses_after_the_time]


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
    limit = threading.Timer(400, os._exit, [1])     # with process 1 of the namespace all else ends
    limit.daemon = True
    limit.start()
    w = World(directory, build, top, host)
    wanted = os.environ.get("CASES", "").split()
    cases = [f for n, f in list(globals().items()) if callable(f) and getattr(f, "__code__", None)
             and f.__code__.co_varnames[:1] == ("w",)
             and f.__code__.co_argcount == 1 and f not in (usual, leaves_nothing_behind)
             and (not wanted or n in wanted)]
    cases.sort(key=lambda f: f not in SLOW)
    w.start_sshd()
    good = True
    while (n := take(counter)) < len(cases):
        good = try_case(w, cases[n]) and good
    return 0 if try_case(w, leaves_nothing_behind) and good else 1


if __name__ == "__main__":
    sys.exit(main())
