# SPDX-License-Identifier: Apache-2.0
"""The site on loopback that the tests of the tools share, and its tools."""
import json
import os
import shutil
import subprocess
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get('BUILD', TOP + '/build/main'))
GRANT = 'urn:ietf:params:oauth:grant-type:device_code'
MONTHS = 5 * 60                            # seconds after which something that must come is missing


class Site:
    def __init__(self):
        self.base = tempfile.mkdtemp(prefix='unitpass-tools-', dir='/tmp')
        os.chmod(self.base, 0o755)
        self.dir = self.base + '/site'
        subprocess.run([TOP + '/script/site', 'start', self.dir, '--build', BUILD,
                        '--rate', '100000'],
                       check=True,
                       stdout=subprocess.DEVNULL)
        with open(self.dir + '/site.json') as f:
            self.of = json.load(f)

    def end(self):
        subprocess.run([TOP + '/script/site', 'stop', self.dir], stdout=subprocess.DEVNULL)
        shutil.rmtree(self.base, ignore_errors=True)

    def run(self, program, *words, lang='C.UTF-8', stdin=''):
        env = {**os.environ, 'LC_ALL': lang, 'SUDO_USER': 'auditor-wang'}
        return subprocess.run([*self.of[program], *words], env=env, input=stdin, text=True,
                              capture_output=True, timeout=120)

    def ctl(self, *words, **more):
        return self.run('unitpassctl', *words, **more)

    def holder(self, *words, **more):
        return self.run('unitpass_holder', *words, **more)

    def records(self, *words):
        r = self.ctl('--json', 'usage', 'list', '--limit', '0', *words)
        assert r.returncode == 0, r
        return [json.loads(line) for line in r.stdout.splitlines()]

    def log(self):
        with open(self.of['files']['log_unitpassd']) as f:
            return f.read()

    def admin(self, path):
        return subprocess.run(['curl', '-s', '--unix-socket', self.of['files']['admin_socket'],
                               'http://admin' + path], capture_output=True, text=True,
                               check=True).stdout

    def post(self, path, **form):
        form = {'client_id': self.of['static_client_id'],
                'client_secret': self.of['static_client_secret'], **form}
        request = urllib.request.Request(self.of['issuer'] + path,
                                         urllib.parse.urlencode(form).encode())
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as err:
            return err.code, json.load(err)

    def begin(self, **form):
        status, answer = self.post('/device_authorization', initiator_ip='203.0.113.77', **form)
        assert status == 200, answer
        return answer

    def approve(self, code, *words):
        return self.holder('--json', 'scan', code, *(words or ('--yes',)), '--password-file',
                           self.of['holder_password_file'])

    def login(self):
        begun = self.begin()
        assert self.approve(begun['user_code']).returncode == 0
        status, answer = self.post('/token', grant_type=GRANT, device_code=begun['device_code'])
        assert status == 200, answer
        return answer


def answer_of(r, status=0):
    assert r.returncode == status, r
    return json.loads(r.stdout)


def until(what, test):
    end = time.monotonic() + MONTHS
    while time.monotonic() < end:
        found = test()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(what + ' did not come')
