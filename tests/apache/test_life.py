# SPDX-License-Identifier: Apache-2.0
"""httpd restarting, keys rotating, the issuer down, and a child that could not begin."""
import json
import os
import pathlib
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
import unittest

from scene import Browser, COOKIE, FETCH, HERE, KEYS, PREFIX, PortalCases, SITE, rows


class Line19KeyRotation(PortalCases):
    """Steps in the order of their names; each is the next one's beginning."""
    old_key = (KEYS / 'session.key').read_text()
    new_key = secrets.token_hex(32) + '\n'

    def rotate(self, text, cookie, status, renewed):
        self.httpd.put('session.key', text)
        self.httpd.graceful()

        def done():
            reply = self.guest.ask('/file/a.txt', {'Cookie': cookie})
            return (reply.status, bool(reply.header('Set-Cookie'))) == (status, renewed)
        self.eventually(done, 'the new keys are in force')

    def ask(self, path):
        return self.guest.ask(path, {'Cookie': self.principal.cookie})

    def test_1_under_the_newest_key_a_young_cookie_is_left(self):
        self.assertEqual(self.ask('/whoami').all('Set-Cookie'), [])

    def test_2_under_an_older_key_it_is_renewed_once_wherever_it_is_used(self):
        self.rotate(self.new_key + self.old_key, self.principal.cookie, 200, True)
        for path in '/whoami', '/file/nothing', '/ht/front', '/role-user/x':
            names = [line.split('=')[0] for line in self.ask(path).all('Set-Cookie')]
            self.assertEqual(names, [COOKIE], path)

    def test_3_without_its_key_only_the_renewed_one_lives(self):
        renewed = Browser(self.httpd.ports['PORTAL'], self.principal.cookies)
        renewed.ask('/file/a.txt')
        self.rotate(self.new_key, self.principal.cookie, 302, False)
        self.assertEqual(self.ask('/whoami').status, 302)
        self.assertEqual(renewed.ask('/whoami').status, 200)


class GracefulRestart(PortalCases):
    def test_under_load_no_request_of_a_session_fails(self):
        stop, wrong, served = threading.Event(), [], []
        cookies = dict(self.principal.cookies)

        def load():
            browser = Browser(self.httpd.ports['PORTAL'], cookies)
            while not stop.is_set():
                try:
                    status = browser.ask('/file/a.txt').status
                except OSError as e:
                    status = repr(e)
                (served if status == 200 else wrong).append(status)

        threads = [threading.Thread(target=load) for _ in range(2)]
        for thread in threads:
            thread.start()
        try:
            for n in 2, 3:
                self.httpd.graceful()
                self.eventually(lambda n=n: self.httpd.generations() == n, 'httpd goes on')
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        self.assertEqual(wrong, [])
        self.assertGreater(len(served), 20)


class Line25IssuerDown(PortalCases):
    def setUp(self):
        # signed in before it is down
        self.assertEqual(self.principal.ask('/whoami').status, 200)
        server = SITE.pids['unitpassd']
        os.kill(server, signal.SIGSTOP)
        self.addCleanup(os.kill, server, signal.SIGCONT)

    def test_new_logins_get_a_page_and_sessions_go_on(self):
        replies = []
        login = threading.Thread(target=lambda: replies.append(Browser(self.httpd.ports['PORTAL']).ask(PREFIX + 'login')))
        login.start()
        self.assertEqual(self.principal.ask('/whoami').status, 200)
        self.assertEqual(self.guest.ask('/whoami').status, 302)
        self.assertTrue(login.is_alive(), 'all this while the login waits')
        login.join()
        self.assertEqual(replies[0].status, 503)
        self.assertIn('<html', replies[0].body)
        self.assertTrue(replies[0].header('Retry-After'))


@unittest.skipUnless(shutil.which('cc'), 'no compiler')
class Line25ChildThatCannotBegin(PortalCases):
    """libcurl fails to begin: what needs the module answers 503, all else is as ever."""
    expected_problems = 'unitpass: cannot begin (liboauth2 or libcurl); protected locations answer 503 in this child',

    @classmethod
    def setUpClass(cls):
        folder = tempfile.mkdtemp(prefix='unitpass-shim-', dir='/tmp')
        cls.addClassCleanup(shutil.rmtree, folder)
        os.chmod(folder, 0o755)
        library = pathlib.Path(folder, 'no_curl.so')
        subprocess.run(['cc', '-shared', '-fPIC', '-o', library, HERE / 'no_curl.c'], check=True)
        cls.preload = library,
        super().setUpClass()

    @rows(guarded='/whoami', login=PREFIX + 'login')
    def test_unavailable(self, path):
        page, reply = self.guest.ask(path), self.guest.ask(path, FETCH)
        self.assertEqual((page.status, reply.status), (503, 503))
        self.assertIn('<html', page.body)
        self.assertIn('error', json.loads(reply.body))
        self.assertNotIn('no_curl', page.body)

    def test_open_location(self):
        self.assertEqual(self.guest.ask('/public/x').status, 200)
