# SPDX-License-Identifier: Apache-2.0
"""Guarded locations: who gets in, what the others are told, and what becomes of the cookie."""
from scene import FORM, NAVIGATION, SiteCases, UNIT, rows

WEBSOCKET = {'Connection': 'Upgrade', 'Upgrade': 'websocket', 'Sec-WebSocket-Key': 'x',
             'Sec-WebSocket-Version': '13'}


class WithoutSession(SiteCases):
    def test_navigation_goes_to_login(self):
        reply = self.get('/a?b=1', headers=NAVIGATION)
        self.assertEqual(reply.status, 302)
        self.assertTrue(reply.all('Location')[0].startswith('/.unitpass/login?'),
                        reply.all('Location'))

    def test_navigation_comes_back_to_an_encoded_slash(self):
        reply = self.get('/repo/group%2Fproject', headers=NAVIGATION)
        login = '/.unitpass/login?return=%2Frepo%2Fgroup%252Fproject'
        self.assertEqual(reply.all('Location'), [login])

    @rows(
        fetch={},
        post={'method': 'POST', 'body': 'x=1'},
        websocket={'headers': WEBSOCKET},
    )
    def test_anything_else_is_told(self, request):
        reply = self.get('/a', **request)
        self.assertEqual(reply.status, 401)
        self.assertIn(b'"login":"/.unitpass/login"', reply.body)
        self.assertTrue(reply.all('WWW-Authenticate'))

    @rows(
        file='/file',
        file_by_threads='/file_by_threads',
        item='/annual/x',
        role='/staff/x',
        unit='/own_unit/x',
        rewritten='/rewritten/x',
        named='/open_to_guarded/x',
    )
    def test_location(self, path):
        self.assertEqual(self.get(path).status, 401)

    def test_range_gives_nothing_of_the_file(self):
        reply = self.get('/file', headers={'Range': 'bytes=0-9'})
        self.assertEqual(reply.status, 401)
        self.assertNotIn(b'xxx', reply.body)

    def test_head(self):
        reply = self.get('/file', method='HEAD')
        self.assertEqual((reply.status, reply.body), (401, b''))

    @rows(
        stale={'age': 3600},
        of_the_future={'age': -600},
        another_client={'client': 'other'},
    )
    def test_refused_cookie(self, session):
        self.assertEqual(self.get('/file', self.site.mint(**session)).status, 401)

    @rows(first=30, middle=200, last=-1)
    def test_damaged_cookie(self, at):
        at %= len(self.principal)
        other = 'A' if self.principal[at] != 'A' else 'Q'
        self.assertEqual(self.get('/file', self.principal[:at] + other +
                                  self.principal[at + 1:]).status, 401)

    @rows(cut=-20, half=150, name_only=16)
    def test_cut_cookie(self, end):
        self.assertEqual(self.get('/file', self.principal[:end]).status, 401)


