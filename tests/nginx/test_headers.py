# SPDX-License-Identifier: Apache-2.0
"""Identity in, spoofs out: what reaches the application, and nginx's variables."""
import time

from scene import SiteCases, UNIT, rows

SPOOFS = {'X_Unitpass_Role': 'evil', 'x-unitpass-unit-code': 'evil', 'X-UNITPASS-Items': 'evil',
          'X-Unitpass_Extra': 'evil'}
IDENTITY = {
    'X-Unitpass-Unit-Code': UNIT,
    'X-Unitpass-Unit-Name':
    '%E6%B9%96%E5%8D%97%E7%9C%81%E7%A4%BA%E4%BE%8B%E5%9B%BE%E4%B9%A6%E9%A6%86',
    'X-Unitpass-Certificate': '143000000016',
    'X-Unitpass-Role': 'principal',
    'X-Unitpass-Holder-Ref': 'A' * 22,
    'X-Unitpass-Holder-Name': '%E5%BC%A0%2A',
    'X-Unitpass-Items': 'annual',
    'X-Unitpass-Session': 'B' * 22,
}


class Identity(SiteCases):
    @rows(**{name.replace('-', '_').lower(): (name, value) for name, value in IDENTITY.items()})
    def test_header(self, name, value):
        self.assertEqual(self.get('/a', self.principal, headers=SPOOFS).seen(name), [value])

    def test_auth_time(self):
        self.assertAlmostEqual(int(self.get('/a', self.principal).seen('X-Unitpass-Auth-Time')[0]),
                               time.time(), delta=300)

    @rows(alone={}, with_spoofs=SPOOFS)
    def test_nine_and_no_more(self, headers):
        reply = self.get('/a', self.principal, headers=headers)
        self.assertEqual(len(reply.identity), 9, reply.reached)
        self.assertNotIn(b'evil', reply.body)

    def test_variables(self):
        reply = self.get('/a', self.principal, headers=SPOOFS)
        self.assertEqual(reply.seen('X-Seen-User'), [UNIT])
        self.assertEqual(reply.seen('X-Seen-Name'), [IDENTITY['X-Unitpass-Unit-Name']])
        self.assertEqual(reply.seen('X-Seen-Role'), ['principal'])

    def test_variables_where_nothing_is_guarded(self):
        reply = self.get('/public/x', self.principal, headers=SPOOFS)
        self.assertEqual(reply.seen('X-Seen-Name'), [IDENTITY['X-Unitpass-Unit-Name']])
        self.assertEqual(reply.identity, [])

    @rows(
        guarded_to_guarded='/guarded_to_guarded/x',
        guarded_to_open='/guarded_to_open/x',
    )
    def test_named_location_keeps_it(self, path):
        reply = self.get(path, self.principal, headers=SPOOFS)
        self.assertEqual((reply.status, len(reply.identity), reply.seen('X-Seen-User')),
                         (200, 9, [UNIT]), reply.reached)
        self.assertNotIn(b'evil', reply.body)

    def test_access_log(self):
        self.get('/logged_in', self.principal)
        self.get('/logged_out', headers=SPOOFS)
        self.assertEqual(self.logged('/logged_in'), ['200', UNIT, UNIT, 'principal'])
        self.assertEqual(self.logged('/logged_out'), ['401', '-', '-', '-'])

    def logged(self, uri):
        """Fields of the line for URI; written a little after the answer."""
        for _ in range(100):
            for line in (self.site.dir / 'log/access.log').read_text().splitlines():
                fields = line.split('|')
                if fields[0] == uri:
                    return [field or '-' for field in fields[1:]]
            time.sleep(.02)
        return None


