# SPDX-License-Identifier: Apache-2.0
"""What the tests of the Apache module need around them: httpd with the module, a browser with
cookies, and the phone. The issuer, the application and the phone are those of script/site. Loopback
only; each httpd has a folder of its own; whatever was started is ended by its process id.

From the environment: SITE, the site.json; BUILD, the build folder; APACHE, the program;
APACHE_MODULES, where its modules are; and what web.py wants."""
import atexit
import functools
import grp
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import types
import urllib.parse

import web
from web import rows  # noqa: F401 (for the tests)

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ['BUILD'])
MODULES = pathlib.Path(os.environ['APACHE_MODULES'])
SITE = types.SimpleNamespace(**json.loads(pathlib.Path(os.environ['SITE']).read_text()))
KEYS = pathlib.Path(SITE.dir) / 'keys-portal'
PREFIX = '/.unitpass/'
COOKIE = '__Host-unitpass'
FETCH = {'Accept': 'application/json', 'Sec-Fetch-Mode': 'cors'}
WANTED = ('authz_core authz_host authz_user authn_core alias dir mime proxy proxy_http rewrite '
          'headers env setenvif cgid include http2 log_config '
          'unixd cache cache_disk auth_basic authn_file deflate filter expires reqtimeout').split()
FRAME_SECONDS = 10                         # core/frame.h: UP_FRAME_WINDOW
PORTS = 'PORTAL', 'SECOND', 'PLAIN'
PROBLEM = re.compile(r':(?:emerg|alert|crit)\]|exit signal|Sanitizer|runtime error:')


class Cases(web.Cases):
    """Those of a class LineN show what line N of the security requirements asks for."""

    def eventually(self, condition, what, seconds=10):
        until = time.monotonic() + seconds
        while not condition():
            self.assertLess(time.monotonic(), until, what)
            time.sleep(.05)


class PortalCases(Cases):
    """Tests that share one httpd. What it says at the end counts as well."""
    mpm = 'event'
    expected_problems = ()
    preload = ()

    @classmethod
    def setUpClass(cls):
        cls.httpd = Httpd(cls.mpm, preload=cls.preload)
        cls.addClassCleanup(cls.httpd.close)
        cls.httpd.start()
        cls.guest = Browser(cls.httpd.ports['PORTAL'])

    @classmethod
    def tearDownClass(cls):
        status = cls.httpd.stop()
        problems = cls.httpd.problems(cls.expected_problems)
        if status != 0 or problems:
            raise AssertionError(f'httpd was not well (exit status {status}):\n' +
                                 '\n'.join(problems) +
                                 '\n--- the end of its logs ---\n' + cls.httpd.log()[-3000:])

    @functools.cached_property
    def principal(self):
        """A browser of its own, signed in with the session of all."""
        return Browser(self.httpd.ports['PORTAL'], session(self.httpd.ports['PORTAL']))

    def assertLoginRequired(self, reply):
        self.assertEqual((reply.status, json.loads(reply.body)['error']), (401, 'login_required'))
        self.assertTrue(reply.header('WWW-Authenticate').startswith('Unitpass'), reply.headers)


class Reply(web.Reply):
    """Its body is text."""

    def header(self, name):
        return ', '.join(self.all(name))

    @property
    def environment(self):
        """What the CGI program printed: its environment."""
        return dict(line.split('=', 1) for line in self.body.splitlines() if '=' in line)


