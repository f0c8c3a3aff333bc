# SPDX-License-Identifier: Apache-2.0
"""The sample for the server itself, as it is shipped, but for TLS and addresses."""
import base64
import http.client
import json
import os
import pathlib
import re
import urllib.parse
import urllib.request

from scene import Browser, Cases, HERE, Httpd, SITE

SAMPLE = HERE.parents[1] / 'conf/examples/apache-issuer.conf'
# one process of 25 threads: what they hold shows
PROCESS = 'ServerLimit 1\nThreadsPerChild 25\nMaxRequestWorkers 25\nStartServers 1\n'


def sample():
    text = re.sub(r'^ *SSL.*\n', '', SAMPLE.read_text(), flags=re.M)
    text = re.sub(r'http://127.0.0.1:9081/', f'unix:{SITE.dir}/run/watch.sock|http://localhost/',
                  text)
    text = re.sub(r'http://127.0.0.1:9080/', f'unix:{SITE.dir}/run/http.sock|http://localhost/',
                  text)
    text = text.replace('/var/log/apache2/', '@DIR@/').replace('*:443', '127.0.0.1:@PORTAL@')
    # whoever is slow shows it in a second
    text = text.replace('header=10-20', 'header=1-2')
    user = f'User {pathlib.Path(SITE.dir, "run/http.sock").owner()}\n' if os.geteuid() == 0 else ''
    return text + PROCESS + user + 'Listen 127.0.0.1:@PORTAL@\n'


def begin():
    """A login of the sample portal's: where its page waits."""
    credentials = base64.b64encode(f'{SITE.client_id}:{SITE.client_secret}'.encode()).decode()
    request = urllib.request.Request(SITE.issuer + '/device_authorization', b'scope=openid',
                                     {'Authorization': f'Basic {credentials}'})
    with urllib.request.urlopen(request, timeout=20) as answer:
        return urllib.parse.urlsplit(json.load(answer)['watch_uri']).path


class Issuer(Cases):
    @classmethod
    def setUpClass(cls):
        cls.httpd = Httpd('event')
        cls.addClassCleanup(cls.httpd.close)
        cls.httpd.start(sample())
        cls.browser = Browser(cls.httpd.ports['PORTAL'])

    def access_log(self):
        return (self.httpd.dir / 'unitpass-access.log').read_text()

    def test_access_log_holds_no_code(self):
        secrets = ['W' * 22, 'H' * 22, 'E' * 22, 'T' * 22, 'Q' * 22]
        for path in ('/watch/' + secrets[0], f'/q/{secrets[1]}.1.x', '/e/' + secrets[2],
                     '//watch/' + secrets[3], '/jwks?access_token=' + secrets[4]):
            self.browser.ask(path)
        self.eventually(lambda: '/jwks' in self.access_log(), 'it is written')
        log = self.access_log() + self.httpd.log()
        for what in ('"GET /watch/- HTTP/1.1" 404', '"GET /q/- HTTP/1.1" 200',
                     '"GET /e/- HTTP/1.1" 200', '"GET /jwks HTTP/1.1" 200'):
            self.assertIn(what, log)
        for secret in secrets:
            self.assertNotIn(secret, log)

    def test_waiting_pages_leave_workers(self):
        pages = [http.client.HTTPConnection('127.0.0.1', self.httpd.ports['PORTAL'], timeout=20)
                 for _ in range(38)]
        statuses = []
        try:
            for page in pages:
                page.request('GET', begin(), headers={'Accept': 'text/event-stream'})
                statuses.append(page.getresponse().status)
            self.assertEqual(set(statuses), {200, 503})
            self.assertEqual(statuses.count(200), 15)
            self.assertEqual(self.browser.ask('/jwks').status, 200)
        finally:
            for page in pages:
                page.close()

    def test_slow_requests_are_cut_off(self):
        self.assertTrue(self.httpd.raw(b'GET /jwks HTTP/1.1\r\nHost: a\r\n').startswith(
            b'HTTP/1.1 408 '))
        self.assertIn('RequestReadTimeout', (SAMPLE.parent / 'apache-portal.conf').read_text())

    def test_what_a_browser_sends_leaves_room(self):
        large = {'Cookie': 'a=' + 'b' * 4000, 'Referer': 'https://x.example/' + 'r' * 3000,
                 'User-Agent': 'u' * 3000}
        # pages of another test may still hold all that there is for waiting
        self.eventually(lambda: self.browser.ask('/watch/x', large).status != 503,
                        'there is room for a page')
        reply = self.browser.ask('/watch/x', large)
        self.assertEqual((reply.status, json.loads(reply.body)['error']), (404, 'invalid_request'))
