# SPDX-License-Identifier: Apache-2.0
"""Guarded locations: who gets in, and what the others are told."""
import json

from scene import FETCH, PREFIX, PortalCases, SITE, rows

WEBSOCKET = {'Connection': 'Upgrade', 'Upgrade': 'websocket', 'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version': '13',
             'Sec-Fetch-Mode': 'websocket'}


class Line22LoginRequired(PortalCases):
    def test_navigation_goes_to_login_and_back(self):
        reply = self.guest.ask('/whoami?x=1')
        self.assertEqual(reply.status, 302)
        self.assertTrue(reply.header('Location').startswith(PREFIX + 'login?'), reply.headers)
        self.assertIn('return=%2Fwhoami%3Fx%3D1', reply.header('Location'))
        self.assertEqual(reply.header('Cache-Control'), 'no-store')
        self.assertEqual(reply.header('Strict-Transport-Security'), 'max-age=1', '"Header always" holds')

    def test_login_is_for_the_item(self):
        self.assertIn('item=annual-report', self.guest.ask('/annual-report/x').header('Location'))

    @rows(
        fetch={'headers': FETCH},
        post={'body': 'a=b'},
        large_post={'body': 'a' * 300000},
        options={'method': 'OPTIONS'},
        put={'method': 'PUT'},
        delete={'method': 'DELETE'},
        unknown_method={'method': 'PROPFIND'},
        range_of_a_fetch={'headers': {**FETCH, 'Range': 'bytes=0-3'}},
        websocket={'headers': WEBSOCKET},
    )
    def test_anything_else_is_told(self, request):
        self.assertLoginRequired(self.guest.ask('/whoami', **request))

    def test_head(self):
        reply = self.guest.ask('/whoami', method='HEAD')
        self.assertEqual((reply.status, reply.body), (302, ''))

    def test_upgrade_to_http2(self):
        headers = {'Connection': 'Upgrade, HTTP2-Settings', 'Upgrade': 'h2c', 'HTTP2-Settings': 'AAMAAABkAAQAAP__', 'Sec-Fetch-Mode': 'cors'}
        # httpd may take the upgrade up; then the answer is a frame that http.client does not read
        self.assertIn(self.guest.ask('/whoami', headers).status, (101, 401))

    @rows(
        item='/annual-report/x', role='/role-user/x', any='/any/x', all='/all/x', not_principal='/not-principal/x', not_user='/not-user/x',
        none='/none/x', file='/file/a.txt', htaccess='/ht/a.txt', htaccess_rewritten='/ht/front', rewritten='/rewritten/env', index='/ht/sub/',
    )
    def test_location(self, path):
        self.assertEqual(self.guest.ask(path).status, 302)

    @rows(open='/public/x', open_file='/open.txt', other_require_holds='/or-address/x')
    def test_open_location(self, path):
        self.assertEqual(self.guest.ask(path).status, 200)

    def test_rule_without_a_type_fails_closed(self):
        for browser in self.guest, self.principal:
            self.assertEqual(browser.ask('/not-without-type/x').status, 500)


class Rules(PortalCases):
    @rows(
        item_and_role='/annual-report/x', one_of_two_units='/unit-among/x', any='/any/x', all='/all/x', not_user='/not-user/x',
        other_require_holds='/or-address/x', own_limits='/short/x', file='/file/a.txt', open_file='/open.txt', htaccess='/ht/a.txt',
        htaccess_rewritten='/ht/same',
    )
    def test_let_in(self, path):
        self.assertEqual(self.principal.ask(path).status, 200)

    @rows(role='/role-user/x', certificate='/other-certificate/x', denied_by_not='/not-principal/x',
          denied_by_none='/none/x')
    def test_keep_out(self, path):
        page = self.principal.ask(path)
        self.assertEqual(page.status, 403)
        self.assertIn('<html', page.body)
        self.assertIn('again=1', page.body, 'the way to sign in as another')
        self.assertIn('nonce', page.header('Content-Security-Policy'))
        self.assertEqual(page.header('Strict-Transport-Security'), 'max-age=1')
        for request in {}, {'body': 'x=y'}:
            reply = self.principal.ask(path, FETCH, **request)
            self.assertEqual((reply.status, json.loads(reply.body)['error']), (403, 'access_denied'))

    def test_range_of_a_file(self):
        reply = self.principal.ask('/file/a.txt', {'Range': 'bytes=0-3'})
        self.assertEqual((reply.status, reply.body), (206, 'xxxx'))

    def test_range_of_a_refusal_is_the_whole(self):
        reply = self.principal.ask('/role-user/x', {**FETCH, 'Range': 'bytes=0-3'})
        self.assertEqual((reply.status, json.loads(reply.body)['error']), (403, 'access_denied'))


class Line19Cookie(PortalCases):
    def with_cookie(self, cookie):
        return self.guest.ask('/whoami', {'Cookie': cookie}).status

    @rows(after='a=b; %s', before='%s; a=b', after_a_bad_one='__Host-unitpass=junk; %s')
    def test_found_among_others(self, line):
        self.assertEqual(self.with_cookie(line % self.principal.cookie), 200)

    @rows(first=30, middle=100, last_but_one=-2)
    def test_damaged_is_no_session(self, at):
        cookie = self.principal.cookie
        at %= len(cookie)
        self.assertEqual(self.with_cookie(cookie[:at] + ('A' if cookie[at] != 'A' else 'Q') + cookie[at + 1:]), 302)

    @rows(cut=-20, name_only=16, nothing=0)
    def test_cut_is_no_session(self, end):
        self.assertEqual(self.with_cookie(self.principal.cookie[:end]), 302)

    def test_on_a_line_of_its_own(self):
        answer = self.httpd.raw(b'GET /whoami HTTP/1.1\r\nHost: x\r\nCookie: a=b\r\nCookie: %s\r\nConnection: close\r\n\r\n' % self.principal.cookie.encode())
        self.assertTrue(answer.startswith(b'HTTP/1.1 200 '), answer[:100])


class Http2(PortalCases):
    def ask(self, path, *arguments):
        return self.httpd.http2(path, '-H', 'Cookie: ' + self.principal.cookie, *arguments)

    def test_guest(self):
        self.assertEqual(self.httpd.http2('/whoami', '-H', 'Accept: text/html').status, 302)

    def test_identity_without_spoofs(self):
        reply = self.ask('/headers', '-H', 'X-Unitpass-Role: evil', '-H', 'x_unitpass_unit_code: evil')
        self.assertEqual(reply.status, 200)
        self.assertNotIn('evil', reply.body)
        self.assertIn('principal', reply.body)

    def test_page(self):
        reply = self.ask(PREFIX + 'session')
        self.assertEqual(reply.status, 200)
        self.assertIn(SITE.unit, reply.body)

    def test_refusal_of_a_post(self):
        # of one with a body, httpd 2.4 may reset the stream before its own answer is sent, for a plain "Require all denied" as well
        reply = self.ask('/role-user/x', '-X', 'POST')
        self.assertEqual(reply.status, 403)
        self.assertIn('access_denied', reply.body)
