# SPDX-License-Identifier: Apache-2.0
"""Beside nginx's own access modules, in subrequests, and $remote_user among them."""
from scene import NAVIGATION, SiteCases, UNIT, rows

BOB = {'Authorization': 'Basic Ym9iOnB3'}
# "12430000100000016Y:x": anybody can send that
FORGED = {'Authorization': 'Basic MTI0MzAwMDAxMDAwMDAwMTZZOng='}


class Satisfy(SiteCases):
    @rows(
        nobody_navigates=('/any/deny/x', NAVIGATION, 302),
        nobody_fetches=('/any/deny/x', {}, 401),
        by_address=('/any/allow/x', {}, 200),
        by_password=('/any/basic/x', BOB, 200),
        by_forged_password=('/any/basic/x', FORGED, 401),
        by_address_with_auth_request=('/any/allow_and_ask/x', {}, 200),
        password_alone_where_both_are_asked=('/all/basic/x', BOB, 401),
    )
    def test_without_session(self, path, headers, status):
        reply = self.get(path, headers=headers)
        self.assertEqual(reply.status, status)
        if status == 401:
            self.assertIn(b'login', reply.body)

    @rows(
        instead_of_address=('/any/deny/x', {}, 200),
        instead_of_password=('/any/basic/x', {}, 200),
        session_alone_where_both_are_asked=('/all/basic/x', {}, 401),
        both=('/all/basic/x', BOB, 200),
        denied=('/all/deny/x', {}, 403),
    )
    def test_with_session(self, path, headers, status):
        self.assertEqual(self.get(path, self.principal, headers=headers).status, status)


class RemoteUser(SiteCases):
    @rows(
        session=('/a', {}),
        session_and_password=('/a', BOB),
        asked_before_access=('/early_user/x', BOB),
        both_asked=('/all/basic/x', BOB),
        any_by_session=('/any/deny/x', {}),
        after_a_named_location=('/guarded_to_open/x', BOB),
    )
    def test_is_the_unit(self, path, headers):
        self.assertEqual(self.get(path, self.principal, headers=headers).seen('X-Seen-User'),
                         [UNIT])

    @rows(
        by_address=('/any/allow/x', FORGED, []),
        by_address_after_an_early_look=('/any/allow_and_ask/x', FORGED, []),
        any_by_password=('/any/basic/x', BOB, []),
        not_guarded=('/only_basic/x', BOB, ['bob']),
    )
    def test_is_not_the_unit(self, path, headers, user):
        reply = self.get(path, headers=headers)
        self.assertEqual((reply.status, reply.seen('X-Seen-User')), (200, user))

    def test_password_still_reaches_the_application(self):
        self.assertEqual(self.get('/a', self.principal, headers=BOB).seen('Authorization'),
                         [BOB['Authorization']])


class Subrequests(SiteCases):
    @rows(
        include_guarded=('/include/guarded.html', 'nobody', False),
        include_guarded_signed_in=('/include/guarded.html', 'principal', True),
        include_any=('/include/any.html', 'nobody', False),
        include_any_signed_in=('/include/any.html', 'principal', True),
        by_address_include_guarded=('/include_by_address/guarded.html', 'nobody', False),
        by_address_include_any=('/include_by_address/any.html', 'nobody', False),
        by_address_include_any_role=('/include_by_address/any_role.html', 'nobody', False),
        by_address_include_any_signed_in=('/include_by_address/any.html', 'principal', True),
        by_address_include_any_other_role=('/include_by_address/any_role.html', 'principal', False),
        by_address_include_own=('/include_by_address/own.html', 'nobody', True),
    )
    def test_include(self, path, who, shown):
        reply = self.get(path, *([self.principal] if who == 'principal' else []))
        self.assertEqual((reply.status, b'SECRET' in reply.body), (200, shown), reply.body)

    @rows(
        nobody=('/asks_guarded/x', 'nobody', 401),
        signed_in=('/asks_guarded/x', 'principal', 200),
        mirror_by_address=('/mirrored/x', 'nobody', 200),
        mirror_signed_in=('/mirrored/x', 'principal', 200),
    )
    def test_behind(self, path, who, status):
        self.assertEqual(self.get(path, *([self.principal] if who == 'principal' else [])).status,
                         status)

    def test_inherited_auth_request_may_admit(self):
        self.assertEqual(self.get('/x', server='INHERITING').status, 200)