class Browser:
    def __init__(self, port, cookies=()):
        self.port, self.cookies = port, dict(cookies)

    @property
    def cookie(self):
        return '; '.join('='.join(pair) for pair in self.cookies.items())

    def ask(self, path, headers=None, method=None, body=None, form=None):
        """A navigation; with FORM, what a script of the page posts. A header of None is left
        out."""
        sent = {'Accept': 'text/html', 'User-Agent': 'test', 'Sec-Fetch-Site': 'none',
                'Sec-Fetch-Mode': 'navigate'}
        if form is not None:
            body = urllib.parse.urlencode(form)
            sent.update(FETCH, **{'Sec-Fetch-Site': 'same-origin',
                                  'Content-Type': 'application/x-www-form-urlencoded'})
        if self.cookies:
            sent['Cookie'] = self.cookie
        sent.update(headers or {})
        sent = {name: value for name, value in sent.items() if value is not None}
        method = method or ('GET' if body is None else 'POST')
        status, got, content = web.request(self.port, method, path, body, sent, 20)
        reply = Reply(status=status, headers=got, body=content.decode('utf-8', 'replace'))
        self.keep(reply)
        return reply

    def keep(self, reply):
        for line in reply.all('Set-Cookie'):
            name, value = line.split(';')[0].split('=', 1)
            self.cookies[name] = value
            if not value:
                del self.cookies[name]

    def begin(self, path, headers=None):
        """PATH wants a login: the attempt that the login page began, and the text of its QR
        code."""
        reply = self.ask(path, headers)
        assert reply.status == 302, reply
        page = self.ask(reply.header('Location'), headers)
        assert page.status == 200, page
        attempt = re.search(r'data-attempt="([^"]+)"', page.body).group(1)
        return attempt, self.frame(attempt)

    def frame(self, attempt):
        """The text of the QR code that its page shows now."""
        state = self.ask(f'{PREFIX}state?attempt={attempt}', FETCH)
        return json.loads(state.body)['frame']['text']

    def sign_in(self, path='/whoami'):
        """The whole login; the answer to its last step."""
        attempt, _ = self.begin(path)
        scan(lambda: self.frame(attempt))
        reply = self.ask(PREFIX + 'complete', form={'attempt': attempt})
        if '"confirm"' in reply.body:
            reply = self.ask(PREFIX + 'complete', form={'attempt': attempt, 'confirm': 'yes'})
        return reply


def scan(show):
    """The phone scans what SHOW() gives, and its owner confirms: what it showed. Where the machine
    took longer than a frame is good for, she holds the phone there once more."""
    while True:
        began = time.monotonic()
        done = subprocess.run([*SITE.unitpass_holder, '--json', 'scan', show(), '--yes',
                               '--password-file', SITE.holder_password_file],
                              capture_output=True, text=True)
        in_time = time.monotonic() - began < FRAME_SECONDS
        if done.returncode == 0 or in_time or '"invalid_code"' not in done.stdout:
            break
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


shared_session = {}


def session(port):
    """Cookies of one login for all tests that do not end it: every httpd here begins with the same
    keys."""
    if not shared_session:
        browser = Browser(port)
        reply = browser.sign_in()
        assert reply.status == 200, reply
        shared_session[COOKIE] = browser.cookies[COOKIE]
    return shared_session


