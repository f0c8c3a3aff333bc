# SPDX-License-Identifier: Apache-2.0
"""Everything under /.unitpass/, whatever the site says of that place."""
import json
import re

from scene import Browser, FETCH, PREFIX, PortalCases, rows, scan

LOGIN = PREFIX + 'login?return=/'


class Line23LoginPage(PortalCases):
    def test_headers(self):
        reply = self.guest.ask(LOGIN)
        self.assertEqual(reply.status, 200)
        self.assertIn('data-attempt', reply.body)
        policy = reply.header('Content-Security-Policy')
        for part in 'nonce-', "frame-ancestors 'none'", "base-uri 'none'":
            self.assertIn(part, policy)
        self.assertEqual(reply.header('Referrer-Policy'), 'no-referrer')
        self.assertEqual(reply.header('Cache-Control'), 'no-store')
        self.assertEqual(reply.header('Strict-Transport-Security'), 'max-age=1', '"Header always" holds')
        self.assertEqual(reply.header('X-On-Success'), '', 'the headers of a location do not')

    def test_range_is_the_whole(self):
        reply = self.guest.ask(LOGIN, {'Range': 'bytes=0-3'})
        self.assertEqual(reply.status, 200)
        self.assertIn('</html>', reply.body)

    def test_head(self):
        reply = self.guest.ask(LOGIN, method='HEAD')
        self.assertEqual((reply.status, reply.body), (200, ''))

    def test_post_from_another_site(self):
        reply = self.guest.ask(PREFIX + 'complete', {'Sec-Fetch-Site': 'cross-site'}, form={'attempt': 'x'})
        self.assertEqual(reply.status, 403)

    def test_assets(self):
        assets = set(re.findall(re.escape(PREFIX) + r'assets/[^"]+', self.guest.ask(LOGIN).body))
        self.assertTrue(assets)
        for path in assets:
            reply = self.guest.ask(path)
            self.assertEqual(reply.status, 200, path)
            self.assertGreater(len(reply.body), 50, path)
            again = self.guest.ask(path, {'If-None-Match': reply.header('ETag')})
            self.assertEqual((again.status, again.body), (304, ''), path)


class Line26Strict(PortalCases):
    @rows(
        unknown=(404, 'nothing', {'headers': FETCH}),
        method=(405, 'login', {'method': 'DELETE'}),
        body_too_long=(413, 'complete', {'form': {'attempt': 'x' * 9000}}),
        body_much_too_long=(413, 'complete', {'form': {'attempt': 'x' * 900000}}),
        no_session=(401, 'session', {'headers': FETCH}),
    )
    def test_refused(self, status, path, request):
        reply = self.guest.ask(PREFIX + path, **request)
        self.assertEqual(reply.status, status)
        self.assertEqual(bool(reply.header('Allow')), status == 405)

    def test_chunked_body_then_another_request(self):
        head = (b'POST /.unitpass/login HTTP/1.1\r\nHost: 127.0.0.1\r\nSec-Fetch-Site: same-origin\r\nAccept: application/json\r\n'
                b'Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n')
        rest = (b'8\r\nreturn=/\r\n0\r\n\r\n'
                b'GET /.unitpass/session HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\nConnection: close\r\n\r\n')
        answer = self.httpd.raw(head, rest)
        self.assertIn(b'"attempt"', answer)
        self.assertEqual(re.findall(rb'HTTP/1\.1 (\d+)', answer), [b'200', b'401'])


class Line24ForwardedFor(PortalCases):
    """The phone shows the address of the browser."""
    forwarded = {'X-Forwarded-For': '198.51.100.1, 203.0.113.9'}

    def shown(self, server):
        _, text = Browser(self.httpd.ports[server]).begin('/whoami', self.forwarded)
        return scan(text)

    def test_from_a_trusted_proxy_the_rightmost(self):
        shown = self.shown('SECOND')
        self.assertIn('203.0.113.9', shown)
        self.assertNotIn('198.51.100.1', shown)

    def test_from_anyone_else_the_peer(self):
        shown = self.shown('PORTAL')
        self.assertIn('127.0.0.1', shown)
        self.assertNotIn('203.0.113.9', shown)


class Line18Logout(PortalCases):
    def test_ends_the_session_here(self):
        browser = Browser(self.httpd.ports['PORTAL'])
        reply = browser.sign_in('/whoami?x=1')
        self.assertEqual((reply.status, json.loads(reply.body)['return']), (200, '/whoami?x=1'))
        self.assertEqual(browser.ask('/whoami').status, 200)
        self.assertIn(browser.ask(PREFIX + 'logout', form={'return': '/'}).status, (200, 303))
        self.assertNotIn('__Host-unitpass', browser.cookies)
        self.assertEqual(browser.ask('/whoami').status, 302)
