# SPDX-License-Identifier: Apache-2.0
"""What "nginx -t" accepts and refuses, and whether it says why."""
import base64
import json
import subprocess

from scene import BUILD, Cases, NGINX, Site, free_ports, rows

CONFIG = '''load_module @MODULE@;
pid @DIR@/nginx.pid;
events { }
http {
    client_body_temp_path @DIR@/tmp/body; proxy_temp_path @DIR@/tmp/proxy;
    fastcgi_temp_path @DIR@/tmp/fastcgi;
    uwsgi_temp_path @DIR@/tmp/uwsgi; scgi_temp_path @DIR@/tmp/scgi; access_log off;
    @HTTP@
    server {
        listen 127.0.0.1:@PORT@;
        @SERVER@
    }
}
'''
ISSUER = 'unitpass_issuer https://id.example.org; '
CLIENT = 'unitpass_client portal; '
SECRET = 'unitpass_client_secret_file secret; '
KEY = 'unitpass_client_key_file client.jwk; '
SESSION_KEY = 'unitpass_session_key_file session.key; '
ALL = ISSUER + CLIENT + SECRET + SESSION_KEY
TWO_LIFETIMES = 'unitpass_session idle=5m; unitpass_session idle=6m;'
HEX = '00112233445566778899aabbccddeeff'

# P-256's base point, and so the key pair whose private half is 1: a right key, and nobody's.
X = '6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296'
Y = '4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5'


def member(number):
    return base64.urlsafe_b64encode(bytes.fromhex(number)).decode().rstrip('=')


