# SPDX-License-Identifier: Apache-2.0
"""Identity in, spoofs out, wherever httpd leads a request."""
import json

from scene import Browser, PREFIX, PortalCases, SITE, rows

SPOOFS = {'X-Unitpass-Unit-Code': 'evil', 'x_unitpass_unit_name': 'evil', 'X-UNITPASS-ROLE': 'evil',
          'X-Unitpass_Items': 'evil',
          'X.Unitpass.Session': 'evil'}
VARIABLES = ('UNIT_CODE UNIT_NAME CERTIFICATE ROLE HOLDER_REF HOLDER_NAME '
             'ITEMS AUTH_TIME SESSION').split()
OWN = '\nUNITPASS_UNIT_CODE=' + SITE.unit


class Line20Spoofs(PortalCases):
    @rows(cgi='/cgi/env', proxied='/headers', rewritten='/rewritten/env', htaccess='/ht/front',
          open_proxied='/public/headers', open_cgi='/open-cgi/env')
    def test_of_one_signed_in(self, path):
        reply = self.principal.ask(path, SPOOFS)
        self.assertEqual(reply.status, 200)
        self.assertNotIn('evil', reply.body)

    @rows(proxied='/public/headers', cgi='/open-cgi/env')
    def test_of_a_guest(self, path):
        reply = self.guest.ask(path, SPOOFS)
        self.assertEqual(reply.status, 200)
        self.assertNotIn('evil', reply.body)

    def test_of_a_request_that_httpd_refuses_unread(self):
        answer = self.httpd.raw(b'GET /x HTTP/1.1\r\nHost: a b/c\r\nX-Unitpass-Unit-Code: evil\r\n'
                                b'\r\n')
        self.assertIn(b' 400 ', answer.split(b'\r\n')[0])
        self.assertNotIn(b'evil', answer)

    @rows(cgi='/cgi/env', proxied='/headers')
    def test_in_a_server_without_an_issuer(self, path):
        reply = Browser(self.httpd.ports['PLAIN']).ask(path, SPOOFS)
        self.assertEqual(reply.status, 200)
        self.assertNotIn('evil', reply.body)


class Line20Connection(PortalCases):
    """What a client says of its connection must not take out of the request what httpd adds."""
    @rows(
        one={'Connection': 'X-Unitpass-Role'},
        among_others={'Connection': 'close, X-Unitpass-Role, x_unitpass_unit_name'},
        of_the_site={'Connection': 'X-Remote-User, REMOTE_USER'},
        cookie={'Connection': 'Cookie, Authorization'},
        archaic={'Proxy-Connection': 'X-Unitpass-Role'},
        keep_alive={'Connection': 'Keep-Alive, X-Unitpass-Role', 'Keep-Alive': 'X-Unitpass-Role'},
        te={'Connection': 'TE, X-Unitpass-Role', 'TE': 'X-Unitpass-Role'},
        upgrade={'Connection': 'Upgrade, X-Unitpass-Role', 'Upgrade': 'X-Unitpass-Role'},
    )
    def test_names_nothing_of_ours(self, headers):
        reply = self.principal.ask('/headers', headers)
        self.assertEqual(reply.status, 200)
        names = [name.lower() for name, _ in json.loads(reply.body)]
        self.assertEqual(sum(name.startswith('x-unitpass-') for name in names), len(VARIABLES))
        self.assertIn('x-remote-user', names)
        self.assertIn('cookie', names)

    def test_names_nothing_on_any_line(self):
        lines = 'Connection: X-Unitpass-Role\r\nConnection: close, X-Unitpass-Unit-Code'
        answer = self.httpd.raw(f'GET /headers HTTP/1.1\r\nHost: x\r\n{lines}\r\n'
                                f'Cookie: {self.principal.cookie}\r\n\r\n'.encode())
        self.assertEqual(answer.lower().count(b'x-unitpass-'), len(VARIABLES))

    def test_http2_is_not_handed_on(self):
        headers = {'Connection': 'Upgrade, HTTP2-Settings', 'Upgrade': 'h2c', 'HTTP2-Settings': 'A'}
        body = self.principal.ask('/headers', headers).body.lower()
        self.assertNotIn('h2c', body)
        self.assertNotIn('http2-settings', body)


class Line20Identity(PortalCases):
    def test_in_the_environment(self):
        env = self.principal.ask('/cgi/env').environment
        self.assertEqual((env['REMOTE_USER'], env['AUTH_TYPE']), (SITE.unit, 'unitpass'))
        self.assertEqual((env['UNITPASS_UNIT_NAME'], env['UNITPASS_ROLE']),
                         (SITE.unit_name, 'principal'))
        self.assertEqual([name for name in VARIABLES if 'UNITPASS_' + name not in env], [])

    def test_no_headers_where_they_are_off(self):
        self.assertEqual([name for name in self.principal.ask('/cgi/env').environment
                          if name.startswith('HTTP_X_UNITPASS')], [])

    def test_all_headers_where_they_are_on(self):
        body = self.principal.ask('/headers').body
        self.assertEqual(body.lower().count('x-unitpass-'), len(VARIABLES))
        self.assertIn('%E6%B9%96', body, 'percent-encoded')

    def test_none_in_an_open_location(self):
        self.assertNotIn('x-unitpass-', self.principal.ask('/public/headers').body.lower())

    @rows(
        rewritten=('/rewritten/env', 200),
        htaccess_redirect=('/ht/front', 200),
        error_page=('/file/nothing', 404),
        error_page_of_an_open_location=('/ssi/nothing', 404),
        included=('/ssi/page.shtml', 200),
    )
    def test_follows_within_httpd(self, path, status):
        reply = self.principal.ask(path)
        self.assertEqual(reply.status, status)
        self.assertIn(OWN, '\n' + reply.body.lstrip('['))

    def test_directory_index(self):
        self.assertEqual(self.principal.ask('/ht/sub/').body, 'subindex')

    @rows(included=('/ssi/page.shtml', 200), error_page=('/ssi/nothing', 404))
    def test_a_guest_gets_nothing_of_what_is_guarded(self, path, status):
        reply = self.guest.ask(path)
        self.assertEqual(reply.status, status)
        self.assertNotIn('SERVER_NAME', reply.body)
        self.assertNotIn('UNITPASS', reply.body)


class Neighbours(PortalCases):
    def test_no_pages_without_a_portal(self):
        self.assertEqual(Browser(self.httpd.ports['PLAIN']).ask(PREFIX + 'login').status, 404)
