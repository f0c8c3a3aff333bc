# SPDX-License-Identifier: Apache-2.0
"""What caches keep of guarded locations: the browser's, others on the way, and nginx's own."""
import itertools

from scene import NAVIGATION, SiteCases, rows

PAGE, REST = (['no-store'], []), (['private, no-cache'], ['Cookie'])
KEPT = ('Cache-Control:public,max-age=60', 'Expires:Thu,%2001%20Jan%202099%2000:00:00%20GMT',
        'X-Accel-Expires:60', 'Surrogate-Control:max-age=60', 'CDN-Cache-Control:max-age=60')
HTML = '&Content-Type:text/html'


def said(reply):
    return reply.all('Cache-Control'), reply.all('Vary')


class Headers(SiteCases):
    @rows(
        page=('?Content-Type:text/html', {}, PAGE),
        page_by_navigation=('?Content-Type:application/pdf', NAVIGATION, PAGE),
        rest=('?Content-Type:application/json', {}, REST),
        rest_of_no_type=('', {}, REST),
        varies_already=('?Vary:Accept,cookie', {}, (['private, no-cache'], ['Accept,cookie'])),
        stricter=('?Cache-Control:no-store', {}, (['no-store'], [])),
        page_less_strict=('?Cache-Control:no-cache' + HTML, {}, (['no-cache', 'no-store'], [])),
        on_purpose=('?Cache-Control:public' + HTML, {}, (['public'], [])),
        for_a_while=('?Cache-Control:max-age=60', {}, (['max-age=60', 'private'], ['Cookie'])),
    )
    def test_of_the_application(self, query, headers, expected):
        self.assertEqual(said(self.get('/a' + query, self.principal, headers=headers)), expected)

    @rows(
        page=('/file', PAGE),
        picture=('/picture.gif', REST),
        administrator=('/expires/picture.gif', (['max-age=3600', 'private'], ['Cookie'])),
        open=('/public/x', ([], [])),
        on_purpose=('/cached/on_purpose/x', ([], [])),
        by_address=('/any/allow/x', REST),
        by_name=('/guarded_to_open/x', REST),
    )
    def test_of_a_location(self, path, expected):
        self.assertEqual(said(self.get(path, self.principal)), expected)

    def test_of_nobody(self):
        self.assertEqual(said(self.get('/any/allow/x')), REST)
        self.assertEqual(self.get('/a').all('Cache-Control'), ['no-store'])

    def test_not_modified(self):
        tag = self.get('/picture.gif', self.principal).all('ETag')[0]
        reply = self.get('/picture.gif', self.principal, headers={'If-None-Match': tag})
        self.assertEqual((reply.status, *said(reply)), (304, *REST))

    @rows(
        silent='/a',
        public='/a?' + '&'.join(KEPT),
        page='/file',
        picture='/picture.gif',
        administrator='/expires/picture.gif',
        on_purpose='/cached/on_purpose/x?key=refreshed&' + '&'.join(KEPT),
        forbidden='/all/deny/x',
        two_passes='/guarded_to_guarded/x?' + '&'.join(KEPT),
    )
    def test_with_a_cookie_of_ours_nothing_is_kept(self, path):
        reply = self.get(path, self.site.mint(age=900))
        self.assertTrue(reply.all('Set-Cookie'), reply.headers)
        self.assertEqual(reply.all('Cache-Control'), ['no-store'])
        others = 'Expires', 'X-Accel-Expires', 'Surrogate-Control', 'CDN-Cache-Control'
        self.assertEqual([name for name in others if reply.all(name)], [])

    def test_pages_of_ours(self):
        reply = self.get('/.unitpass/logout', self.principal, headers=NAVIGATION)
        self.assertEqual(said(reply)[0], ['no-store'])


class OwnCaches(SiteCases):
    keys = map(str, itertools.count())

    def role(self, location, key, *cookies):
        """Whose page it is that the location gives."""
        query = f'key={key}&Cache-Control:public,max-age=600'
        reply = self.get(f'/cached/{location}/?{query}', *cookies)
        self.assertEqual(reply.status, 200)
        return reply.seen('X-Seen-Name') + reply.seen('X-Unitpass-Role')

    @rows(guarded='guarded', by_name='by_name')
    def test_each_gets_her_own(self, location):
        key = next(self.keys)
        self.assertIn('principal', self.role(location, key, self.principal))
        self.assertIn('user', self.role(location, key, self.user))
        self.assertNotIn('user', self.role(location, key, self.principal))
        self.assertEqual(self.role('open', key), [], 'nothing was kept')

    @rows(guarded='guarded', with_a_bypass='with_a_bypass', within_if='if', by_address='any')
    def test_nothing_is_taken(self, location):
        key = next(self.keys)
        self.role('open', key)
        self.assertTrue(self.role(location, key, self.principal))

    @rows(guarded='guarded', with_a_bypass='with_a_bypass', within_if='if', by_address='any')
    def test_nothing_is_kept(self, location):
        key = next(self.keys)
        self.assertTrue(self.role(location, key, self.principal))
        self.assertEqual(self.role('open', key), [])

    def test_nothing_is_kept_beside_a_cookie_of_ours(self):
        key = next(self.keys)
        self.assertTrue(self.role('guarded', key, self.site.mint(age=900)))
        self.assertEqual(self.role('open', key), [])

    @rows(guarded_part='include', part_of_a_guarded_page='include_guarded')
    def test_nothing_is_kept_of_an_include(self, page):
        reply = self.get(f'/{page}/cached.html', self.principal)
        self.assertIn(b'principal', reply.body)
        self.assertEqual(self.role('open', page), [])

    def kept(self, location, *other):
        """Whether another gets the first answer. nginx may send it before it lies in the cache."""
        key = next(self.keys)
        first = self.role(location, key, self.principal)
        return first and self.role(location, key, *other) == first

    def test_open_location_and_purpose_keep_it(self):
        for location, *other in ('open',), ('on_purpose', self.user):
            self.assertTrue(any(self.kept(location, *other) for _ in range(20)), location)

    def test_of_another_protocol(self):
        for who, role in (self.principal, b'principal'), (self.user, b'user'):
            self.assertEqual(self.get('/cached/scgi', who).body, role)

    def test_store(self):
        self.assertEqual(self.get('/stored/x', self.principal).status, 200)
        self.assertEqual(list((self.site.dir / 'stored').iterdir()), [])
