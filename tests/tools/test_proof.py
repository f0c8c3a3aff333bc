# SPDX-License-Identifier: Apache-2.0
"""What a phone signed, proved to a third party: by our tool, and by OpenSSL alone."""
import base64
import hashlib
import json
import os
import subprocess

HEAD = bytes.fromhex('3059301306072a8648ce3d020106082a8648ce3d030107034200' + '04')


def raw(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def integer(b):
    b = b.lstrip(b'\0')
    b = b'\0' + b if b[:1] >= b'\x80' else b
    return b'\x02' + bytes([len(b)]) + b


def openssl(s, proof, key):
    """Is it this key's signature, by a program that is not ours?"""
    head, claims, sig = proof.split('.')
    r, v = integer(raw(sig)[:32]), integer(raw(sig)[32:])
    der = {'sig': b'\x30' + bytes([len(r + v)]) + r + v,
           'key': HEAD + raw(key['x']) + raw(key['y']),
           'data': f'{head}.{claims}'.encode()}
    for name, content in der.items():
        with open(f'{s.base}/{name}', 'wb') as f:
            f.write(content)
    return subprocess.run(['openssl', 'dgst', '-sha256', '-verify', s.base + '/key', '-keyform',
                           'DER', '-signature', s.base + '/sig', s.base + '/data'],
                          capture_output=True).returncode == 0


def prove(s, record):
    path = s.base + '/proof.json'
    if os.path.exists(path):
        os.remove(path)
    r = s.ctl('usage', 'prove', record['id'], '--out', path)
    assert r.returncode == 0, r
    with open(path, encoding='utf-8') as f:
        return r.stdout, json.load(f)


def verify(s, proof, *words, **more):
    return s.ctl('-c', '/nonexistent', *words, 'usage', 'verify', '-', stdin=json.dumps(proof),
                 **more)


def test_login_proved(s):
    """A login's decision, whole: who signed what, without the database, and by OpenSSL."""
    receipt = s.login()['usage_receipt']
    redeem = json.loads(s.ctl('--json', 'usage', 'show', json.dumps(receipt)).stdout)
    approve, = s.records('--transaction', redeem['transaction'], '--event', 'login.approve')
    said, proof = prove(s, approve)
    assert said.startswith('good: ') and 'approved' in said and approve['device'] in said, said
    record = json.loads(proof['record'])
    assert record == approve
    leaf = base64.urlsafe_b64encode(hashlib.sha256(b'\0' + proof['record'].encode()).digest())
    assert leaf.decode().rstrip('=') == proof['leaf_hash']
    assert hashlib.sha256(proof['proof'].encode()).hexdigest() == record['evidence']
    decision = json.loads(raw(proof['proof'].split('.')[1]))['decision']
    assert (decision['transaction'], decision['unit']) == (
        record['transaction'], record['unit_code']), decision
    assert openssl(s, proof['proof'], proof['key'])
    assert verify(s, proof).stdout == said
    zh = verify(s, proof, lang='zh_CN.UTF-8').stdout
    assert '核验通过' in zh and '确认登录' in zh and '第一管理责任人' in zh, zh
    j = json.loads(verify(s, proof, '--json').stdout)
    assert j['good'] is True and j['signed']['decision']['decision'] == 'approve', j


def changed(text):
    return ('B' if text[0] == 'A' else 'A') + text[1:]


def test_changed_byte(s):
    """One byte, anywhere: it is said which part does not fit."""
    approve = s.records('--event', 'login.approve', '--result', 'ok')[0]
    _, proof = prove(s, approve)
    other = dict(proof['key'], x=changed(proof['key']['x']))
    sig = proof['proof'].rsplit('.', 1)
    for wrong, change in [
            ('leaf_hash', {'record': proof['record'].replace('"ok"', '"oK"')}),
            ('leaf_hash', {'leaf_hash': changed(proof['leaf_hash'])}),
            ('evidence', {'proof': sig[0] + '.' + changed(sig[1])}),
            ('key', {'key': other}), ('device', {'device': 'A' * 22})]:
        r = verify(s, {**proof, **change}, '--json')
        assert r.returncode == 1 and json.loads(r.stdout)['error'] == wrong, (wrong, r)
        r = verify(s, {**proof, **change}, lang='zh_CN.UTF-8')
        assert r.stdout == '' and wrong in r.stderr, r
    for text in ('', '{}', '[]', '{"record":1}'):
        r = s.ctl('usage', 'verify', '-', stdin=text)
        assert r.returncode == 1 and r.stderr, (text, r)


def test_enrolment_proved(s):
    """The same of what is no login; what no phone signed is said to be that."""
    done = s.records('--event', 'enrolment.done', '--unit', s.of['unit'])[0]
    said, proof = prove(s, done)
    assert '/holder/' in said and openssl(s, proof['proof'], proof['key']), said
    for event in ('unit.add', 'login.scan', 'login.redeem'):
        r = s.ctl('--json', 'usage', 'prove', str(s.records('--event', event)[0]['seq']))
        assert r.returncode == 1 and json.loads(r.stdout)['error'] == 'unsigned', r
