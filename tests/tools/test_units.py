# SPDX-License-Identifier: Apache-2.0
"""Units that change, who acts for them, and items that end."""
import calendar
import json
import os
import time

from scene import answer_of, until

DAY = 86400
CHINA = 8 * 3600


def day(offset=0):
    """A day in China, OFFSET days from today."""
    return time.strftime('%Y-%m-%d', time.gmtime(time.time() + CHINA + offset * DAY))


def five_years_to(last):
    """The first day of the five years whose last day is LAST."""
    after = time.gmtime(calendar.timegm(time.strptime(last, '%Y-%m-%d')) + DAY)
    return '%04d-%02d-%02d' % (after.tm_year - 5, after.tm_mon, after.tm_mday)


def import_unit(s, code, **more):
    unit = {'code': code, 'name': '变更测试院', 'legal_representative': '赵某某',
            'address': '一号路', 'certificate': 'T-' + code[-4:], 'valid_from': day(-100),
            'authority': '湖南省事业单位登记管理局', **more}
    path = s.base + '/units.json'
    with open(path, 'w') as f:
        json.dump([unit], f)
    assert answer_of(s.ctl('--json', 'unit', 'import', path))['imported'] == 1


def test_unit_changes(s):
    """Another version of the certificate; what is wrong with a change is said by its name."""
    code = '1243000010000042XX'
    import_unit(s, code)
    change = ('--json', 'unit', 'change', code)
    done = answer_of(s.ctl(*change, '--name', '新变更测试院', '--address', ' 二号路 ', '--yes'))
    assert done == {'unit': code, 'changed': 2, 'certificate_version': 2,
                    'principal_suspended': False}, done
    shown = answer_of(s.ctl('--json', 'unit', 'show', code))
    assert shown['name'] == '新变更测试院' and shown['certificate_version'] == 2, shown
    assert shown['fields']['address'] == '二号路', shown
    # a script is not asked; the same again is nothing
    assert answer_of(s.ctl(*change, '--address', '二号路'))['changed'] == 0
    record = s.records('--unit', code)[0]
    assert record['event'] == 'unit.change' and record['operator'] == 'auditor-wang', record
    assert json.loads(record['before']) == {'name': '变更测试院', 'address': '一号路',
                                            'certificate_version': 1}, record
    for words, said in ((('--name', ''), 'name'), (('--valid-to', day(9)), 'valid_to'),
                        (('--certificate', 'x' * 41), 'certificate'),
                        (('--name', 'a\u200bb'), 'name')):
        r = s.ctl(*change, *words)
        assert answer_of(r, 1)['error'] == 'field' and said in r.stderr, r
    assert s.ctl(*change).returncode == 2
    assert answer_of(s.ctl('--json', 'unit', 'change', '124300001000001390', '--name', 'x'),
                     1)['error'] == 'not_found'
    # as it stood: today it is there, yesterday it was not
    assert answer_of(s.ctl('--json', 'unit', 'show', code, '--at', day()))['name'] == '新变更测试院'
    assert answer_of(s.ctl('--json', 'unit', 'show', code, '--at', day(-1)), 1)['error'] == \
        'not_found'
    assert s.ctl('unit', 'show', code, '--at', day(2)).returncode == 2
    assert s.ctl('unit', 'show', code, '--at', '2026-02-30').returncode == 2
    units = answer_of(s.ctl('--json', 'unit', 'list', '--at', day()))['units']
    assert code in [u['code'] for u in units], units


def test_unit_renewed(s):
    """In the last 30 days, from today on; not before, and not when it is over."""
    early, late, over = '1243000010000042XX', '124300001000001390', '124300000000000000'
    import_unit(s, late, valid_from=five_years_to(day(29)))
    import_unit(s, over, valid_from=five_years_to(day(-1)))
    r = s.ctl('--json', 'unit', 'renew', early)
    assert answer_of(r, 1)['error'] == 'early' and '30' in r.stderr, r
    assert answer_of(s.ctl('--json', 'unit', 'renew', over), 1)['error'] == 'expired'
    done = answer_of(s.ctl('--json', 'unit', 'renew', late))
    assert done['valid_from'] == day() and done['certificate_version'] == 2, done
    assert five_years_to(done['valid_to']) == day(), done
    assert answer_of(s.ctl('--json', 'unit', 'renew', late), 1)['error'] == 'early'
    # another certificate for the one that is void
    done = answer_of(s.ctl('--json', 'unit', 'change', over, '--certificate', 'T-NEW',
                           '--valid-from', day()))
    assert done['certificate_version'] == 2, done
    shown = answer_of(s.ctl('--json', 'unit', 'show', over))
    assert (shown['certificate'], shown['valid_from']) == ('T-NEW', day()), shown
    assert five_years_to(shown['valid_to']) == day(), shown


