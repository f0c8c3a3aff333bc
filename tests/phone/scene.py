# SPDX-License-Identifier: Apache-2.0
"""A server that these tests play, and the phone that they run against it."""
import base64
import http.server
import json
import os
import pty
import select
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.parse

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get('BUILD', TOP + '/build/main'))
PATIENCE_S = 300
REF, OTHER, GRANT, PHONE = 'R' * 21 + 'A', '-' + 'R' * 20 + 'Q', 'G' * 21 + 'A', 'P' * 21 + 'A'
NO, UNIT = '143000000016', '湖南省示例图书馆'
PERSON = {'name': '林小满', 'resident_id': '430102197503100119', 'mobile': '13900002000'}
# RFC 7517, appendix A.2
KEY = {'kty': 'EC', 'crv': 'P-256', 'x': 'MKBCTNIcKUSDii11ySs3526iDZ8AiTo7Tu6KPAqv7D4',
       'y': '4Etl6SRW2YiLUrN5vfvVHuhp7x8PxltmWWlbbM4IFyM',
       'd': '870MB6gfuTJ4HtUnUvYMyJpr5eUZNP4Bk43bVdj3eAE'}


def raw(text):
    return base64.urlsafe_b64decode(text + '=' * (-len(text) % 4))


def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=').decode()


class Call:
    def __init__(self, handler, body):
        self.method = handler.command
        self.path, _, query = handler.path.partition('?')
        self.query = dict(urllib.parse.parse_qsl(query))
        self.raw, self.body = body, json.loads(body) if body else None
        self.key = handler.headers['Idempotency-Key']
        self.token = handler.headers['Authorization']
        self.proof = json.loads(raw(handler.headers['DPoP'].split('.')[1]))


class Server(http.server.ThreadingHTTPServer):
    """Answers what the test has put into "answers", by method and path: (status, JSON), a list of
    such, "cut" (the connection, after the request was read), or a function of the call."""
    daemon_threads = True

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Handler)
        self.calls, self.answers = [], {}
        self.url = 'http://127.0.0.1:%d' % self.server_address[1]
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def answer(self, call):
        found = self.answers.get(call.method + ' ' + call.path)
        if isinstance(found, list):
            found = found.pop(0)
        return found(call) if callable(found) else found or (404, {'error': 'not_found'})


class Handler(http.server.BaseHTTPRequestHandler):
    def do(self):
        call = Call(self, self.rfile.read(int(self.headers['Content-Length'] or 0)))
        self.server.calls.append(call)
        answer = self.server.answer(call)
        if answer == 'cut':
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        text = json.dumps(answer[1]).encode()
        self.send_response(answer[0])
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do

    def log_message(self, *_):
        pass


class Phone:
    """One that has enrolled for the units of these certificates."""
    def __init__(self, numbers=(NO,)):
        self.server = Server()
        self.base = tempfile.mkdtemp(prefix='unitpass-phone-', dir='/tmp')
        self.dir = self.base + '/phone'
        os.mkdir(self.dir, 0o700)
        kept = [{'certificate': {'certificate': n, 'unit_name': UNIT}, 'certificate_jws': 'x'}
                for n in numbers]
        self.write('phone/phone.json', json.dumps({
            'issuer': self.server.url, 'device': PHONE, 'device_token': 'T' * 43,
            'salt': b64(bytes(16)), 'key': KEY, 'certificates': kept}))
        self.password = self.write('password', 'kp7-Wenjian-2318\n')
        self.person = self.write('person.json', json.dumps(PERSON))

    def write(self, name, text):
        path = self.base + '/' + name
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), 'w') as f:
            f.write(text)
        return path

    def end(self):
        self.server.shutdown()
        self.server.server_close()
        shutil.rmtree(self.base, ignore_errors=True)

    def run(self, *words, lang='en', stdin=''):
        return subprocess.run([BUILD + '/unitpass-holder', '-d', self.dir, '--lang', lang, *words],
                              input=stdin, text=True, capture_output=True, timeout=PATIENCE_S)

    def change(self, *words, **more):
        return self.run(*words, '--password-file', self.password, **more)

    def at_terminal(self, words, answers):
        """The same at a terminal, in Chinese: pairs of a question and what is typed when it comes.
        The exit status, and what was shown."""
        pid, fd = pty.fork()
        if pid == 0:
            os.execv(BUILD + '/unitpass-holder',
                     ['unitpass-holder', '-d', self.dir, '--lang', 'zh', *words])
        shown, at, end = b'', 0, time.monotonic() + PATIENCE_S
        while time.monotonic() < end:
            while answers and answers[0][0].encode() in shown[at:]:
                at = len(shown)
                os.write(fd, (answers.pop(0)[1] + '\n').encode())
            if not select.select([fd], [], [], 1)[0]:
                continue
            try:
                more = os.read(fd, 65536)
            except OSError:                # the other end is closed
                break
            shown += more
        os.close(fd)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown.decode()

    def kept_keys(self):
        return [n for n in os.listdir(self.dir) if n.startswith('again.')]


def soon():
    return int(time.time()) + 300


def code():
    return {'code': 'C' * 21 + 'A', 'expires': soon()}
