# SPDX-License-Identifier: Apache-2.0
"""/.unitpass/ in nginx: before any location, bodies of every kind, HTTP/2."""
import os
import re
import socket
from pathlib import Path

from scene import FORM, SiteCases, rows

CHUNKED = (b'POST /.unitpass/logout HTTP/1.1\r\nHost: a\r\nConnection: close\r\n'
           b'Sec-Fetch-Site: same-origin\r\n'
           b'Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n')


def readlink(path):
    try:
        return os.readlink(path)
    except OSError:
        return ''


class Pages(SiteCases):
    def test_before_any_location(self):
        self.assertEqual(self.get('/x', server='TEAPOT').status, 418)
        self.assertEqual(self.get('/.unitpass/session', self.principal, server='TEAPOT').status,
                         200)

    @rows(
        session_nobody=('/.unitpass/session', 401),
        unknown=('/.unitpass/nothing', 404),
        unknown_asset=('/.unitpass/assets/nothing', 404),
        only_post=('/.unitpass/complete', 405),
    )
    def test_get(self, path, status):
        self.assertEqual(self.get(path).status, status)

    def test_server_without_issuer_has_none(self):
        self.assertIn(b'"path": "/.unitpass/session"',
                      self.get('/.unitpass/session', server='PLAIN').body)

    def test_session(self):
        reply = self.get('/.unitpass/session', self.principal)
        self.assertEqual(reply.status, 200)
        self.assertIn(b'12430000100000016Y', reply.body)


class Bodies(SiteCases):
    @rows(
        short=('return=%2F', {}, 303),
        empty=('', {}, 303),
        too_long=('a=' + 'x' * 9000, {}, 413),
        other_type=('{}', {'Content-Type': 'application/json'}, 415),
        other_site=('return=%2F', {'Sec-Fetch-Site': 'cross-site'}, 403),
    )
    def test_form(self, body, headers, status):
        reply = self.get('/.unitpass/logout', method='POST', body=body, headers={**FORM, **headers})
        self.assertEqual(reply.status, status, reply.body)

    @rows(in_memory='PORTAL', in_a_file='TEAPOT')
    def test_form_is_read(self, server):
        reply = self.get('/.unitpass/logout', method='POST', body='return=%2Fback', headers=FORM,
                         server=server)
        self.assertEqual((reply.status, reply.all('Location')), (303, ['/back']))

    def test_form_in_pieces(self):
        with self.site.connect() as connection:
            connection.sendall(CHUNKED.replace(b'Transfer-Encoding: chunked',
                                               b'Content-Length: 10'))
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            for byte in b'return=%2F':
                connection.sendall(bytes([byte]))
            self.assertTrue(connection.recv(4096).startswith(b'HTTP/1.1 303 '))

    @rows(nothing_yet=b'', a_chunk_begun=b'1000\r\naaaa', a_lot=b'10000\r\n' + b'a' * 65536 +
          b'\r\n')
    def test_chunked_is_refused_before_its_end(self, beginning):
        with self.site.connect() as connection:
            connection.sendall(CHUNKED + beginning)
            self.assertTrue(connection.recv(4096).startswith(b'HTTP/1.1 411 '))

    @rows(one_byte_each=(4000, 1), twenty_megabytes=(300, 65536))
    def test_chunked_is_never_kept(self, chunks, size):
        answer = b''
        with self.site.connect() as connection:
            try:
                connection.sendall(CHUNKED)
                for _ in range(chunks):
                    connection.sendall(b'%x\r\n' % size + b'a' * size + b'\r\n')
                self.assertEqual(self.kept(), [])
                connection.sendall(b'0\r\n\r\n')
                answer = connection.recv(4096)
            except ConnectionError:
                # or cut off: good, too
                answer = answer or b'HTTP/1.1 411 '
        self.assertTrue(answer.startswith(b'HTTP/1.1 411 '), answer[:100])
        self.assertEqual(self.kept(), [])

    def kept(self):
        """Files that nginx's workers hold open in the folder for bodies, which have no name any
        more."""
        folder = str(self.site.dir / 'tmp/body')
        return [link for pid in self.site.workers() for fd in Path(f'/proc/{pid}/fd').iterdir()
                if (link := readlink(fd)).startswith(folder)]

    def test_refused_body_is_not_the_next_request(self):
        answer = self.site.raw(CHUNKED.replace(b'Connection: close\r\n', b'') +
                               b'5\r\nabcde\r\n0\r\n\r\n'
                               b'GET /file HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
        self.assertEqual(re.findall(rb'HTTP/1\.1 (\d+) ', answer), [b'411', b'401'])


class Http2(SiteCases):
    def test_nobody(self):
        self.assertEqual(self.site.http2('/a').status, 401)

    def test_file(self):
        reply = self.site.http2('/file', '-H', f'Cookie: {self.principal}')
        self.assertEqual((reply.status, reply.body), (200, b'x' * 1024))

    def test_cookie_in_crumbs_and_spoofs(self):
        reply = self.site.http2('/a', '-H', 'Cookie: a=b', '-H', f'Cookie: {self.principal}', '-H',
                                'x-unitpass-role: evil',
                                '-H', 'x_unitpass_role: evil')
        self.assertEqual((reply.status, len(reply.identity)), (200, 9))
        self.assertNotIn(b'evil', reply.body)

    def test_form(self):
        self.assertEqual(self.site.http2('/.unitpass/logout', '-H', 'Sec-Fetch-Site: same-origin',
                                         '-d', 'return=%2F').status, 303)