class Spoofs(SiteCases):
    @rows(
        as_ours='X-Unitpass-Role',
        lower_case='x-unitpass-role',
        upper_case='X-UNITPASS-ROLE',
        underscores='X_Unitpass_Role',
        mixed='X-Unitpass_Role',
        other_mixed='x_unitpass-role',
        dots='X.Unitpass.Role',
        unknown_value='X-Unitpass-Future',
    )
    def test_spelling_is_removed(self, name):
        for path in '/public/x', '/a':
            reply = self.get(path, self.principal, headers={name: 'evil', 'X-Other': 'kept'})
            self.assertEqual(reply.status, 200)
            self.assertNotIn(b'evil', reply.body)
            self.assertEqual(reply.seen('X-Other'), ['kept'])

    @rows(longer_word='X-Unitpassport', other_prefix='X-Unit-Code', not_x='Unitpass-Role',
          after='My-X-Unitpass-Role')
    def test_other_header_stays(self, name):
        self.assertEqual(self.get('/public/x', headers={name: 'mine'}).seen(name), ['mine'])

    @rows(
        open_location=('/public/x', 'PORTAL'),
        server_without_issuer=('/x', 'PLAIN'),
    )
    def test_removed_without_a_session(self, path, server):
        reply = self.get(path, headers=SPOOFS, server=server)
        self.assertEqual((reply.status, reply.identity, reply.seen('X-Seen-Role')), (200, [], []))

    @rows(
        bad_length=b'POST /public/x HTTP/1.1\r\nHost: a\r\nX-Unitpass-Role: evil\r\n'
                   b'Content-Length: 5x\r\nConnection: close\r\n\r\n',
        no_host=b'GET /public/x HTTP/1.1\r\nX-Unitpass-Role: evil\r\nConnection: close\r\n\r\n',
    )
    def test_bad_request_in_a_named_location(self, request):
        answer = self.site.raw(request)
        self.assertIn(b'"path"', answer, 'the application is not reached')
        self.assertNotIn(b'evil', answer)

    @staticmethod
    def mixture(n):
        """N headers, every third one a spoof; and the numbers of those that must stay, in order."""
        headers = {f'X-Unitpass-{i}' if i % 3 == 0 else f'A{i}': 'evil' if i % 3 == 0 else str(i)
                   for i in range(n)}
        return headers, [i for i in range(n) if i % 3]

    # nginx keeps headers in parts of twenty
    @rows(**{str(n): n for n in range(1, 45)})
    def test_among_many(self, n):
        headers, kept = self.mixture(n)
        for path, cookies, identity in ('/public/x', (), 0), ('/a', (self.principal,), 9):
            reply = self.get(path, *cookies, headers=headers)
            self.assertEqual(reply.status, 200)
            self.assertNotIn(b'evil', reply.body)
            self.assertEqual(len(reply.identity), identity)
            self.assertEqual([int(value) for key, value in reply.reached if key[0] == 'A'
                              and key[1:].isdigit()], kept)


class Connection(SiteCases):
    """What a client says of its connection must not take out of the request what nginx adds."""
    @rows(
        identity='X-Unitpass-Role, close',
        identity_folded='x_unitpass_role,close',
        others='close, X-Remote-User, REMOTE_USER, Cookie',
    )
    def test_names_nothing_of_ours(self, value):
        reply = self.get('/upgraded/x', self.principal, headers={'Connection': value})
        self.assertEqual((reply.status, len(reply.identity)), (200, 9))
        self.assertEqual(reply.seen('Connection'), ['close'])

    def test_names_nothing_on_any_line(self):
        names = 'Connection', 'Proxy-Connection', 'Connection: close'
        lines = ': X-Unitpass-Role\r\n'.join(names)
        answer = self.site.raw(f'GET /upgraded/x HTTP/1.1\r\nHost: a\r\n{lines}\r\n'
                               f'Cookie: {self.principal}\r\n\r\n'.encode())
        self.assertIn(b'"X-Unitpass-Role", "principal"', answer)
        self.assertNotIn(b'Connection", "X-Unitpass-Role"', answer)

    @rows(kept=('websocket', ['websocket']), not_h2c=('h2c', []), nor_both=('websocket, H2C', []))
    def test_upgrade(self, protocol, seen):
        headers = {'Upgrade': protocol, 'Connection': 'Upgrade, HTTP2-Settings',
                   'HTTP2-Settings': 'AAMAAABk'}
        reply = self.get('/upgraded/x', self.principal, headers=headers)
        self.assertEqual((reply.status, reply.seen('Upgrade')), (200, seen))
        self.assertEqual(reply.seen('HTTP2-Settings'), [])
