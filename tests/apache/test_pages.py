# SPDX-License-Identifier: Apache-2.0
"""Everything under /.unitpass/, whatever the site says of that place."""
import re

from scene import PREFIX, PortalCases

LOGIN = PREFIX + 'login?return=/'


class Line23LoginPage(PortalCases):
    def test_headers(self):
        reply = self.guest.ask(LOGIN)
        self.assertEqual(reply.status, 200)
        self.assertIn('data-attempt', reply.body)
        self.assertIn('nonce-', reply.header('Content-Security-Policy'))
        self.assertEqual(reply.header('Strict-Transport-Security'), 'max-age=1',
                         '"Header always" holds')
        self.assertEqual(reply.header('X-On-Success'), '', 'the headers of a location do not')

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
    def test_body_much_too_long(self):
        self.assertEqual(self.guest.ask(PREFIX + 'complete', form={'attempt': 'x' * 900000}).status,
                         413)

    def test_chunked_body_then_another_request(self):
        head = (b'POST /.unitpass/login HTTP/1.1\r\nHost: 127.0.0.1\r\n'
                b'Sec-Fetch-Site: same-origin\r\nAccept: application/json\r\n'
                b'Content-Type: application/x-www-form-urlencoded\r\n'
                b'Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n')
        rest = (b'8\r\nreturn=/\r\n0\r\n\r\n'
                b'GET /.unitpass/session HTTP/1.1\r\nHost: x\r\nAccept: application/json\r\n'
                b'Connection: close\r\n\r\n')
        answer = self.httpd.raw(head, rest)
        self.assertIn(b'"attempt"', answer)
        self.assertEqual(re.findall(rb'HTTP/1\.1 (\d+)', answer), [b'200', b'401'])
