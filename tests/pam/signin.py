# SPDX-License-Identifier: Apache-2.0
"""How the cases sign in with pamtester, and what it says of the answer."""
from world import UNIT, USER, code

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
