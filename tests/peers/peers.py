#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Sign-ins at providers that are not unitpassd. Started by "run", which says what it needs.

    peers.py [-v] [PATTERN ...]        all tests, or those whose names fit

One nginx holds a portal for each issuer. A person opens the portal's page, reads code and address
there, confirms at the provider as its own pages let her, and is back. All of a class begin
together: providers let us ask every few seconds only."""
import grp
import html
import http.client
import json
import os
import pathlib
import pwd
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import unittest
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
BUILD = pathlib.Path(os.environ['BUILD'])
PEERS = pathlib.Path(os.environ['PEERS'])
NGINX = shutil.which('nginx') or '/usr/sbin/nginx'
UNIT = '12430000100000016Y'
# Whatever RFC 6749 lets a secret hold, blanks at both ends too.
SECRET = ' a+b%41&c=d:e/f?g#h"i\\j~ '
FORM = {'Content-Type': 'application/x-www-form-urlencoded'}
PATIENCE = 60


def free_port():
    with socket.create_server(('127.0.0.1', 0)) as s:
        return s.getsockname()[1]


def wait_for(port, process):
    for _ in range(PATIENCE * 10):
        try:
            socket.create_connection(('127.0.0.1', port)).close()
            return
        except OSError:
            time.sleep(.1)
        if process.poll() is not None:
            break
    raise AssertionError(f'nobody listens on {port}')


class Browser:
    """Keeps cookies by name, follows nothing by itself."""

    def __init__(self):
        self.cookies = {}

    def ask(self, url, form=None, body=None, method=None, **headers):
        to = urllib.parse.urlsplit(url)
        connection = http.client.HTTPConnection(to.hostname, to.port, timeout=30)
        if form is not None:
            body, headers = urllib.parse.urlencode(form), {**FORM, **headers}
        if self.cookies:
            headers['Cookie'] = '; '.join(f'{name}={value}' for name, value in self.cookies.items())
        connection.request(method or ('GET' if body is None else 'POST'),
                           to.path + ('?' + to.query if to.query else ''), body, headers)
        answer = connection.getresponse()
        answer.text = answer.read().decode()
        for line in answer.headers.get_all('Set-Cookie') or []:
            name, _, value = line.partition(';')[0].partition('=')
            self.cookies[name] = value
        connection.close()
        return answer

    def browse(self, url, form=None):
        """A navigation with its redirects."""
        answer = self.ask(url, form)
        while answer.status in (302, 303):
            url = urllib.parse.urljoin(url, answer.headers['Location'])
            answer = self.ask(url)
        answer.url = url
        return answer


class Portal:
    """One login at the portal at ORIGIN, step by step."""

    def __init__(self, origin):
        self.origin = origin
        self.browser = Browser()

    def begin(self):
        answer = self.browser.ask(self.origin + '/', Accept='text/html',
                                  **{'Sec-Fetch-Mode': 'navigate'})
        assert answer.status == 302, answer.status
        page = self.browser.ask(self.origin + answer.headers['Location'], Accept='text/html')
        assert page.status == 200, page.text
        self.attempt = re.search(r'data-attempt="([^"]+)"', page.text)[1]
        typed = re.search(r'class="unitpass-typed">.*?href="([^"]+)".*?<strong>([^<]+)</strong>',
                          page.text, re.S)
        self.uri, self.code = map(html.unescape, typed.groups())
        self.complete_uri = self.state()['frame']['text']

    def get_state(self):
        return self.browser.ask(f'{self.origin}/.unitpass/state?attempt={self.attempt}',
                                Accept='application/json')

    def state(self):
        answer = self.get_state()
        assert answer.status == 200, answer.text
        return json.loads(answer.text)

    def follow(self):
        """The first answer of `state` that is not "pending"."""
        for _ in range(PATIENCE * 5):
            answer = self.get_state()
            if answer.status != 200 or json.loads(answer.text)['state'] != 'pending':
                return answer
            time.sleep(.2)
        raise AssertionError('still pending')

    def finish(self):
        answer = self.browser.ask(self.origin + '/.unitpass/complete', {'attempt': self.attempt},
                                  Accept='application/json', **{'Sec-Fetch-Site': 'same-origin'})
        assert answer.status == 200, answer.text
        if 'confirm' in json.loads(answer.text):
            answer = self.browser.ask(self.origin + '/.unitpass/complete',
                                      {'attempt': self.attempt, 'confirm': 'yes'},
                                      Accept='application/json',
                                      **{'Sec-Fetch-Site': 'same-origin'})
            assert answer.status == 200, answer.text
        return self.browser.ask(self.origin + '/', Accept='text/html')


class Site:
    """nginx with a portal for each of ISSUERS: name -> (issuer, client, its directives)."""

    def __init__(self, issuers):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='unitpass-peers-'))
        self.dir.chmod(0o755)
        self.origins = {}
        servers = ''
        for folder in 'html', 'tmp':
            (self.dir / folder).mkdir()
        (self.dir / 'html/index.html').write_text('inside')
        self.put('session.key',
                 '00112233445566778899aabbccddeeff00112233445566778899aabbccddee11\n')
        for name, (issuer, client, more) in issuers.items():
            port = free_port()
            self.origins[name] = f'http://127.0.0.1:{port}'
            servers += f'server {{ listen 127.0.0.1:{port}; unitpass_issuer {issuer}; ' \
                       f'unitpass_client {client}; {more(self)} ' \
                       'location / { unitpass on; } }\n'
        nobody = pwd.getpwnam('nobody')
        user = f'user nobody {grp.getgrgid(nobody.pw_gid).gr_name};' if os.geteuid() == 0 else ''
        config = (HERE / 'nginx.conf').read_text()
        for key, value in {'MODULE': BUILD / 'ngx_http_unitpass_module.so', 'DIR': self.dir,
                           'USER': user, 'SERVERS': servers}.items():
            config = config.replace(f'@{key}@', str(value))
        self.put('nginx.conf', config, 0o644)
        with open(self.dir / 'error.log', 'a', encoding='utf-8') as log:
            self.nginx = subprocess.Popen([NGINX, '-e', log.name, '-c', self.dir / 'nginx.conf'],
                                          stderr=log)
        wait_for(port, self.nginx)

    def put(self, name, text, mode=0o600):
        path = self.dir / name
        path.write_text(text)
        path.chmod(mode)
        return path

    def log(self):
        return (self.dir / 'error.log').read_text()

    def close(self):
        end(self.nginx)
        shutil.rmtree(self.dir, ignore_errors=True)


def end(process):
    process.terminate()
    process.wait(30)


def secret(text):
    return lambda site: f'unitpass_client_secret_file {site.put("secret", text + chr(10))};'


def doctor(site, issuer, client, *files):
    """The report of unitpassctl doctor, as {check: [(level, text)]}."""
    done = subprocess.run([BUILD / 'unitpassctl', '--json', 'doctor', '--issuer', issuer,
                           '--client', client, *files],
                          stdout=subprocess.PIPE, text=True,
                          env={**os.environ, 'LC_ALL': 'C.UTF-8'}, check=False)
    found = {}
    for line in json.loads(done.stdout)['checks']:
        found.setdefault(line['check'], []).append(
            (line['level'], line['text'] + ' ' + line.get('remedy', '')))
    return found


class Cases(unittest.TestCase):
    longMessage = True

    def check_in(self, portal, who):
        answer = portal.follow()
        self.assertEqual((answer.status, json.loads(answer.text).get('state')), (200, 'approved'),
                         self.site.log())
        page = portal.finish()
        self.assertEqual((page.status, page.text, page.headers['X-Who']), (200, 'inside', who))


# --- node-oidc-provider ---

class OidcProvider(Cases):
    """Three issuers in one process: at the root with ES256, below a path with RS256, below a path
    with a final slash with PS256."""
    paths = {'root': '', 'path': '/realms/a', 'slash': '/realms/b/'}

    @classmethod
    def setUpClass(cls):
        port = free_port()
        cls.base = f'http://127.0.0.1:{port}'
        key = subprocess.run(['node', '-e', 'const k = require("crypto").generateKeyPairSync('
                              '"ec", { namedCurve: "P-256" }).privateKey;'
                              'console.log(JSON.stringify({ ...k.export({ format: "jwk" }), '
                              'kid: "2026-a" }))'],
                             stdout=subprocess.PIPE, text=True, check=True).stdout
        public = {name: value for name, value in json.loads(key).items() if name != 'd'}
        shutil.copy(HERE / 'provider.mjs', PEERS)
        cls.log = open(PEERS / 'provider.log', 'w', encoding='utf-8')
        cls.addClassCleanup(cls.log.close)
        cls.provider = subprocess.Popen(['node', PEERS / 'provider.mjs', str(port)], stdout=cls.log,
                                        stderr=cls.log,
                                        env={**os.environ, 'CLIENT_SECRET': SECRET,
                                             'CLIENT_JWK': json.dumps(public)})
        cls.addClassCleanup(end, cls.provider)
        wait_for(port, cls.provider)
        issuers = {name: (cls.base + path, 'portal', secret(SECRET))
                   for name, path in cls.paths.items()}
        issuers['keyed'] = (cls.base, 'keyed',
                            lambda site: f'unitpass_client_key_file {site.put("client.jwk", key)};')
        issuers['wrong'] = (cls.base, 'portal',
                            lambda site: 'unitpass_client_secret_file '
                            f'{site.put("wrong", "not-the-secret")};')
        cls.site = Site(issuers)
        cls.addClassCleanup(cls.site.close)
        cls.portals = {}
        # all wait for the same seconds
        for name, person in (('root', 'alice'), ('path', 'alice'), ('slash', 'alice'),
                             ('keyed', 'alice'), ('nobody', 'nobody')):
            portal = cls.portals[name] = Portal(
                cls.site.origins['root' if name == 'nobody' else name])
            portal.begin()
            cls.confirm(portal.complete_uri, person)

    @staticmethod
    def confirm(uri, person):
        """Its pages: is it this code, who are you, do you agree."""
        browser = Browser()
        page = browser.browse(uri)
        for _ in range(6):
            action = re.search(r'<form[^>]*action="([^"]+)"', page.text)
            if action is None:
                break
            form = dict(
                re.findall(r'<input[^>]*type="hidden"[^>]*name="([^"]+)"[^>]*value="([^"]*)"',
                           page.text))
            if 'name="login"' in page.text:
                form.update(login=person, password='any')
            if 'name="confirm"' in page.text or 'id="op.deviceConfirmForm"' in page.text:
                form.update(confirm='yes')
            page = browser.browse(urllib.parse.urljoin(page.url, html.unescape(action[1])), form)
        assert 'Sign-in Success' in page.text, page.text

    def test_signs_in(self):
        for name in 'root', 'path', 'slash', 'keyed':
            with self.subTest(name):
                self.check_in(self.portals[name], f'{UNIT} manager H-7 annual-report')

    def test_page_shows_its_code(self):
        portal = self.portals['path']
        self.assertEqual(portal.uri, self.base + '/realms/a/device')
        self.assertEqual(portal.complete_uri, f'{portal.uri}?user_code={portal.code}')

    def test_person_without_unit(self):
        answer = self.portals['nobody'].follow()
        self.assertEqual((answer.status, json.loads(answer.text)['error']),
                         (502, 'unusable_answer'))
        self.assertNotIn('cannot be reached', answer.text)
        self.assertIn('rp_login refused: the ID token does not do reason=bad_claim claim=unit.code '
                      'fault=missing', self.site.log())

    def test_wrong_secret(self):
        page = Browser().ask(self.site.origins['wrong'] + '/.unitpass/login', Accept='text/html',
                             **{'Accept-Language': 'en'})
        self.assertEqual(page.status, 502)
        self.assertIn('is missing from its answer', page.text)
        self.assertIn('rp_provider refused call=device_authorization status=401 '
                      'error=invalid_client', self.site.log())

    def test_never_too_fast(self):
        self.assertNotIn('slow_down', (PEERS / 'provider.log').read_text())

    def test_doctor(self):
        for path in self.paths.values():
            with self.subTest(path):
                found = doctor(self.site, self.base + path, 'portal', '--secret-file',
                               self.site.dir / 'secret')
                for check in 'discovery', 'client', 'claims', 'algorithms':
                    self.assertEqual([level for level, _ in found[check]], ['ok'], found)

    def test_doctor_names_missing_claims(self):
        found = doctor(self.site, self.base + '/bare', 'portal', '--secret-file',
                       self.site.dir / 'secret')
        self.assertEqual(found['claims'][0][0], 'warning')
        self.assertIn('does not promise: unit.code, holder.role;', found['claims'][0][1])

    def test_doctor_with_key(self):
        found = doctor(self.site, self.base, 'keyed', '--key-file', self.site.dir / 'client.jwk')
        self.assertEqual([level for level, _ in found['client']], ['ok'], found)


# --- glewlwyd ---

class Glewlwyd(Cases):
    """Debian's, whose claims are flat: properties of a user, named in the plugin."""

    @classmethod
    def setUpClass(cls):
        cls.port = free_port()
        cls.base = f'http://127.0.0.1:{cls.port}'
        cls.issuer = cls.base + '/api/oidc'
        cls.dir = pathlib.Path(tempfile.mkdtemp(prefix='unitpass-glewlwyd-'))
        tool = TOP / 'bench/peers/glewlwyd/glewlwyd.sh'
        cls.addClassCleanup(subprocess.run, [tool, 'stop', cls.dir], check=True)
        subprocess.run([tool, 'start', str(cls.port), cls.dir], check=True, timeout=PATIENCE)
        cls.set_up_provider()
        cls.site = Site({'glewlwyd': (cls.issuer, 'bench', secret('bench-secret'))})
        cls.addClassCleanup(cls.site.close)

    @classmethod
    def set_up_provider(cls):
        """As doc/PROVIDERS.md says."""
        cls.admin = Browser()
        cls.call('POST', 'auth/', {'username': 'admin', 'password': 'password'})
        claims = ['unit_code', 'unit_name', 'holder_role', 'items']
        users = cls.call('GET', 'mod/user/database')
        for name in claims:
            users['parameters']['data-format'][name] = {'multiple': False, 'read': True,
                                                        'write': True}
        cls.call('PUT', 'mod/user/database', users)
        cls.call('PUT', 'mod/user/database/reset/')
        plugin = json.loads((cls.dir / 'plugin.json').read_text())
        plugin['parameters']['claims'] = [{'name': name, 'user-property': name, 'type': 'string',
                                           'mandatory': True} for name in claims]
        cls.call('PUT', 'mod/plugin/oidc', plugin)
        cls.call('PUT', 'mod/plugin/oidc/reset/')
        cls.call('POST', 'user/', {'username': 'bob', 'password': 'bob-password', 'name': 'Bob',
                                   'scope': ['openid', 'g_profile'], 'enabled': True,
                                   'unit_code': UNIT, 'unit_name': '某研究院', 'holder_role': 'user',
                                   'items': 'annual-report'})

    @classmethod
    def call(cls, method, path, value=None):
        answer = cls.admin.ask(f'{cls.base}/api/{path}',
                               body=json.dumps(value) if value is not None else None,
                               method=method, **{'Content-Type': 'application/json'})
        assert answer.status == 200, (method, path, answer.status, answer.text)
        return json.loads(answer.text) if answer.text else None

    def confirm(self, uri, name):
        browser = Browser()
        for method, path, value in (
                ('POST', 'auth/', {'username': name, 'password': name + '-password'}),
                                    ('PUT', 'auth/grant/bench', {'scope': 'openid'})):
            answer = browser.ask(f'{self.base}/api/{path}', body=json.dumps(value), method=method,
                                 **{'Content-Type': 'application/json'})
            self.assertEqual(answer.status, 200, answer.text)
        browser.ask(uri)
        self.assertIn('prompt=deviceComplete', browser.ask(uri + '&g_continue').headers['Location'])

    def sign_in(self, name):
        portal = Portal(self.site.origins['glewlwyd'])
        portal.begin()
        self.confirm(portal.complete_uri, name)
        return portal

    def test_signs_in(self):
        portal = self.sign_in('bob')
        answer = portal.follow()
        self.assertEqual((answer.status, json.loads(answer.text).get('state')), (200, 'approved'),
                         self.site.log())
        self.assertRegex(portal.finish().headers['X-Who'],
                         f'^{UNIT} user [A-Za-z0-9]+ annual-report$')

    def test_person_without_unit(self):
        answer = self.sign_in('alice').follow()
        self.assertEqual((answer.status, json.loads(answer.text)['error']),
                         (502, 'unusable_answer'))
        self.assertIn('claim=unit.code fault=missing', self.site.log())

    def test_doctor(self):
        found = doctor(self.site, self.issuer, 'bench', '--secret-file', self.site.dir / 'secret')
        for check in 'discovery', 'client', 'claims', 'algorithms':
            self.assertEqual([level for level, _ in found[check]], ['ok'], found)


