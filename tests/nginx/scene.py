# SPDX-License-Identifier: Apache-2.0
"""What the tests of the nginx module need around them: an nginx with the module, an application
that answers with what reached it, and an issuer that accepts connections and never answers.
Loopback only; a folder of its own; whatever was started is ended by its process id.

From the environment: BUILD, the build folder; NGINX, the program; and what web.py wants."""
import atexit
import grp
import http.server
import json
import os
import pathlib
import pwd
import re
import shutil
import signal
import socket
import socketserver
import subprocess
import tempfile
import threading
import time
import urllib.parse

import web
from web import Cases, free_ports, rows  # noqa: F401 (the tests', too)

HERE = pathlib.Path(__file__).resolve().parent
BUILD = pathlib.Path(os.environ['BUILD']).resolve()
NGINX = os.environ.get('NGINX') or shutil.which('nginx') or '/usr/sbin/nginx'
UNIT = '12430000100000016Y'
NAVIGATION = {'Accept': 'text/html', 'Sec-Fetch-Mode': 'navigate'}
FORM = {'Content-Type': 'application/x-www-form-urlencoded', 'Sec-Fetch-Site': 'same-origin'}
PROBLEM = re.compile(r'\[(emerg|alert|crit)\]|exited with (fatal )?code [1-9]|Sanitizer|runtime '
                     r'error:')
PORTS = 'PORTAL', 'HTTP2', 'INHERITING', 'PLAIN', 'TEAPOT'


class SiteCases(Cases):
    """Tests that share one site. What its nginx says at the end counts as well."""
    expected_alerts = ()

    @classmethod
    def setUpClass(cls):
        cls.site = Site()
        cls.addClassCleanup(cls.site.close)
        cls.site.start()
        cls.principal = cls.site.mint()
        cls.user = cls.site.mint(role='user', items='other')

    @classmethod
    def tearDownClass(cls):
        cls.site.stop()
        problems = cls.site.problems(cls.expected_alerts)
        if problems:
            raise AssertionError('nginx was not well:\n' + '\n'.join(problems))

    def get(self, path, *cookies, **more):
        return self.site.request(path, *cookies, **more)


