# SPDX-License-Identifier: Apache-2.0
"""What the person at the terminal can do, and cannot."""
import base64
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request

from signin import ACCEPTED, BROKEN, DENIED, UNAVAILABLE, login, refused_at_once, usual
from terminal import Terminal
from world import OTHER, OTHER_UNIT, UNIT, USER, code

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
    """At 1 % the next attempt is 50 s away: no terminal is as slow as that."""
    ladder(w)
    w.limit(1)
    try:
        spend_attempts(w, "192.0.2.99")
        t = w.pamtester(items=["rhost=192.0.2.99"], lang="C")
        t.end()
    finally:
        w.limit(100)
    assert "Too many attempts" in t.text and DENIED in t.text and t.status != 0, t.text


def spend_attempts(w, ip):
    """All that may begin from IP."""
    secret = open(f"{w.dir}/site/keys-portal/terminal.secret").read().strip()
    form = urllib.parse.urlencode({"client_id": "terminal", "client_secret": secret,
                                   "scope": "openid unit", "initiator_ip": ip}).encode()
    for _ in range(300):
        try:
            urllib.request.urlopen(w.site["issuer"] + "/device_authorization", form).close()
        except urllib.error.HTTPError as err:
            assert err.code == 429, err
            return
    raise AssertionError(f"{ip} may begin for ever")


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