# --- what others program against ---

class OpenApi(Cases):
    """doc/openapi.yaml is valid OpenAPI 3.1, and describes what the server's rooms route for
    others, but the operator's."""
    READ = ('import Parser from "@apidevtools/swagger-parser"; '
            'const api = await Parser.validate(process.argv[1]);'
            'for (const [path, calls] of Object.entries(api.paths)) '
            'for (const name of Object.keys(calls)) console.log(name.toUpperCase(), path);')
    # pages that people open, and the same document under its other name
    UNDESCRIBED = {'GET /q/{}', 'GET /e/{}', 'GET /.well-known/oauth-authorization-server'}

    def test_describes_every_route(self):
        done = subprocess.run(['node', '--input-type=module', '-e', self.READ,
                               TOP / 'doc/openapi.yaml'], cwd=PEERS,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stderr)
        described = {re.sub(r'\{[^}]*\}', '{}', line) for line in done.stdout.splitlines()}
        table = ''.join(f.read_text() for f in (TOP / 'server').glob('*/routes.c')
                        if f.parent.name != 'admin')
        # what follows a path that ends in a slash is a parameter too
        routed = {re.sub(r'/$', '/{}', re.sub(r'\{[^}]*\}', '{}', f'{method} {path}'))
                  for method, path in re.findall(r'\{\s*"(GET|POST)",\s*"([^"]+)"', table)}
        self.assertEqual(described, routed - self.UNDESCRIBED)


def main(arguments):
    loader = unittest.TestLoader()
    patterns = [name for name in arguments if name != '-v']
    if patterns:
        loader.testNamePatterns = [f'*{name}*' for name in patterns]
    began = time.monotonic()
    tests = unittest.TestSuite(map(loader.loadTestsFromTestCase, (OidcProvider, Glewlwyd, OpenApi)))
    result = unittest.TextTestRunner(verbosity=2 if '-v' in arguments else 1).run(tests)
    failed = len({test.id() for test, _ in result.failures + result.errors})
    print(f'{time.monotonic() - began:.0f} s', file=sys.stderr)
    print(f'peers: {max(0, result.testsRun - failed)} passed, {failed} failed', flush=True)
    return 0 if failed == 0 and result.testsRun > 0 else 1


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