class Application(http.server.ThreadingHTTPServer):
    """Answers every request with its path and headers, as JSON.

    A query "Name:value&..." gives headers of the answer."""
    daemon_threads = True
    request_queue_size = 128

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def do_GET(self):
            self.rfile.read(int(self.headers.get('Content-Length') or 0))
            body = json.dumps({'path': self.path, 'headers': self.headers.items()}).encode()
            self.send_response(200)
            for pair in urllib.parse.unquote(self.path).partition('?')[2].split('&'):
                if ':' in pair:
                    self.send_header(*pair.split(':', 1))
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_HEAD = do_GET

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(('127.0.0.1', 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class ScgiApplication(socketserver.ThreadingTCPServer):
    """Answers every request with its X-Unitpass-Role, over SCGI."""
    daemon_threads = True

    class Handler(socketserver.StreamRequestHandler):
        def handle(self):
            length = b''
            while (byte := self.rfile.read(1)) != b':':
                length += byte
            words = self.rfile.read(int(length)).split(b'\0')
            role = dict(zip(words[::2], words[1::2])).get(b'HTTP_X_UNITPASS_ROLE', b'nobody')
            self.wfile.write(b'Status: 200\r\nCache-Control: public,max-age=600\r\n\r\n' + role)

    def __init__(self):
        super().__init__(('127.0.0.1', 0), self.Handler)
        threading.Thread(target=self.serve_forever, daemon=True).start()


class WedgedIssuer:
    def __init__(self):
        self.held = []
        self.socket = socket.create_server(('127.0.0.1', 0), backlog=4096)
        self.url = 'http://127.0.0.1:%d' % self.socket.getsockname()[1]
        threading.Thread(target=self.hold, daemon=True).start()

    def hold(self):
        while True:
            try:
                self.held.append(self.socket.accept()[0])
            except OSError:
                return

    def close(self):
        # accept() does not notice a mere close
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for one in self.held:
            one.close()


class Reply(web.Reply):
    """With what reached the application."""

    @property
    def reached(self):
        return json.loads(self.body)['headers']

    def seen(self, name):
        return [value for key, value in self.reached if key.lower() == name.lower()]

    @property
    def identity(self):
        return [key for key, _ in self.reached if re.match('x.unitpass[^a-z0-9]', key.lower())]


class Site:
    def __init__(self):
        self.dir = pathlib.Path(tempfile.mkdtemp(prefix='unitpass-nginx-'))
        atexit.register(self.close)
        self.dir.chmod(0o755)
        self.nginx = None
        self.application = self.scgi = self.issuer = None
        self.env = web.environment()
        for folder in 'log', 'tmp', 'html', 'stored':
            (self.dir / folder).mkdir()
        self.put('secret', '0123456789abcdef0123456789abcdef\n')
        self.put('session.key',
                 '00112233445566778899aabbccddeeff00112233445566778899aabbccddee11\n')

    def put(self, name, text, mode=0o600):
        return web.put(self.dir / name, text, mode)

    # --- nginx ---

    def start(self, config=None):
        """With CONFIG in place of nginx.conf."""
        self.application, self.scgi, self.issuer = Application(), ScgiApplication(), WedgedIssuer()
        self.ports = dict(zip(PORTS, free_ports(len(PORTS))))
        self.put('passwords', 'bob:{PLAIN}pw\n', 0o644)
        self.put('html/file', 'x' * 1024, 0o644)
        self.put('html/picture.gif', 'GIF', 0o644)
        own = '<!--# include virtual="/include_by_address/part.html" -->'
        self.put('html/include_by_address/own.html', own, 0o644)
        self.put('html/include_by_address/part.html', 'SECRET', 0o644)
        for page, part in ('include', 'guarded'), ('include_guarded', 'open'):
            self.put(f'html/{page}/cached.html',
                     f'<!--# include virtual="/cached/{part}/?key={page}" -->', 0o644)
        self.put('html/expires/picture.gif', 'GIF', 0o644)
        self.put('html/file_by_threads', 'x' * 1024, 0o644)
        for kind in 'guarded', 'any', 'any_role':
            for folder in 'include', 'include_by_address':
                self.put(f'html/{folder}/{kind}.html',
                         f'<!--# include virtual="/fragments/{kind}/secret" -->', 0o644)
            self.put(f'html/fragments/{kind}/secret', 'SECRET', 0o644)
        config = self.put('nginx.conf', self.fill(config or (HERE / 'nginx.conf').read_text()),
                          0o644)
        with open(self.dir / 'log/error.log', 'a', encoding='utf-8') as log:
            self.nginx = subprocess.Popen([NGINX, '-e', log.name, '-c', config], env=self.env,
                                          stderr=log)
        for _ in range(400):
            try:
                socket.create_connection(('127.0.0.1', self.ports['PORTAL'])).close()
                return
            except OSError:
                time.sleep(.05)
            if self.nginx.poll() is not None:
                break
        raise AssertionError('nginx did not start:\n' + (self.dir / 'log/error.log').read_text())

    def fill(self, template):
        # Started as root, its workers are nobody: only the master may read the secrets.
        nobody = pwd.getpwnam('nobody')
        user = f'user nobody {grp.getgrgid(nobody.pw_gid).gr_name};' if os.geteuid() == 0 else ''
        return web.fill(template, {
            'MODULE': BUILD / 'ngx_http_unitpass_module.so', 'DIR': self.dir, 'USER': user,
            'ISSUER': self.issuer.url, 'APPLICATION': self.application.server_address[1],
            'SCGI': self.scgi.server_address[1], **self.ports})

    def workers(self):
        """Without nginx's keepers of caches."""
        children = [pid for pid in map(int, filter(str.isdigit, os.listdir('/proc')))
                    if parent(pid) == self.nginx.pid]
        return [pid for pid in children if 'worker' in of_process(pid, 'cmdline')]

    def stop(self):
        """Seconds that it took."""
        began = time.monotonic()
        if self.nginx is None or self.nginx.poll() is not None:
            return 0
        workers = self.workers()
        self.nginx.send_signal(signal.SIGTERM)
        try:
            self.nginx.wait(30)
        except subprocess.TimeoutExpired:
            self.nginx.kill()
            self.nginx.wait()
            for pid in workers:
                kill(pid)
        return time.monotonic() - began

    def close(self):
        self.stop()
        if self.application is not None:
            for one in self.application, self.scgi:
                one.shutdown()
                one.server_close()
            self.issuer.close()
            self.application = None
        shutil.rmtree(self.dir, ignore_errors=True)
        atexit.unregister(self.close)

    def problems(self, expected=()):
        """Lines of the error log that nobody may ignore. nginx makes it standard error, so the
        sanitizers' reports are there, too."""
        log = (self.dir / 'log/error.log').read_text(errors='replace')
        return web.problems(log, PROBLEM, expected)

    # --- asking it ---

    def mint(self, role='principal', items='annual', age=0, client='portal'):
        """A session as Cookie header."""
        return subprocess.run([BUILD / 'tests/nginx/mint', self.issuer.url, client,
                               self.dir / 'secret', self.dir / 'session.key', role, items,
                               str(age)], stdout=subprocess.PIPE, text=True,
                              check=True).stdout.strip()

    def request(self, path, *cookies, headers=None, method='GET', body=None, server='PORTAL',
                timeout=30):
        sent = {**({'Cookie': '; '.join(cookies)} if cookies else {}), **(headers or {})}
        status, got, content = web.request(self.ports[server], method, path, body, sent, timeout)
        return Reply(status=status, headers=got, body=content)

    def connect(self, server='PORTAL'):
        return socket.create_connection(('127.0.0.1', self.ports[server]), timeout=10)

    def raw(self, data):
        """The answer to DATA as it came, up to the end of the connection."""
        with self.connect() as connection:
            connection.sendall(data)
            return web.rest(connection)

    def http2(self, path, *arguments):
        """Status and body of a request over HTTP/2, by curl."""
        status, body = web.http2(self.ports['HTTP2'], path, *arguments)
        return Reply(status=status, headers=[], body=body)


def of_process(pid, what):
    """Empty when it has ended meanwhile."""
    try:
        return pathlib.Path(f'/proc/{pid}/{what}').read_text()
    except OSError:
        return ''


def parent(pid):
    # the program's name stands in parentheses and may hold anything
    fields = of_process(pid, 'stat').rpartition(')')[2].split()
    return int(fields[1]) if fields else None


def kill(pid):
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
