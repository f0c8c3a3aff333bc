# SPDX-License-Identifier: Apache-2.0
"""Guarded locations: who gets in, as only Apache can say it. What both servers have in common is in
tests/e2e."""
import json

from scene import COOKIE, FETCH, PREFIX, Browser, PortalCases, rows


class Line22LoginRequired(PortalCases):
    def test_navigation_goes_to_login_and_back(self):
        reply = self.guest.ask('/whoami?x=1')
        self.assertEqual(reply.status, 302)
        self.assertTrue(reply.header('Location').startswith(PREFIX + 'login?'), reply.headers)
        self.assertIn('return=%2Fwhoami%3Fx%3D1', reply.header('Location'))
        self.assertEqual(reply.header('Cache-Control'), 'no-store')
        self.assertEqual(reply.header('Strict-Transport-Security'), 'max-age=1',
                         '"Header always" holds')

    def test_navigation_comes_back_to_an_encoded_slash(self):
        reply = self.guest.ask('/repo/group%2Fproject')
        login = PREFIX + 'login?return=%2Frepo%2Fgroup%252Fproject'
        self.assertEqual(reply.header('Location'), login)

    @rows(large_post={'body': 'a' * 300000, 'headers': {'Sec-Fetch-Mode': 'cors'}},
          unknown_method={'method': 'PROPFIND'})
    def test_anything_else_is_told(self, request):
        self.assertLoginRequired(self.guest.ask('/whoami', **request))

    def test_a_sent_form_gets_a_page(self):
        reply = self.guest.ask('/whoami', body='a' * 300000)
        self.assertEqual((reply.status, reply.header('Content-Type')),
                         (401, 'text/html; charset=utf-8'))
        self.assertTrue(reply.header('WWW-Authenticate').startswith('Unitpass '))

    def test_upgrade_to_http2(self):
        headers = {'Connection': 'Upgrade, HTTP2-Settings', 'Upgrade': 'h2c',
                   'HTTP2-Settings': 'AAMAAABkAAQAAP__', 'Sec-Fetch-Mode': 'cors'}
        # httpd may take the upgrade up; then the answer is a frame that http.client does not read
        self.assertIn(self.guest.ask('/whoami', headers).status, (101, 401))

    @rows(
        item='/annual-report/x', role='/role-user/x', any='/any/x', all='/all/x',
        not_principal='/not-principal/x', not_user='/not-user/x',
        none='/none/x', file='/file/a.txt', htaccess='/ht/a.txt', htaccess_rewritten='/ht/front',
        rewritten='/rewritten/env', index='/ht/sub/',
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
        item_and_role='/annual-report/x', one_of_two_units='/unit-among/x', any='/any/x',
        all='/all/x', not_user='/not-user/x',
        other_require_holds='/or-address/x', own_limits='/short/x', file='/file/a.txt',
        open_file='/open.txt', htaccess='/ht/a.txt',
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
            self.assertEqual((reply.status, json.loads(reply.body)['error']),
                             (403, 'access_denied'))

    @rows(
        comma_and_blank=('Cookie: theme=dark, %s',),
        comma=('Cookie: theme=dark,%s',),
        quoted=('Cookie: theme="dark, %s"',),
        # which httpd hands on as the first of these
        two_lines=('Cookie: theme=dark', 'Cookie: %s'),
        two_lines_ours_first=('Cookie: %s', 'Cookie: theme=dark'),
        nameless=('Cookie: =%s',),
    )
    def test_line19_no_cookie_begins_within_another(self, *lines):
        sent = ''.join(line.replace('%s', self.principal.cookie) + '\r\n' for line in lines)
        sent += 'Host: x\r\nConnection: close\r\n\r\n'
        for path in '/whoami', PREFIX + 'session':
            answer = self.httpd.raw(f'GET {path} HTTP/1.1\r\n{sent}'.encode())
            self.assertTrue(answer.startswith(b'HTTP/1.1 401 '), (path, lines, answer[:100]))

    def test_line19_login_cookie_begins_in_no_other(self):
        browser = Browser(self.httpd.ports['PORTAL'])
        attempt, _ = browser.begin('/whoami')
        name = f'__Host-unitpass-login-{attempt}'
        state, login = f'{PREFIX}state?attempt={attempt}', f'{name}={browser.cookies[name]}'
        for cookie, status in ('a=b; ' + login, 200), ('a=b, ' + login, 404):
            self.assertEqual(self.guest.ask(state, {**FETCH, 'Cookie': cookie}).status, status)

    @rows(
        crumbs=(200, 'theme=dark', '%s'),
        crumbs_ours_first=(200, '%s', 'a=b'),
        comma=(401, 'theme=dark, %s', 'a=b'),
    )
    def test_line19_http2(self, status, *cookies):
        cookies = (cookie.replace('%s', self.principal.cookie) for cookie in cookies)
        sent = [word for cookie in cookies for word in ('-H', 'Cookie: ' + cookie)]
        self.assertEqual(self.httpd.http2('/whoami', *sent).status, status)

    def test_http2_refusal_of_a_post(self):
        # of one with a body, httpd 2.4 may reset the stream before its own answer is sent, for a
        # plain "Require all denied" as well
        reply = self.httpd.http2('/role-user/x', '-H', 'Cookie: ' + self.principal.cookie, '-X',
                                 'POST')
        self.assertEqual(reply.status, 403)
        self.assertIn('access_denied', reply.body)
