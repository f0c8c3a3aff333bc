# SPDX-License-Identifier: Apache-2.0
"""Works through the cases of all parts, by name. Started by tests/pam/run."""
import fcntl
import os
import sys
import threading
import time
import traceback

import broken
import hosts
import person
import words
from terminal import Terminal
from world import World


def leaves_nothing_behind(w):
    time.sleep(0.5)
    assert not w.helpers()
    assert not os.listdir("/dev/shm"), os.listdir("/dev/shm")


PARTS = words, broken, hosts, person
# the longest waits first
SLOW = [broken.refuses_when_the_server_goes_away, person.counts_too_many_attempts_as_no,
        words.maps_identities_to_accounts, words.refuses_a_late_enter,
        words.refuses_after_the_time]


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
    cases = [f for part in PARTS for n, f in vars(part).items()
             if getattr(f, "__module__", "") == part.__name__
             and f.__code__.co_varnames[:1] == ("w",) and f.__code__.co_argcount == 1
             and (not wanted or n in wanted)]
    cases.sort(key=lambda f: f not in SLOW)
    w.start_sshd()
    good = True
    while (n := take(counter)) < len(cases):
        good = try_case(w, cases[n]) and good
    return 0 if try_case(w, leaves_nothing_behind) and good else 1


if __name__ == "__main__":
    sys.exit(main())
