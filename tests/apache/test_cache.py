# SPDX-License-Identifier: Apache-2.0
"""What caches keep of guarded locations: the browser's, others on the way, and mod_cache."""
from scene import Browser, FETCH, PREFIX, PortalCases, mint, rows

PAGE, REST = ('no-store', ''), ('private, no-cache', 'Cookie')
PUBLIC = 'Cache-Control:public,max-age=600'
KEPT = '&'.join((PUBLIC, 'Expires:Thu,%2001%20Jan%202099%2000:00:00%20GMT',
                 'Surrogate-Control:max-age=60', 'CDN-Cache-Control:max-age=60'))
HTML = '&Content-Type:text/html'


class Headers(PortalCases):
    def said(self, browser, path, headers=None):
        reply = browser.ask(path, headers)
        return reply.header('Cache-Control'), reply.header('Vary')

    @rows(
        page=('?Content-Type:text/html', FETCH, PAGE),
        page_by_navigation=('?Content-Type:application/pdf', None, PAGE),
        rest=('?Content-Type:application/json', FETCH, REST),
        varies_already=('?Vary:Accept,cookie', FETCH, ('private, no-cache', 'Accept,cookie')),
        stricter=('?Cache-Control:no-store', FETCH, ('no-store', '')),
        page_less_strict=('?Cache-Control:no-cache' + HTML, FETCH, ('no-cache, no-store', '')),
        on_purpose=('?Cache-Control:public' + HTML, FETCH, ('public', '')),
        for_a_while=('?Cache-Control:max-age=60', FETCH, ('max-age=60, private', 'Cookie')),
    )
    def test_of_the_application(self, query, headers, expected):
        self.assertEqual(self.said(self.principal, '/cgi/env' + query, headers), expected)

    @rows(
        page=('/file/page.html', PAGE),
        file=('/file/a.txt', REST),
        proxied=('/whoami', ('no-store', '')),
        missing=('/file/nothing', REST),
        administrator=('/cgi/expires/', ('max-age=3600, private', 'Cookie')),
        administrator_always=('/cgi/set/', ('public, max-age=60', '')),
        open=('/open-cgi/env', ('', '')),
        on_purpose=('/cgi/on-purpose/', ('', '')),
        htaccess=('/ht/a.txt', REST),
        rewritten=('/rewritten/env', REST),
    )
    def test_of_a_location(self, path, expected):
        self.assertEqual(self.said(self.principal, path, FETCH), expected)

    def test_of_nobody(self):
        by_address = Browser(self.httpd.ports['SECOND'])
        self.assertEqual(self.said(by_address, '/cgi/by-address/', FETCH), REST)
        self.assertEqual(self.said(self.guest, '/whoami', FETCH)[0], 'no-store')

    def test_not_modified(self):
        tag = self.principal.ask('/file/a.txt', FETCH).header('ETag')
        reply = self.principal.ask('/file/a.txt', {**FETCH, 'If-None-Match': tag})
        said = reply.header('Cache-Control'), reply.header('Vary')
        self.assertEqual((reply.status, *said), (304, *REST))

    @rows(
        silent='/whoami', public='/cgi/env?' + KEPT, page='/file/page.html', file='/file/a.txt',
        administrator='/cgi/expires/', administrator_always='/cgi/set/',
        on_purpose='/cgi/on-purpose/?' + KEPT, forbidden='/role-user/x',
        missing='/file/nothing', rewritten='/rewritten/env?' + KEPT,
    )
    def test_with_a_cookie_of_ours_nothing_is_kept(self, path):
        reply = Browser(self.httpd.ports['PORTAL'], mint(age=900)).ask(path)
        self.assertTrue(reply.header('Set-Cookie'), reply.headers)
        self.assertEqual(reply.all('Cache-Control'), ['no-store'])
        others = 'Expires', 'Surrogate-Control', 'CDN-Cache-Control'
        self.assertEqual([name for name in others if reply.all(name)], [])


class ModCache(PortalCases):
    """In its quick handler, which answers before anybody is asked who they are."""
    def test_keeps_nothing(self):
        member, guest = (Browser(self.httpd.ports['SECOND']) for _ in range(2))
        member.sign_in()
        for path in '/whoami', '/cgi/env?' + PUBLIC:
            self.assertEqual(member.ask(path).status, 200)
            self.assertEqual(guest.ask(path).status, 302)

    def test_keeps_nothing_of_those_let_in_by_address(self):
        guest = Browser(self.httpd.ports['SECOND'])
        path = '/cgi/by-address/?Cache-Control:max-age=600'
        port = guest.ask(path).environment['REMOTE_PORT']
        self.assertNotEqual(guest.ask(path).environment['REMOTE_PORT'], port)

    def test_keeps_on_purpose(self):
        member, guest = (Browser(self.httpd.ports['SECOND']) for _ in range(2))
        member.sign_in()
        path = '/cgi/on-purpose/?' + PUBLIC
        self.assertEqual(member.ask(path).status, 200)
        self.assertEqual(guest.ask(path).status, 200)
