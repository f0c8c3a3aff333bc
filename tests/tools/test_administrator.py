# SPDX-License-Identifier: Apache-2.0
"""What an administrator does, and what the journal and the metrics tell of it."""
import json
import os
import re
import subprocess

from scene import GRANT, until


def test_client_ends(s):
    """disable acts at once on the running server: no new login, no old code; enable brings no old
    code back."""
    begun = s.begin()
    waiting = s.begin()
    assert s.approve(begun['user_code']).returncode == 0
    name = s.of['static_client_id']
    r = s.ctl('client', 'disable', name)
    assert r.returncode == 0, r
    until('the end of logins', lambda: s.post('/device_authorization')[0] == 401)
    assert s.post('/token', grant_type=GRANT, device_code=begun['device_code'])[0] == 401
    assert s.approve(waiting['user_code']).returncode == 1
    shown = json.loads(s.ctl('--json', 'client', 'show', name).stdout)
    assert shown['status'] == 'disabled' and shown['client_id'] == name, shown
    assert s.ctl('client', 'disable', name).returncode == 1
    assert s.ctl('--json', 'client', 'enable', name).returncode == 0
    until('logins again', lambda: s.post('/device_authorization')[0] == 200)
    status, answer = s.post('/token', grant_type=GRANT, device_code=begun['device_code'])
    assert status == 400 and answer['error'] in ('expired_token', 'invalid_grant'), answer
    assert s.approve(waiting['user_code']).returncode == 1
    s.login()
    for verb in ('show', 'disable', 'enable', 'remove'):
        r = s.ctl('client', verb, 'nobody')
        assert r.returncode == 1 and 'client list' in r.stderr, r
    events = [(r['event'], r['operator'], r['before'], r['after'])
              for r in s.records('--client', name)
              if r['event'].startswith('client.') and r['event'] != 'client.add']
    who = 'auditor-wang' if os.getuid() == 0 else None
    live, off = '{"status":"live"}', '{"status":"disabled"}'
    assert [(e[0], e[2], e[3]) for e in events] == [('client.enable', off, live),
                                                    ('client.disable', live, off)], events
    assert who is None or all(e[1] == who for e in events), events


def test_client_remove(s):
    """removed for good: not listed, its id not given again, its record there."""
    new = ['client', 'add', 'gone', '--name', '临时', '--origin', 'https://gone.example.org']
    assert s.ctl(*new).returncode == 0 and s.ctl('client', 'remove', 'gone').returncode == 0
    assert '"gone"' not in s.ctl('--json', 'client', 'list').stdout
    assert '"gone"' in s.ctl('--json', 'client', 'list', '--all').stdout
    assert s.ctl(*new).returncode == 1 and s.ctl('client', 'enable', 'gone').returncode == 1
    assert [r['event'] for r in s.records('--client', 'gone')] == ['client.remove', 'client.add']


def test_enrol_names_unit(s):
    """The clerk sees name and code of the unit before the code."""
    person = s.of['persons'][3]
    path = s.base + '/person.json'
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), 'w') as f:
        json.dump(person, f)
    unit = next(u for u in json.loads(s.ctl('--json', 'unit', 'list').stdout)['units']
                if u['code'] != s.of['unit'])
    r = s.ctl('enrol', '--unit', unit['code'], '--person-file', path)
    assert r.returncode == 0, r
    before = r.stdout[:r.stdout.index('/e/')]
    assert unit['name'] in before and unit['code'] in before, r.stdout
    r = s.ctl('--json', 'enrol', '--unit', unit['code'], '--person-file', path)
    assert json.loads(r.stdout)['unit_name'] == unit['name'], r


def test_journal(s):
    """One event, one line, with a tag and key=value; neither code, secret nor name."""
    start = len(s.log())
    begun = s.begin()
    wrong = s.base + '/wrong'
    with open(os.open(wrong, os.O_WRONLY | os.O_CREAT, 0o600), 'w') as f:
        f.write('wrong-password-1\n')
    r = s.holder('--json', 'scan', begun['user_code'], '--yes', '--password-file', wrong)
    assert json.loads(r.stdout)['error'] == 'wrong_password', r
    s.login()
    assert s.approve(s.begin()['user_code'], '--not-mine').returncode == 0
    lines = s.log()[start:].splitlines()
    tags = [line.split(' ')[2] for line in lines]
    for tag in ('wrong_password', 'login', 'login_denied'):
        assert tags.count(tag) == 1, (tag, lines)
    login = lines[tags.index('login')]
    for word in (f'unit="{s.of["unit"]}"', 'role="principal"',
                 f'client="{s.of["static_client_id"]}"',
                 'ip="203.0.113.77"', 'transaction="', 'ms="'):
        assert word in login, (word, login)
    assert 'reason="not_mine"' in lines[tags.index('login_denied')]
    text = '\n'.join(lines)
    for secret in (begun['device_code'], begun['user_code'], 'wrong-password',
                   s.of['static_client_secret'], s.of['unit_name'], '张'):
        assert secret not in text, secret


