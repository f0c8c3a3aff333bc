# SPDX-License-Identifier: Apache-2.0
"""Configurations: what is wrong is refused by "httpd -t", naming the directive, where it stands and
what to do."""
import pathlib

from scene import Cases, Httpd, rows

ISSUER = 'UnitpassIssuer @ISSUER@\n'
CLIENT = 'UnitpassClient sample-portal\n'
SECRET = 'UnitpassClientSecretFile @KEYS@/client.secret\n'
SESSION_KEY = 'UnitpassSessionKeyFile @DIR@/session.key\n'
PORTAL = ISSUER + CLIENT + SECRET + SESSION_KEY
GUARD = '<Location /x>\nAuthType unitpass\nRequire valid-user\n</Location>\n'
HOST = '<VirtualHost *:80>\n%s</VirtualHost>\n'


def location(*lines):
    return '<Location /x>\n' + '\n'.join(lines) + '\n</Location>\n'


class Configuration(Cases):
    @classmethod
    def setUpClass(cls):
        cls.httpd = Httpd('event')
        cls.addClassCleanup(cls.httpd.close)
        cls.httpd.put('readable.key', 'a' * 64 + '\n', 0o644)
        cls.httpd.put('junk.key', 'zz\n')

    @rows(
        guarded=PORTAL + GUARD,
        virtual_host_inherits=PORTAL + HOST % GUARD,
        common_issuer_unused=ISSUER + HOST % '',
        session_by_location=PORTAL + location('UnitpassSession idle=1h30m max=7d'),
        proxies=PORTAL + 'UnitpassTrustedProxy 10.0.0.0/8 ::1 unix:\n',
    )
    def test_accepted(self, text):
        status, said = self.httpd.configtest(text)
        self.assertEqual((status, said.strip()), (0, 'Syntax OK'))

    def test_type_without_require_is_pointed_at(self):
        status, said = self.httpd.configtest(PORTAL + location('AuthType unitpass'))
        self.assertEqual(status, 0)
        self.assertIn('site.conf:6 has no Require beside it and protects nothing by itself: add '
                      '"Require valid-user"', said)

    def test_files_are_found_from_the_server_root(self):
        status, said = self.httpd.configtest(PORTAL.replace('@DIR@/', '').replace(
            '@KEYS@/client.secret', 'session.key'))
        self.assertEqual(status, 0, said)

    @rows(
        no_issuer=(CLIENT + SECRET + SESSION_KEY,
                   'UnitpassIssuer is missing: set it beside UnitpassClient', 1),
        no_client=(ISSUER + SECRET + SESSION_KEY,
                   'UnitpassClient is missing: set it beside UnitpassIssuer', 1),
        no_secret=(ISSUER + CLIENT + SESSION_KEY,
                   'UnitpassClientSecretFile (or UnitpassClientKeyFile) is missing', 1),
        no_session_key=(ISSUER + CLIENT + SECRET, 'UnitpassSessionKeyFile is missing', 1),
        incomplete_virtual_host=(ISSUER + HOST % CLIENT + HOST % '',
                                 'UnitpassSessionKeyFile is missing', 1),
        no_portal=(GUARD, 'UnitpassIssuer is missing: set it in this server', 2),
        no_portal_in_virtual_host=(HOST % GUARD + HOST.replace('80', '81') % PORTAL,
                                   'UnitpassIssuer is missing: set it in this server', 3),
        issuer_in_clear=(PORTAL.replace('@ISSUER@', 'http://id.example.org'),
                         'UnitpassIssuer: must be https://host[:port]', 1),
        client_with_space=(PORTAL.replace('sample-portal', '"a b"'), 'UnitpassClient: must be', 2),
        said_twice=(PORTAL + CLIENT, 'UnitpassClient is said twice', 5),
        empty=(PORTAL.replace('sample-portal', '""'), 'UnitpassClient takes one argument', 2),
        secret_and_key=(PORTAL + 'UnitpassClientKeyFile @KEYS@/client.secret\n', 'keep one', 5),
        key_is_no_jwk=(PORTAL.replace('ClientSecretFile', 'ClientKeyFile'),
                       'UnitpassClientKeyFile: is not a private P-256 key', 3),
        secret_is_absent=(PORTAL.replace('@KEYS@', '/nonexistent'),
                          '/nonexistent/client.secret cannot be opened', 3),
        session_key_is_junk=(PORTAL.replace('session.key', 'junk.key'), 'openssl rand -hex 32', 4),
        page_is_absent=(PORTAL + 'UnitpassPage /nonexistent.html\n',
                        'UnitpassPage: /nonexistent.html cannot be opened', 5),
        idle_too_short=(PORTAL + 'UnitpassSession idle=5s\n', 'times from 1m to 31d', 5),
        unknown_limit=(PORTAL + 'UnitpassSession foo=5m\n', 'takes idle=TIME and max=TIME', 5),
        no_time=(PORTAL + location('UnitpassSession idle=1h30m max=9x'), 'not max=9x', 6),
        no_network=(PORTAL + 'UnitpassTrustedProxy 10.0.0.0/8 nonsense\n', 'not nonsense', 5),
        short_unit=(PORTAL + location('AuthType unitpass', 'Require unit 123'),
                    '(18 characters, in capitals; the check characters are checked) (123)', 7),
        unit_in_lower_case=(PORTAL + location('AuthType unitpass',
                                              'Require unit 12430000100000016y'),
                            'the check characters are checked', 7),
        unit_with_a_wrong_check=(PORTAL + location('AuthType unitpass',
                                                   'Require unit 12430000100000016X'),
                                 'the check characters are checked', 7),
        unknown_role=(PORTAL + location('AuthType unitpass', 'Require unit-role principle'),
                      'takes principal, manager and user (principle)', 7),
        no_role=(PORTAL + location('AuthType unitpass', 'Require unit-role'),
                 'Require unit-role needs the values', 7),
        empty_role=(PORTAL + location('AuthType unitpass', 'Require unit-role ""'),
                    'a value is empty', 7),
        headers_maybe=(PORTAL + 'UnitpassHeaders maybe\n', 'UnitpassHeaders must be On or Off', 5),
        issuer_of_a_location=(PORTAL + location('UnitpassIssuer https://x.example'),
                              'UnitpassIssuer not allowed', 6),
    )
    def test_refused(self, text, words, line):
        self.refused(text, words, line)

    def refused(self, text, words, line):
        status, said = self.httpd.configtest(text)
        path = pathlib.Path(self.httpd.dir, 'site.conf')
        self.assertEqual(status, 1, said)
        self.assertIn(words, said)
        self.assertTrue(f'{path}:{line}' in said or f'line {line} of {path}:' in said, said)

    @rows(
        in_the_portal=(PORTAL + 'MergeTrailers on\n', 5),
        in_another_server=(HOST % PORTAL + HOST.replace('80', '81') % 'MergeTrailers On\n', 8),
    )
    def test_line20_merged_trailers_are_refused(self, text, line):
        self.refused(text, 'MergeTrailers on would let clients bring X-Unitpass-* headers', line)

    def test_line29_key_readable_by_others_is_refused(self):
        self.refused(PORTAL.replace('session.key', 'readable.key'),
                     'is open to group or others (mode 644); chmod 600 it', 4)

    def test_line29_no_secret_is_shown(self):
        _, said = self.httpd.configtest(PORTAL.replace('session.key', 'readable.key'))
        self.assertNotIn('aaaa', said)
