# SPDX-License-Identifier: Apache-2.0
"""The answers yes and no: the picture and the words at the terminal, and what is required."""
import os
import re
import time

from signin import ACCEPTED, BROKEN, DENIED, FORBIDDEN, UNKNOWN, login, refused_at_once, usual
from world import OTHER, OTHER_UNIT, UNIT, USER, code, scanned

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