def test_metrics(s):
    """Logins by client and result, and the histogram, as Prometheus reads them."""
    def value(name):
        found = re.search('^' + re.escape(name) + r' (\S+)$', s.admin('/metrics'), re.M)
        return float(found[1]) if found else 0.0
    client = s.of['static_client_id']
    started = f'unitpass_logins_started_total{{client="{client}"}}'
    ended = f'unitpass_logins_ended_total{{client="{client}",result="%s"}}'
    before = [value(started), value(ended % 'ok'), value(ended % 'denied'),
              value('unitpass_login_duration_seconds_count')]
    s.login()
    assert s.approve(s.begin()['user_code'], '--deny').returncode == 0
    after = [value(started), value(ended % 'ok'), value(ended % 'denied'),
             value('unitpass_login_duration_seconds_count')]
    assert [b - a for a, b in zip(before, after)] == [2, 1, 1, 1], (before, after)
    text = s.admin('/metrics')
    buckets = [int(n) for n in re.findall(r'^unitpass_login_duration_seconds_bucket\{le="[^"]+"\} '
                                          r'(\d+)$', text, re.M)]
    assert buckets == sorted(buckets) and buckets[-1] == after[3] and 'le="+Inf"' in text, buckets
    names = re.findall(r'^# TYPE (\S+) (\S+)$', text, re.M)
    assert len(names) == len({n for n, _ in names}), 'a family is declared twice'
    for line in text.splitlines():
        assert re.match(r'(# (HELP|TYPE) [a-z_]+ .+|'
                        r'[a-z_]+(\{[a-z_]+="[^"]*"(,[a-z_]+="[^"]*")*\})? [0-9.]+)$',
                        line), line


def test_database_copy(s):
    """A site goes on from a copy of its database; what is there already is not written over, and
    no password comes over the command line."""
    conf = s.of['unitpassctl'][s.of['unitpassctl'].index('-c') + 1]
    with open(conf) as f:
        text = f.read()
    old, password = s.of['files']['database'], s.of['files']['database_password']
    given = ['--from-password-file', password] if password else []
    new = s.base + '/copied.db'
    words = ['database', 'copy', '--from', old, *given, '--to', new]
    r = s.ctl('--json', *words)
    assert r.returncode == 0, r
    told = json.loads(r.stdout)
    assert told['rows'] == sum(told['tables'].values()), told
    assert told['tables']['usage'] == len(s.records()) > 0, told
    assert re.search(r'^compared usage: (\d+)/\1$', r.stderr, re.M), r.stderr
    assert os.stat(new).st_mode & 0o777 == 0o600
    assert os.stat(new).st_uid == os.stat(s.dir + '/var').st_uid
    r = s.ctl('--json', *words)
    assert r.returncode == 1 and json.loads(r.stdout)['error'] == 'not_empty', r
    with open(s.base + '/copied.conf', 'w') as f:
        text = text.replace(f'"{old}"', f'"{new}"')
        f.write(re.sub(r'^database_password_file.*\n', '', text, flags=re.M))
    there = subprocess.run([s.of['unitpassctl'][0], '-c', s.base + '/copied.conf', '--json',
                            'usage', 'list', '--limit', '0'], capture_output=True, text=True,
                           check=True).stdout
    assert [json.loads(line) for line in there.splitlines()] == s.records()
    assert s.ctl('database', 'copy', '--from', old, '--to', old).returncode == 2
    r = s.ctl('database', 'copy', '--from', old, '--to', 'postgresql://u:secret@h/d')
    assert r.returncode == 2 and 'secret' not in r.stderr, r
    r = s.ctl('database', 'copy', '--from', s.base + '/nothing.db', '--to', s.base + '/x.db')
    assert r.returncode == 1 and 'nothing.db' in r.stderr, r
    assert not os.path.exists(s.base + '/x.db')