class Settings(Cases):
    @classmethod
    def setUpClass(cls):
        cls.site = Site()
        cls.addClassCleanup(cls.site.close)
        cls.port, = free_ports(1)
        jwk = {'kty': 'EC', 'crv': 'P-256', 'x': member(X), 'y': member(Y)}
        cls.site.put('client.jwk', json.dumps({**jwk, 'd': member('%064x' % 1)}))
        cls.site.put('public.jwk', json.dumps(jwk))
        cls.site.put('secret_644', HEX, 0o644)
        cls.site.put('secret_short', 'abc')
        cls.site.put('key_644', HEX + HEX, 0o644)
        cls.site.put('key_640', HEX + HEX, 0o640)
        cls.site.put('key_short', HEX)
        cls.site.put('key_twice', f'{HEX}{HEX}\n{HEX}{HEX}\n')
        cls.site.put('key_none', '')
        cls.site.put('page_unclosed.html', '{{qr')
        cls.site.put('page_unknown.html', '{{nope}}')

    def check(self, server, http=''):
        """What nginx says of it; empty: accepted."""
        text = CONFIG
        for name, value in {'MODULE': BUILD / 'ngx_http_unitpass_module.so', 'DIR': self.site.dir,
                            'PORT': self.port, 'HTTP': http,
                            'SERVER': server}.items():
            text = text.replace(f'@{name}@', str(value))
        config = self.site.put('test.conf', text)
        done = subprocess.run([NGINX, '-t', '-e', 'stderr', '-c', config], env=self.site.env,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertNotRegex(done.stdout, 'Sanitizer|runtime error:')
        said = [line for line in done.stdout.splitlines() if '[emerg]' in line]
        self.assertEqual(done.returncode != 0, bool(said), done.stdout)
        self.assertIn(done.returncode, (0, 1), done.stdout)
        return '\n'.join(said)

    @rows(
        nothing='',
        guarded=ALL + 'unitpass on;',
        with_key=ISSUER + CLIENT + KEY + SESSION_KEY + 'unitpass on;',
        loopback_http='unitpass_issuer http://127.0.0.1:8080; ' + CLIENT + SECRET + SESSION_KEY,
        lifetimes=ALL + 'unitpass_session idle=5m max=2h;',
        rules=ALL + 'location /x { unitpass on; unitpass_require role principal manager user; '
                    'unitpass_require unit 12430000100000016Y; '
                    'unitpass_require item annual; unitpass_require certificate 143000000016; }',
        proxies=ALL + 'unitpass_trusted_proxy 10.0.0.0/8 ::1 unix:;',
        rules_for_locations=ALL + 'unitpass_require role user; location /x { unitpass on; }',
        rules_switched_off=ALL + 'location /x { unitpass off; unitpass_require role user; }',
        own_lifetime_below=ALL + 'unitpass_session idle=5m; location /x { unitpass_session '
                                 'idle=6m; }',
    )
    def test_accepted(self, server):
        self.assertEqual(self.check(server), '')

    @rows(
        everything=('unitpass on;', ALL),
        other_kind_of_client=(KEY + 'unitpass on;', ALL),
        lifetime=('unitpass_session idle=6m; unitpass on;', ALL + 'unitpass_session idle=5m;'),
        thread_pool=('unitpass on;', ALL + 'unitpass_thread_pool default;'),
    )
    def test_accepted_above(self, server, http):
        self.assertEqual(self.check(server, http), '')

    @rows(
        no_issuer=('unitpass on;', 'unitpass_issuer is missing'),
        no_client=(ISSUER + SECRET + SESSION_KEY, 'unitpass_client is missing'),
        no_secret=(ISSUER + CLIENT + SESSION_KEY,
                   'unitpass_client_secret_file or unitpass_client_key_file is missing'),
        no_session_key=(ISSUER + CLIENT + SECRET, 'unitpass_session_key_file is missing'),
        secret_and_key=(ALL + KEY, 'unitpass_client_secret_file and unitpass_client_key_file are '
                                   'both set'),
        issuer_twice=(ISSUER + ALL, '"unitpass_issuer" directive is duplicate'),
        issuer_ftp=('unitpass_issuer ftp://x; ' + CLIENT + SECRET + SESSION_KEY,
                    'unitpass_issuer: must be https://'),
        issuer_http_elsewhere=('unitpass_issuer http://id.example.org; ' + CLIENT + SECRET +
                               SESSION_KEY, 'unitpass_issuer: must be https://'),
        issuer_with_query=('unitpass_issuer https://id.example.org/?x; ' + CLIENT + SECRET +
                           SESSION_KEY, "unitpass_issuer: must not hold '?'"),
        client_with_space=(ISSUER + 'unitpass_client "a b"; ' + SECRET + SESSION_KEY,
                           'unitpass_client: must be'),
    )
    def test_refused(self, server, why):
        self.assertIn(why, self.check(server))

    @rows(
        session_key_644=('session_key_file', 'key_644',
                         'is open to group or others (mode 644); chmod 600 it'),
        session_key_640=('session_key_file', 'key_640',
                         'is open to group or others (mode 640); chmod 600 it'),
        session_key_short=('session_key_file', 'key_short', 'line 1 is not a key'),
        session_key_twice=('session_key_file', 'key_twice', 'holds no key, more than'),
        session_key_empty=('session_key_file', 'key_none', 'holds no key, more than'),
        session_key_absent=('session_key_file', 'nope', 'cannot be opened: No such file'),
        session_key_folder=('session_key_file', 'log', 'is not a regular file'),
        secret_644=('client_secret_file', 'secret_644',
                    'is open to group or others (mode 644); chmod 600 it'),
        secret_short=('client_secret_file', 'secret_short', 'must hold one line of 8 to 512 bytes'),
        key_no_jwk=('client_key_file', 'secret', 'is not a private P-256 key as JWK'),
        key_public=('client_key_file', 'public.jwk', 'is not a private P-256 key as JWK'),
        page_unclosed=('page', 'page_unclosed.html', 'is not closed'),
        page_unknown=('page', 'page_unknown.html', 'names a value in {{...}} that does not exist'),
        page_absent=('page', 'nope', 'cannot be opened: No such file'),
    )
    def test_refused_file(self, setting, file, why):
        client = '' if setting.startswith('client_') else SECRET
        session_key = '' if setting.startswith('session_') else SESSION_KEY
        said = self.check(f'{ISSUER}{CLIENT}{client}{session_key}unitpass_{setting} {file};')
        self.assertIn(f'unitpass_{setting}: ', said)
        self.assertIn(why, said)
        self.assertIn('test.conf:', said)

    @rows(
        what=('unitpass_require x y;', 'needs unit, role, item or certificate'),
        role=('unitpass_require role boss;', 'role: takes principal, manager and user'),
        role_among_right_ones=('unitpass_require role user boss;',
                               'role: takes principal, manager and user'),
        role_case=('unitpass_require role Principal;', 'role: takes principal, manager and user'),
        unit_check_character=('unitpass_require unit 12430000100000016X;', 'unit: a value is not'),
        unit_organisation_check=('unitpass_require unit 12430000100000015Y;',
                                 'unit: a value is not'),
        unit_short=('unitpass_require unit 12430000100000016;', 'unit: a value is not'),
        no_value=('unitpass_require role;', 'invalid number of arguments'),
        guards_nothing=('unitpass_require role user;', 'has no effect without "unitpass on"'),
    )
    def test_refused_rule(self, rule, why):
        on = '' if why.startswith('has no effect') else 'unitpass on; '
        said = self.check(f'{ALL}location /x {{ {on}{rule} }}')
        self.assertIn('unitpass_require', said)
        self.assertIn(why, said)
        self.assertIn('test.conf:', said)

    @rows(
        name=('unitpass_session longest=5m;', 'takes idle=TIME and max=TIME'),
        value=('unitpass_session idle=x;', 'takes times from 1m to 31d'),
        too_short=('unitpass_session idle=59s;', 'takes times from 1m to 31d'),
        too_long=('unitpass_session max=32d;', 'takes times from 1m to 31d'),
        twice=(TWO_LIFETIMES, 'is duplicate'),
        twice_apart=('unitpass_session idle=5m; unitpass_session max=6h;', 'is duplicate'),
        same_name_twice=('unitpass_session idle=5m idle=6m;', 'is duplicate'),
    )
    def test_refused_lifetime(self, setting, why):
        self.assertIn(why, self.check(ALL + setting))

    @rows(
        mask=('unitpass_trusted_proxy 10.0.0/99;', 'takes networks'),
        name=('unitpass_trusted_proxy proxy.example.org;', 'takes networks'),
    )
    def test_refused_proxy(self, setting, why):
        self.assertIn(why, self.check(ALL + setting))

    @rows(
        unknown=('unitpass_thread_pool nope;', 'unknown thread pool "nope"'),
        twice=('unitpass_thread_pool default; unitpass_thread_pool default;', 'is duplicate'),
    )
    def test_refused_thread_pool(self, http, why):
        self.assertIn(why, self.check(ALL, http))
