# SPDX-License-Identifier: Apache-2.0
"""The sample for the server itself, as it is shipped, but for TLS and addresses; in unitpassd's
place the application that says what it got."""
import json
import re

from scene import Cases, HERE, Site

SAMPLE = HERE.parents[1] / 'conf/examples/nginx-issuer.conf'
AROUND = '''daemon off; @USER@
pid @DIR@/nginx.pid;
events { }
http {
    client_body_temp_path @DIR@/tmp/body; proxy_temp_path @DIR@/tmp/proxy;
    fastcgi_temp_path @DIR@/tmp/fastcgi; uwsgi_temp_path @DIR@/tmp/uwsgi;
    scgi_temp_path @DIR@/tmp/scgi; access_log off;
%s
}
'''


def sample():
    text = re.sub(r'^ *ssl_.*\n', '', SAMPLE.read_text(), flags=re.M)
    text = text.replace('443 ssl http2', '127.0.0.1:@PORTAL@')
    text = text.replace('/var/log/nginx/', '@DIR@/log/')
    return AROUND % re.sub(r'127\.0\.0\.1:908[01];', '127.0.0.1:@APPLICATION@;', text)


class Issuer(Cases):
    @classmethod
    def setUpClass(cls):
        cls.site = Site()
        cls.addClassCleanup(cls.site.close)
        cls.site.start(sample())

    def test_access_log_holds_no_code(self):
        secrets = [letter * 22 for letter in 'WHEABQ']
        for path in ('/watch/' + secrets[0], f'/q/{secrets[1]}.1.x', '/e/' + secrets[2],
                     '//watch/' + secrets[3], '/%77atch/' + secrets[4],
                     '/jwks?access_token=' + secrets[5]):
            self.assertEqual(self.site.request(path).status, 200)
        file = self.site.dir / 'log/unitpass-access.log'
        # all of it is written when nginx has ended
        self.site.stop()
        log = file.read_text()
        self.site.start(sample())
        for what in ('"GET /watch/- HTTP/1.1" 200', '"GET /q/- HTTP/1.1" 200',
                     '"GET /e/- HTTP/1.1" 200', '"GET /jwks HTTP/1.1" 200'):
            self.assertIn(what, log)
        for secret in secrets:
            self.assertNotIn(secret, log)

    def test_waiting_pages_get_little_of_the_header(self):
        reply = self.site.request('/watch/x', headers={
            'Accept': 'application/json', 'Cookie': 'a=b', 'Referer': 'https://x.example/',
            'X-Forwarded-For': '6.6.6.6'})
        got = {name.lower(): value for name, value in json.loads(reply.body)['headers']}
        self.assertEqual(got, {'host': got['host'], 'accept': 'application/json',
                               'x-forwarded-for': '127.0.0.1'})

    def test_too_large_a_head(self):
        for path, headers in (('/jwks', {'X-Large': 'x' * 9000}),
                              ('/jwks', {f'X-{i}': 'x' * 7000 for i in range(6)}),
                              ('/' + 'x' * 9000, {})):
            reply = self.site.request(path, headers=headers)
            self.assertEqual((reply.status, json.loads(reply.body)['error']),
                             (431, 'invalid_request'))
