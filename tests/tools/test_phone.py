# SPDX-License-Identifier: Apache-2.0
"""What the phone sees, and its end: the last, for the others sign in with it."""
import json
import os

from scene import GRANT, answer_of


def test_phone_pages(s):
    """The phone sees what its certificate was used for, all of it, page by page; and changes."""
    words, seen = ['--limit', '3'], []
    records = s.records('--unit', s.of['unit'])
    every = [r['seq'] for r in records if r['event'].startswith('login.')]
    assert 3 < len(every) < len(records)
    for _ in range(len(every)):
        r = s.holder('--json', 'usage', *words)
        assert r.returncode == 0, r
        page = json.loads(r.stdout)
        seen += [x['seq'] for x in page['records']]
        if 'next' not in page:
            break
        words = ['--limit', '3', '--before', str(page['next'])]
    assert seen == every, (seen, every)
    assert '--before' in s.holder('usage', '--limit', '1').stdout
    one = json.loads(s.holder('--json', 'changes', '--event', 'enrolment.done').stdout)['records']
    assert [x['event'] for x in one] == ['enrolment.done'], one
    for wrong in (['--before', 'x'], ['--limit', '0'], ['--event', 'login.foo'], ['--from', 'x'],
                  ['--event', 'enrolment.done'], ['--event', 'client.add']):
        r = s.holder('usage', *wrong)
        assert r.returncode == 2, (wrong, r)
    r = s.holder('usage', '--event', 'unit.add', lang='zh_CN.UTF-8')
    assert 'unitpass-holder changes' in r.stderr and 'login.redeem' in r.stderr, r
    assert s.holder('--json', 'usage', '--certificate', '999').returncode == 1


def test_suspended(s):
    """Another legal representative: she can do nothing until the window has confirmed her."""
    unit = s.of['unit']
    done = answer_of(s.ctl('--json', 'unit', 'change', unit, '--legal-representative', '钱某某'))
    assert done['principal_suspended'], done
    assert '钱某某' not in s.ctl('--json', 'usage', 'list', '--unit', unit).stdout
    listed = answer_of(s.ctl('--json', 'holder', 'list', '--unit', unit))['holders']
    assert [h['status'] for h in listed] == ['suspended'], listed
    r = s.approve(s.begin()['user_code'])
    assert r.returncode == 1 and 'confirmed at the window' in r.stderr, r
    last = s.records('--unit', unit, '--event', 'login.scan')[0]
    assert last['reason'] == 'principal_suspended' and last['role'] == 'principal', last
    for command in ('usage', 'changes'):
        r = s.holder(command, lang='zh_CN.UTF-8')
        assert r.returncode == 1 and '窗口重新确认' in r.stderr, r
    person = s.dir + '/etc/person.json'
    text = answer_of(s.ctl('--json', 'enrol', '--unit', unit, '--person-file', person))['text']
    r = s.holder('enrol', text, '--person-file', person, '--password-file',
                 s.of['holder_password_file'], '--agree', '--yes')
    assert r.returncode == 0, r
    s.login()


def test_replaced(s):
    """Another principal only where the clerk says so; who is there and what ends is told."""
    unit, mine = s.of['unit'], s.dir + '/etc/person.json'
    other = s.base + '/other.json'
    with open(os.open(other, os.O_WRONLY | os.O_CREAT, 0o600), 'w') as f:
        json.dump(s.of['persons'][4], f)
    enrol = ['enrol', '--unit', unit, '--person-file']
    for lang, words in (('C.UTF-8', 'in her place: --replace'), ('zh_CN.UTF-8', '请加 --replace')):
        r = s.ctl(*enrol, other, lang=lang)
        assert r.returncode == 1 and words in r.stderr and '*' in r.stderr, r
    s.login()
    # she herself, on another phone some day: nobody ends, with the option or without
    for more in ([], ['--replace']):
        answer_of(s.ctl('--json', *enrol, mine, *more))
    s.login()
    r = s.ctl(*enrol, other, '--replace')
    assert r.returncode == 0 and 'ends at once' in r.stderr and 'managers 0' in r.stderr, r
    ended = s.records('--unit', unit, '--event', 'people.delete')[0]
    assert ended['channel'] == 'window' and '"principal"' in ended['before'], ended
    assert s.approve(s.begin()['user_code']).returncode == 1
    # who has not taken it gives way
    text = answer_of(s.ctl('--json', *enrol, mine))['text']
    r = s.holder('enrol', text, '--person-file', mine, '--password-file',
                 s.of['holder_password_file'], '--agree', '--yes')
    assert r.returncode == 0, r
    s.login()


def test_device_ends(s):
    """The last: the site's phone ends, at once, and says so."""
    listed = json.loads(s.ctl('--json', 'device', 'list', '--unit', s.of['unit']).stdout)['devices']
    assert len(listed) == 1 and listed[0]['units'] == s.of['unit'], listed
    begun = s.begin()
    assert s.approve(begun['user_code']).returncode == 0
    r = s.ctl('device', 'end', listed[0]['device'])
    assert r.returncode == 0, r
    status, answer = s.post('/token', grant_type=GRANT, device_code=begun['device_code'])
    assert status == 400 and answer['error'] == 'access_denied', answer
    r = s.approve(s.begin()['user_code'])
    assert r.returncode == 1 and json.loads(r.stdout)['error'] == 'device_ended', r
    last = s.records('--event', 'device.end')[0]
    assert last['device'] == listed[0]['device'] and last['unit_code'] == s.of['unit'], last
    r = s.ctl('device', 'end', listed[0]['device'])
    assert r.returncode == 1, r
    r = s.ctl('device', 'end', 'x')
    assert r.returncode == 1 and 'device list' in r.stderr, r
    assert json.loads(s.ctl('--json', 'device', 'list').stdout)['devices'] == []
    ever = json.loads(s.ctl('--json', 'device', 'list', '--all').stdout)['devices']
    assert [d['device'] for d in ever].count(listed[0]['device']) == 1, ever
