#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Medians of what script/bench has measured, as a table and as JSON.

    report.py LINES OUT ROUNDS      LINES: one JSON object a line, its "kind" says what"""
import datetime
import json
import os
import platform
import statistics
import sys

PEERS = {"unitpass": "unitpass, SQLite", "unitpass-postgres": "unitpass, PostgreSQL",
         "oidc-provider": "node-oidc-provider, in memory",
         "glewlwyd-ram": "glewlwyd, SQLite in RAM", "glewlwyd-disk": "glewlwyd, SQLite on disk"}
REQUESTS = {
    "request": {"plain": "nginx plain", "unitpass": "nginx with unitpass",
                "auth_request": "nginx auth_request, Unix socket",
                "plain_many": "nginx plain, 1000 sessions",
                "unitpass_many": "nginx unitpass, 1000 sessions"},
    "apache": {"plain": "Apache plain", "unitpass": "Apache with unitpass",
               "oidc_shm": "mod_auth_openidc, shm",
               "oidc_cookie": "mod_auth_openidc, client-cookie",
               "oauth2": "mod_oauth2, ES256 bearer",
               "plain_many": "Apache plain, 1000 sessions",
               "unitpass_many": "Apache unitpass, 1000 sessions"},
}


def machine():
    models = [line.split(":", 1)[1].strip() for line in open("/proc/cpuinfo")
              if line.startswith("model name")]
    return {"cpu": models[0] if models else platform.machine(), "cores": os.cpu_count(),
            "kernel": f"{platform.system()} {platform.release()}",
            "time": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "load_before_report": os.getloadavg()[0]}


def summary(lines):
    """Median, least and most of each number in LINES."""
    out = {}
    for name in lines[0]:
        values = [o[name] for o in lines if isinstance(o.get(name), (int, float))]
        if values:
            out[name] = {"median": statistics.median(values), "min": min(values),
                         "max": max(values)}
    return out


def ratios(lines, whats):
    """Each round's CPU over that round's plain one with the same sessions: a machine that is slow
    for a while is slow for both."""
    rounds = {what: [o["cpu_us_per_request"] for o in lines if o["what"] == what] for what in whats}
    out = {}
    for what, values in rounds.items():
        each = [value / plain for value, plain
                in zip(values, rounds["plain_many" if what.endswith("_many") else "plain"])]
        out[what] = {"median": statistics.median(each), "min": min(each), "max": max(each)}
    return out


def spread(o, form):
    return f"{o['median']:{form}} ({o['min']:{form}}-{o['max']:{form}})"


def verdict(text, value, limit, at_least=False):
    met = value >= limit if at_least else value <= limit
    print(f"    target {text}: {'met' if met else 'NOT MET'}")
    return {"target": text, "value": value, "met": met}


def show_logins(groups, result, targets):
    print("\nComplete login (start, pending poll, frame, scan, signed confirmation, redemption); "
          "records on disk before the answer")
    print(f"  {'':34}{'CPU ms':>22}{'logins/s':>22}{'p50 ms':>9}{'p99 ms':>9}{'RSS MiB':>9}")
    for kind, title in PEERS.items():
        if kind not in groups:
            continue
        s = result[kind] = summary(groups[kind])
        p50, p99 = s.get("login_p50_ms", s.get("p50_ms")), s.get("login_p99_ms", s.get("p99_ms"))
        print(f"  {title:34}{spread(s['cpu_ms_per_login'], '.3f'):>22}"
              f"{spread(s['rate'], '.0f'):>22}{p50['median']:9.1f}{p99['median']:9.1f}"
              f"{s['rss_kb']['median'] / 1024:9.1f}")
    s = result["unitpass"]
    targets.append(verdict("CPU per login <= 0.40 ms", s["cpu_ms_per_login"]["median"], 0.40))
    targets.append(verdict("logins/s on one core >= 2300", s["rate"]["median"], 2300, True))
    # pairs of one round: what else the machine does, it does to both
    pairs = [p["cpu_ms_per_login"] / q["cpu_ms_per_login"]
             for p, q in zip(groups["unitpass-postgres"], groups["unitpass"])]
    targets.append(verdict("CPU of unitpassd, PostgreSQL / SQLite <= 1.30",
                           statistics.median(pairs), 1.30))
    s = result["paced"] = summary(groups["paced"])
    print(f"  confirm -> signed in at {s['asked_rate']['median']:.0f} logins/s "
          f"({s['rate']['median']:.0f} reached), each page on a stream: "
          f"p50 {s['confirm_p50_ms']['median']:.1f} ms, p99 {spread(s['confirm_p99_ms'], '.1f')} "
          f"ms; load late by {s['late_p99_ms']['median']:.1f} ms (p99)")
    targets.append(verdict("confirm -> signed in p99 <= 50 ms", s["confirm_p99_ms"]["median"], 50))


AUTHORITY = {"login-phones": "login of a principal", "login-users": "login of a user, by a grant",
             "login-crowd": "login of a user of the first unit",
             "users": "page of users", "grants-list": "page of grants",
             "devices": "page of phones", "grants": "a grant and its end, together"}


def of_turns(some, others):
    """Turn by turn: both saw the machine as it was then."""
    each = [a / b for a, b in zip(some, others)]
    return {"median": statistics.median(each), "min": min(each), "max": max(each)}


def show_grants(lines):
    for site in "small", "great":
        s = summary([o for o in lines if o["what"] == "grants" and o["site"] == site])
        print(f"  grants, {site}: {spread(s['rate'], '.0f')} a second given and ended; p99 "
              f"{s['add_p99_ms']['median']:.1f} ms given, {s['cancel_p99_ms']['median']:.1f} ms "
              "ended")
        yield site, s


def show_authority(lines, result, targets):
    cpu = {}
    for o in lines:
        o.setdefault("what", "login-" + o["who"])
        cpu.setdefault((o["what"], o["site"]), []).append(
            o.get("cpu_ms_per_login", o.get("cpu_ms_per_call")))
    print("\nWho acts for a unit: CPU of unitpassd in ms; a great register beside a small one")
    print(f"  {'':34}{'small':>22}{'great':>22}{'great / small':>22}")
    for what, title in AUTHORITY.items():
        small, great = cpu[what, "small"], cpu[what, "great"]
        s = result[what] = {"small": statistics.median(small), "great": statistics.median(great),
                            "ratio": of_turns(great, small)}
        print(f"  {title:34}{s['small']:22.3f}{s['great']:22.3f}{spread(s['ratio'], '.2f'):>22}")
        targets.append(verdict(f"{title}, great / small <= 1.2", s["ratio"]["median"], 1.2))
    result["grants"].update(show_grants(lines))
    users = result["user_by_principal"] = of_turns(
        cpu["login-users", "small"], cpu["login-phones", "small"])
    print(f"  login of a user / of a principal: {spread(users, '.3f')}")
    targets.append(verdict("login of a user / of a principal <= 1.05", users["median"], 1.05))


def show_requests(kind, lines, result, targets):
    names, server = REQUESTS[kind], "Apache (event)" if kind == "apache" else "nginx"
    print(f"\nSigned-in request for a file of 1 KiB, {server}")
    print(f"  {'':34}{'CPU us':>22}{'requests/s':>22}{'CPU / plain':>22}")
    of = ratios(lines, names)
    for what, title in names.items():
        s = result[what] = summary([o for o in lines if o["what"] == what])
        s["ratio"] = of[what]
        print(f"  {title:34}{spread(s['cpu_us_per_request'], '.1f'):>22}"
              f"{spread(s['rate'], '.0f'):>22}{spread(of[what], '.2f'):>22}")
    most = {"request": 1.05, "apache": 1.08}[kind]
    targets.append(verdict(f"{server}, 1000 sessions, unitpass / plain <= {most}",
                           of["unitpass_many"]["median"], most))


def show_instructions(lines, result):
    counts = {}
    for o in lines:
        counts.setdefault(o["server"], {})[o["what"]] = o["instructions"]
    result.update(counts)
    print(f"\nInstructions in the server's own processes\n  "
          f"{'a login':34}{counts['unitpassd']['login']:>22}")
    for server, kind in ("nginx", "request"), ("apache", "apache"):
        for what, n in counts[server].items():
            more = n - counts[server]["plain_many" if what.endswith("_many") else "plain"]
            print(f"  {REQUESTS[kind][what]:34}{n:>22}{f'+{more}' if more else '':>22}")


def show_waiting(lines, result, targets):
    s = summary(lines)
    result.update(s)
    print(f"\n{s['pages']['median']:.0f} login pages waiting on streams")
    print(f"  memory {spread(s['kb_per_page'], '.2f')} KiB a page with its login, CPU "
          f"{s['cpu_share']['median'] * 100:.1f} % of a core, "
          f"{s['frames_per_s']['median']:.0f} frames/s ({s['cpu_us_per_frame']['median']:.1f} us "
          f"each)")
    targets.append(verdict("memory a page <= 8 KiB", s["kb_per_page"]["median"], 8))


def main(lines_file, out_file, rounds):
    groups = {}
    for line in open(lines_file, encoding="utf-8"):
        o = json.loads(line)
        groups.setdefault(o["kind"], []).append(o)
    result = {"machine": machine(), "rounds": int(rounds), "logins": {}, "requests": {},
              "authority": {}, "apache": {}, "waiting": {}, "instructions": {},
              "targets": []}
    m = result["machine"]
    print(f"unitpass, {m['time']}: {m['cpu']}, {m['cores']} cores, {m['kernel']}; median "
          f"(least-most) of {rounds}")
    if "unitpass" in groups:
        show_logins(groups, result["logins"], result["targets"])
    if "authority" in groups:
        show_authority(groups["authority"], result["authority"], result["targets"])
    for kind, name in ("request", "requests"), ("apache", "apache"):
        if kind in groups:
            show_requests(kind, groups[kind], result[name], result["targets"])
    if "instructions" in groups:
        show_instructions(groups["instructions"], result["instructions"])
    if "waiting" in groups:
        show_waiting(groups["waiting"], result["waiting"], result["targets"])
    with open(out_file, "w", encoding="utf-8") as f:
        json.dump(result, f, indent=1)
        f.write("\n")
    print(f"\nAll figures: {out_file}")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(*sys.argv[1:])
