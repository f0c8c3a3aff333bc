# SPDX-License-Identifier: Apache-2.0
"""Login, guard, identity and logout under the other two ways of httpd to serve: processes alone,
and threads without event's listener."""
import json

from scene import Browser, FETCH, PREFIX, PortalCases, SITE


class Prefork(PortalCases):
    mpm = 'prefork'

    def test_login_guard_and_logout(self):
        browser = Browser(self.httpd.ports['PORTAL'])
        self.assertEqual(json.loads(browser.sign_in('/whoami?x=1').body)['return'], '/whoami?x=1')
        self.assertEqual(json.loads(browser.ask('/whoami').body)['unit_name'], SITE.unit_name)
        self.assertEqual(browser.ask('/annual-report/x').status, 200)
        self.assertEqual(browser.ask('/role-user/x').status, 403)
        self.assertEqual(browser.ask('/cgi/env').environment['UNITPASS_UNIT_CODE'], SITE.unit)
        browser.ask(PREFIX + 'logout', form={'return': '/'})
        self.assertEqual(browser.ask('/whoami').status, 302)

    def test_guest(self):
        self.assertLoginRequired(self.guest.ask('/whoami', FETCH))
        self.assertEqual(self.guest.ask('/not-user/x').status, 302)

    def test_spoofs(self):
        for browser, path in (self.principal, '/headers'), (self.guest, '/open-cgi/env'):
            reply = browser.ask(path, {'X-Unitpass-Role': 'evil', 'x_unitpass_unit_code': 'evil'})
            self.assertEqual(reply.status, 200)
            self.assertNotIn('evil', reply.body)

    def test_sessions_outlive_a_graceful_restart(self):
        cookies = self.principal.cookies
        self.httpd.graceful()
        self.eventually(lambda: self.httpd.generations() == 2, 'httpd goes on')
        self.assertEqual(Browser(self.httpd.ports['PORTAL'], cookies).ask('/whoami').status, 200)


class Worker(Prefork):
    mpm = 'worker'