def mint(age=0, role='principal'):
    """Cookies of a session without a login, last seen AGE seconds ago."""
    command = [BUILD / 'tests/nginx/mint', SITE.issuer, 'sample-portal', KEYS / 'client.secret',
               KEYS / 'session.key', role, '', str(age)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return dict([done.stdout.strip().split('=', 1)])


class Httpd:
    def __init__(self, mpm, preload=()):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='unitpass-httpd-', dir='/tmp'))
        atexit.register(self.close)
        self.dir.chmod(0o755)
        self.mpm, self.process = mpm, None
        self.ports = dict(zip(PORTS, web.free_ports(len(PORTS))))
        self.env = web.environment(*preload)
        self.put('session.key', (KEYS / 'session.key').read_text())
        self.put('mime.types', 'text/html html shtml\ntext/plain txt\n')

    def put(self, name, text, mode=None):
        mode = mode or (0o600 if name.endswith('.key') else 0o644)
        return web.put(self.dir / name, text, mode)

    # --- its configuration ---

    def fill(self, template):
        names = [f'mpm_{self.mpm}', *WANTED]
        load = [f'LoadModule {name}_module {MODULES}/mod_{name}.so' for name in names
                if (MODULES / f'mod_{name}.so').exists()]
        if os.geteuid() == 0:
            nobody = pwd.getpwnam('nobody')
            load += [f'User {nobody.pw_name}', f'Group {grp.getgrgid(nobody.pw_gid).gr_name}']
        return web.fill(template, {
            'LOAD': '\n'.join(load), 'MODULE': BUILD / 'mod_auth_unitpass.so', 'DIR': self.dir,
            'KEYS': KEYS, 'ISSUER': SITE.issuer, 'UNIT': SITE.unit, 'APPLICATION': SITE.app_port,
            **self.ports})

    def configtest(self, text):
        """Status and messages for a configuration of TEXT beside what every httpd needs. TEXT is a
        file of its own: its lines count from 1."""
        self.put('site.conf', self.fill(text))
        head = ((HERE / 'base.conf').read_text() +
                f'Listen 127.0.0.1:@PORTAL@\nInclude {self.dir}/site.conf\n')
        config = self.put('httpd.conf', self.fill(head))
        done = subprocess.run([os.environ['APACHE'], '-f', config, '-t'], env=self.env,
                              capture_output=True, text=True)
        return done.returncode, done.stderr

    # --- its life ---

    def content(self):
        self.put('session2.key', '%064x\n' % 2)
        self.put('www/a.txt', 'x' * 1024)
        self.put('www/page.html', '<p>page')
        self.put('www/page.shtml', '[<!--#include virtual="/cgi/env" -->]')
        self.put('www/cgi/env', (HERE / 'env.cgi').read_text(), 0o755)
        self.put('www/ht/.htaccess', (HERE / 'htaccess.conf').read_text())
        self.put('www/ht/a.txt', 'ht')
        self.put('www/ht/sub/index.html', 'subindex')
        (self.dir / 'cache').mkdir()
        if os.geteuid() == 0:
            os.chown(self.dir / 'cache', pwd.getpwnam('nobody').pw_uid, -1)

    def start(self, site=None):
        """With the configuration SITE in place of portal.conf."""
        self.content()
        config = self.put('httpd.conf', self.fill((HERE / 'base.conf').read_text() +
                                                  (site or (HERE / 'portal.conf').read_text())))
        with open(self.dir / 'output', 'a', encoding='utf-8') as output:
            self.process = subprocess.Popen([os.environ['APACHE'], '-f', config, '-DFOREGROUND'],
                                            env=self.env, stdout=output,
                                            stderr=output, start_new_session=True)
        for _ in range(400):
            # it listens long before it minds signals
            if self.generations() == 1:
                return
            if self.process.poll() is not None:
                break
            time.sleep(.05)
        raise AssertionError('httpd did not start:\n' + self.log())

    def generations(self):
        """How often it started or restarted."""
        return self.log().count('resuming normal operations')

    def graceful(self):
        self.process.send_signal(signal.SIGUSR1)

    def stop(self):
        """Its exit status."""
        if self.process is None:
            return 0
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                # its session is its own: no child of it stays
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        return self.process.returncode

    def close(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)
        atexit.unregister(self.close)

    def log(self):
        files = self.dir / 'output', self.dir / 'error.log'
        return ''.join(file.read_text(errors='replace') for file in files if file.exists())

    def problems(self, expected=()):
        """Lines of the logs that nobody may ignore. httpd makes the error log its standard error,
        so the sanitizers' reports are there, too."""
        return web.problems(self.log(), PROBLEM, expected)

    # --- asking it what http.client cannot ---

    def raw(self, *parts):
        """The answer to PARTS as it came, up to the end of the connection; each part but the first
        waits for "100 Continue"."""
        with socket.create_connection(('127.0.0.1', self.ports['PORTAL']),
                                      timeout=20) as connection:
            connection.sendall(parts[0])
            for part in parts[1:]:
                assert connection.recv(1024).startswith(b'HTTP/1.1 100 ')
                connection.sendall(part)
            return web.rest(connection)

    def http2(self, path, *arguments):
        """The answer over HTTP/2, by curl."""
        status, body = web.http2(self.ports['PORTAL'], path, *arguments)
        return Reply(status=status, headers=[], body=body.decode())
