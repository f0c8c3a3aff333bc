# SPDX-License-Identifier: Apache-2.0
"""What an auditor asks of the usage records."""
import base64
import hashlib
import json
import re
import time


def test_unknown_names(s):
    """A name that nothing has is an error that says how to list them, never an empty table."""
    for option, value, how in [('--client', 'nobody', 'client list'),
                               ('--person', 'x' * 22, 'device list'),
                               ('--unit', '12430000100000008J', 'unit list'),
                               ('--item', 'nope', 'item list'),
                               ('--event', 'login.foo', 'login.redeem'),
                               ('--reason', 'foo', 'not_mine'),
                               ('--transaction', 'A' * 22, 'usage list')]:
        r = s.ctl('usage', 'list', option, value)
        if option == '--unit' and r.returncode == 2:
            continue                       # not even a code
        assert r.returncode == 1 and r.stdout == '' and how in r.stderr, (option, r)
        j = s.ctl('--json', 'usage', 'list', option, value)
        assert j.returncode == 1 and json.loads(j.stdout)['error'], (option, j)
    for option, value in [('--role', 'boss'), ('--result', 'good'), ('--address', '1.2'),
                          ('--limit', '-1'), ('--before', 'x'), ('--from', 'x'), ('--unit', 'x')]:
        r = s.ctl('usage', 'list', option, value)
        assert r.returncode == 2 and r.stdout == '' and option in r.stderr, (option, r)
        r = s.ctl('usage', 'list', option, value, lang='zh_CN.UTF-8')
        assert re.search('[一-鿿]', r.stderr), (option, r)


def test_pages(s):
    """More than shown is announced with the command for the next page; all pages together are all
    records."""
    every = [r['seq'] for r in s.records()]
    seen, words = [], ['--limit', '4']
    for _ in range(len(every)):
        r = s.ctl('usage', 'list', *words)
        rows = [int(line.split()[0]) for line in r.stdout.splitlines()[1:]
                if re.match(r'\d+ +\d{4}-', line)]
        seen += rows
        more = re.search(r'^(\d+) of (\d+), next: unitpassctl usage list(.*)$', r.stdout, re.M)
        if more is None:
            break
        assert int(more[1]) == 4 and int(more[2]) == len(every) - len(seen) + 4, \
            (more[0], len(every), seen)
        assert more[3].split()[-2:] == s.of['unitpassctl'][1:], 'the command works as it stands'
        words = more[3].split()
    assert seen == every, (seen, every)
    r = s.ctl('--json', 'usage', 'list', '--limit', '1')
    assert len(r.stdout.splitlines()) == 1 and ', next: ' in r.stderr, r
    assert 'next' not in s.ctl('usage', 'list', '--limit', '0').stdout


def test_filters(s):
    """By reason, role and address, of the browser and of the phone alike."""
    s.login()
    by = s.records('--address', '203.0.113.77')
    assert by and all('203.0.113.77' in (r.get('initiator_ip'), r.get('holder_ip')) for r in by)
    assert any(r['event'] == 'enrolment.done' for r in s.records('--address', '127.0.0.1'))
    assert s.records('--address', '203.0.113.78') == []
    assert all(r['role'] == 'principal' for r in s.records('--role', 'principal'))
    assert s.records('--role', 'user') == []


def test_show(s):
    """By number, id and receipt; the hash is printed, and compared with the receipt's."""
    receipt = s.login()['usage_receipt']
    r = s.ctl('--json', 'usage', 'show', json.dumps(receipt))
    record = json.loads(r.stdout)
    assert record['id'] == receipt['record'] and record['leaf_hash'] == receipt['leaf_hash'], record
    assert record['event'] == 'login.redeem'
    seconds = record['time_ms'] // 1000
    local = time.strftime('%Y-%m-%dT%H:%M:%S+08:00', time.gmtime(seconds + 8 * 3600))
    assert record['time'] == local, record
    whole = json.dumps({'access_token': 'x', 'usage_receipt': receipt})
    for words, stdin in [(str(record['seq']), ''), (record['id'], ''), (whole, ''), ('-', whole)]:
        r = s.ctl('usage', 'show', words, stdin=stdin)
        assert r.returncode == 0, r
        assert receipt['leaf_hash'] in r.stdout and record['id'] in r.stdout, r
        assert re.search(r'time_ms +\d+\n +time +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d \+08:00',
                         r.stdout), r
    line = next(x for x in s.ctl('--json', 'usage', 'list', '--limit', '0').stdout.splitlines()
                if f'"id":"{record["id"]}"' in x)
    leaf = base64.urlsafe_b64encode(hashlib.sha256(b'\0' + line.encode()).digest()).rstrip(
        b'=').decode()
    assert leaf == receipt['leaf_hash'], 'the printed hash is not that of the canonical bytes'
    other = {**receipt, 'leaf_hash': 'A' * 43}
    assert s.ctl('usage', 'show', json.dumps(other)).returncode == 1
    for wrong in ('999999', 'A' * 22, '{}', '{"record":1,"leaf_hash":2}'):
        r = s.ctl('usage', 'show', wrong)
        assert r.returncode == 1 and r.stdout == '' and r.stderr, (wrong, r)
    assert s.ctl('usage', 'show', 'foo').returncode == 2


def test_dashed_ids(s):
    """An id may begin with '-': it is found, or said to be unknown, but never taken for options."""
    for dashed in ('-bcdefghijklmnopqrstuA', '--cdefghijklmnopqrstuA'):
        for words in [('usage', 'show', dashed), ('--json', 'usage', 'show', dashed),
                      ('device', 'end', dashed), ('device', 'end', '--', dashed),
                      ('usage', 'show', dashed, '--json')]:
            r = s.ctl(*words)
            assert r.returncode == 1 and dashed in r.stderr, (words, r)
    for words in [('usage', 'show', '-bcd'), ('usage', 'show', '-bcdefghijklmnopqrstuA', '3'),
                  ('usage', 'list', '-bcdefghijklmnopqrstuA')]:
        r = s.ctl(*words)
        assert r.returncode == 2 and r.stdout == '', (words, r)


def test_results(s):
    """Who refuses, and what timed out or was stale, has the result it means, and names the unit."""
    for words, reason in [(('--deny',), None), (('--not-mine',), 'not_mine')]:
        begun = s.begin()
        assert s.approve(begun['user_code'], *words).returncode == 0
        last = s.records('--event', 'login.deny')[0]
        assert (last['result'], last.get('reason')) == ('refused', reason), last
        assert last['unit_code'] == s.of['unit'] and last['unit_name'] == s.of['unit_name'], last
    bad = s.holder('--json', 'scan', s.of['issuer'] + '/q/' + 'A' * 22 + '.1.' + 'B' * 22, '--yes',
                   '--password-file', s.of['holder_password_file'])
    assert bad.returncode == 1, bad
    last = s.records('--event', 'login.scan')[0]
    assert last['result'] == 'refused' and last['unit_code'] == s.of['unit'], last
    assert s.records('--reason', 'not_mine')