def test_nobody_is_enrolled_without_a_certificate_in_force(s):
    """A code that no phone could take is not made; the lists show why."""
    over, early = '12430000MB1234562D', '12430000MB7654322W'
    import_unit(s, over, valid_from=five_years_to(day(-1)))
    import_unit(s, early, valid_from=day(3))
    path = s.base + '/person.json'
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), 'w') as f:
        json.dump(s.of['persons'][3], f)
    for code, state, said, zh in ((over, 'over', 'ran out on ' + day(-1), '证书已到期'),
                                  (early, 'not_yet', day(3), '证书未生效')):
        words = ('enrol', '--unit', code, '--person-file', path)
        r = s.ctl('--json', *words)
        assert answer_of(r, 1)['error'] == {'over': 'expired', 'not_yet': 'early'}[state], r
        assert said in s.ctl(*words).stderr
        unit = answer_of(s.ctl('--json', 'unit', 'show', code))
        assert (unit['status'], unit['certificate_status']) == ('live', state), unit
        assert 'principal' not in unit, unit
        units = answer_of(s.ctl('--json', 'unit', 'list'))['units']
        assert [u['certificate_status'] for u in units if u['code'] == code] == [state]
        for shown in (('show', code), ('list',)):
            assert zh in s.ctl('unit', *shown, lang='zh_CN.UTF-8').stdout, shown
            assert 'certificate ' in s.ctl('unit', *shown).stdout, shown


def test_unit_cancelled(s):
    code = '1243000010000042XX'
    r = s.ctl('unit', 'cancel', code, '--yes')
    assert r.returncode == 0 and '0 principal' in r.stdout, r
    assert answer_of(s.ctl('--json', 'unit', 'cancel', code), 1)['error'] == 'unchanged'
    # nothing is announced that then does not come
    for words in (('cancel', code), ('renew', code), ('change', code, '--name', 'x')):
        r = s.ctl('unit', *words, '--yes')
        assert (r.returncode, r.stdout) == (1, '') and 'cancelled' in r.stderr, r
    assert answer_of(s.ctl('--json', 'unit', 'show', code))['status'] == 'ended'
    assert [x['event'] for x in s.records('--unit', code)][0] == 'unit.cancel'
    assert answer_of(s.ctl('--json', 'unit', 'change', code, '--name', 'x'), 1)['error'] == 'state'


def test_holders(s):
    """Who acts for a unit, now and on a day; as a list and as a tree."""
    unit = s.of['unit']
    one, = answer_of(s.ctl('--json', 'holder', 'list', '--unit', unit))['holders']
    assert (one['role'], one['status'], one['unit']) == ('principal', 'live', unit), one
    for words in ((unit,), (one['ref'],), (unit, '--at', day()), (one['ref'], '--all')):
        tree = answer_of(s.ctl('--json', 'holder', 'show', *words))
        assert tree['unit'] == unit and [h['ref'] for h in tree['holders']] == [one['ref']], tree
    assert answer_of(s.ctl('--json', 'holder', 'show', unit, '--at', day(-1)))['holders'] == []
    for lang, word in (('en_US.UTF-8', 'principal'), ('zh_CN.UTF-8', '第一管理责任人')):
        assert word in s.ctl('holder', 'show', unit, lang=lang).stdout, lang
        assert word in s.ctl('holder', 'list', '--role', 'principal', lang=lang).stdout, lang
    assert answer_of(s.ctl('--json', 'holder', 'list', '--unit', unit, '--role', 'user')) == \
        {'holders': []}
    assert answer_of(s.ctl('--json', 'grant', 'list', '--unit', unit, '--at', day())) == \
        {'grants': []}
    for words in (('holder', 'show', 'x'), ('holder', 'end', 'x' * 22),
                  ('grant', 'list', '--user', 'x' * 22)):
        assert answer_of(s.ctl('--json', *words), 1)['error'] == 'holder', words
    for words in (('holder', 'list', '--role', 'boss'), ('holder', 'list', '--at', '1'),
                  ('grant', 'list', '--at', day(), '--all')):
        assert s.ctl(*words).returncode == 2, words


def test_item_ends(s):
    client = s.of['static_client_id']
    assert s.post('/device_authorization', item='short')[0] == 400
    assert s.ctl('item', 'add', 'short', '--name', '短', '--client', client).returncode == 0
    # a server that runs learns it by itself, and that it is over
    until('the item', lambda: s.post('/device_authorization', item='short')[0] == 200)
    assert answer_of(s.ctl('--json', 'item', 'end', 'short'))['status'] == 'ended'
    assert answer_of(s.ctl('--json', 'item', 'end', 'short'), 1)['error'] == 'unchanged'
    assert s.ctl('item', 'end', 'short', '--yes').stdout == ''
    until('its end', lambda: s.post('/device_authorization', item='short')[0] == 400)
    assert answer_of(s.ctl('--json', 'item', 'end', 'none'), 1)['error'] == 'item'
    items = {i['item']: i['status']
             for i in answer_of(s.ctl('--json', 'item', 'list', '--all'))['items']}
    assert items['short'] == 'ended', items
    assert 'short' not in s.ctl('--json', 'item', 'list').stdout
    assert s.ctl('item', 'add', 'short', '--name', '短', '--client', client).returncode == 1