class WithSession(SiteCases):
    @rows(
        anybody=('/a', 'principal', 200),
        item_needs_the_role_too=('/annual/x', 'principal', 403),
        role_needs_the_item_too=('/annual/x', 'user', 403),
        rewritten=('/rewritten/x', 'principal', 403),
        principal_is_staff=('/staff/x', 'principal', 200),
        user_is_not_staff=('/staff/x', 'user', 403),
        own_unit=('/own_unit/x', 'user', 200),
        denied_by_another_module=('/all/deny/x', 'principal', 403),
    )
    def test_rules(self, path, who, status):
        self.assertEqual(self.get(path, getattr(self, who)).status, status)

    def test_error_page_is_for_others(self):
        reply = self.get('/staff/x', self.user, headers=NAVIGATION)
        self.assertIn(b'again=1', reply.body, 'the way to sign in as another')
        self.assertIn(b'login_required', self.get('/staff/x').body)
        self.assertIn(b'"path": "/error_page"', self.get('/all/deny/x', self.user).body)

    def test_all_rules_hold(self):
        self.assertEqual(self.get('/annual/x',
                                  self.site.mint(role='user', items='other annual')).status, 200)

    @rows(after_others=('a=b', None), before_others=(None, 'a=b'),
          after_a_bad_one=('__Host-unitpass=AAAA', None))
    def test_cookie_among_others(self, *cookies):
        self.assertEqual(self.get('/file',
                                  *(cookie or self.principal for cookie in cookies)).status, 200)

    @rows(comma_and_blank='theme=dark, %s', comma='theme=dark,%s', quoted='theme="dark, %s"',
          nameless='=%s', before='%s, theme=dark')
    def test_no_cookie_begins_within_another(self, cookie):
        self.assertEqual(self.get('/file', cookie % self.principal).status, 401)

    def test_two_sessions_are_none(self):
        self.assertEqual(self.get('/file', self.principal, self.user).status, 401)
        self.assertEqual(self.get('/file', self.principal, self.principal).status, 200)
        self.assertEqual(self.get('/file', self.site.mint(age=3600), self.principal).status, 200)

    @rows(
        crumbs=(200, 'theme=dark', '%s'),
        crumbs_ours_first=(200, '%s', 'a=b'),
        comma=(401, 'theme=dark, %s', 'a=b'),
    )
    def test_http2(self, status, *cookies):
        cookies = (cookie.replace('%s', self.principal) for cookie in cookies)
        sent = [word for cookie in cookies for word in ('-H', 'Cookie: ' + cookie)]
        self.assertEqual(self.site.http2('/file', *sent).status, status)

    def test_cookie_on_a_line_of_its_own(self):
        answer = self.site.raw(
            b'GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n'
            b'Cookie: a=b\r\nCookie: %s\r\n\r\n' % self.principal.encode())
        self.assertTrue(answer.startswith(b'HTTP/1.1 200 '), answer[:100])

    def test_range(self):
        reply = self.get('/file', self.principal, headers={'Range': 'bytes=0-9'})
        self.assertEqual((reply.status, reply.body), (206, b'x' * 10))

    def test_head(self):
        reply = self.get('/file', self.principal, method='HEAD')
        self.assertEqual((reply.status, reply.body, reply.all('Content-Length')),
                         (200, b'', ['1024']))

    def test_file_by_threads(self):
        reply = self.get('/file_by_threads', self.principal)
        self.assertEqual((reply.status, reply.body), (200, b'x' * 1024))

    @rows(file='/file', proxied='/a', two_passes='/guarded_to_guarded/x')
    def test_old_cookie_is_refreshed_once(self, path):
        reply = self.get(path, self.site.mint(age=900))
        self.assertEqual(reply.status, 200)
        names = [value.split('=')[0] for value in reply.all('Set-Cookie')]
        self.assertEqual(names, ['__Host-unitpass-seen'])

    def test_refreshed_session_is_young(self):
        session = self.site.mint(age=900)
        seen = self.get('/file', session).all('Set-Cookie')[0].split(';')[0]
        reply = self.get('/own_unit/x', session, seen)
        self.assertEqual((reply.status, reply.all('Set-Cookie'), reply.seen('X-Seen-User')),
                         (200, [], [UNIT]))

    def test_slow_answer_does_not_undo_a_sign_out(self):
        session = self.site.mint(age=900)
        slow = self.get('/file', session).all('Set-Cookie')
        out = self.get('/.unitpass/logout', session, method='POST', body='return=/', headers=FORM)
        gone = out.all('Set-Cookie')
        jar = dict([session.split('=', 1)])
        for line in gone + slow:
            name, value = line.split(';')[0].split('=', 1)
            jar[name] = value
        self.assertEqual(self.get('/file', *('='.join(pair) for pair in jar.items())).status, 401)

    def test_young_cookie_is_left(self):
        self.assertEqual(self.get('/file', self.principal).all('Set-Cookie'), [])
