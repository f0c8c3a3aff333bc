# SPDX-License-Identifier: Apache-2.0
"""What the tests of both web servers' modules share: tests in tables, files of a folder of its own,
free ports, and requests as they go over the wire. What a server needs to run is its own scene.py's.

From the environment: SANITIZERS, libraries to preload into the server (a sanitizer build)."""
import http.client
import os
import socket
import subprocess
import types
import unittest

SANITIZERS = os.environ.get('SANITIZERS', '')


def rows(**table):
    """One test for each row: test_x becomes test_x[ROW], called with the row's values."""
    def mark(method):
        method.rows = table
        return method
    return mark


class Cases(unittest.TestCase):
    """Tests in tables."""
    longMessage = True
    maxDiff = None

    def __init_subclass__(cls):
        for name, method in list(vars(cls).items()):
            if not hasattr(method, 'rows'):
                continue
            delattr(cls, name)
            for row, values in method.rows.items():
                values = values if isinstance(values, tuple) else (values,)
                setattr(cls, f'{name}[{row}]',
                        lambda self, method=method, values=values: method(self, *values))


class Reply(types.SimpleNamespace):
    """status, headers (pairs) and body of an answer."""

    def all(self, name):
        return [value for key, value in self.headers if key.lower() == name.lower()]


# --- a server's surroundings ---

def free_ports(n):
    sockets = [socket.create_server(('127.0.0.1', 0)) for _ in range(n)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def environment(*preload):
    """A server's, with the sanitizers and the libraries PRELOAD in it."""
    libraries = [SANITIZERS] * bool(SANITIZERS) + [str(path) for path in preload]
    return {**os.environ, **({'LD_PRELOAD': ':'.join(libraries)} if libraries else {}),
            'ASAN_OPTIONS': 'detect_leaks=0', 'UBSAN_OPTIONS': 'print_stacktrace=1'}


def put(path, text, mode):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(mode)
    return path


def fill(template, values):
    """TEMPLATE with each @NAME@ as VALUES say."""
    for name, value in values.items():
        template = template.replace(f'@{name}@', str(value))
    return template


def problems(log, pattern, expected):
    """Lines of LOG that fit PATTERN and hold none of the texts EXPECTED."""
    return [line for line in log.splitlines()
            if pattern.search(line) and not any(text in line for text in expected)]


# --- asking it ---

def request(port, method, path, body, headers, timeout):
    """Status, headers and body (bytes)."""
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=timeout)
    try:
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.getheaders(), answer.read()
    finally:
        connection.close()


def rest(connection):
    """All that comes, up to the end of the connection."""
    answer = b''
    while part := connection.recv(65536):
        answer += part
    return answer


def http2(port, path, *arguments):
    """Status and body (bytes) of a request over HTTP/2, by curl with more ARGUMENTS."""
    done = subprocess.run(['curl', '-sS', '--http2-prior-knowledge', '--max-time', '30',
                           '--write-out', '\n%{http_version} %{http_code}',
                           f'http://127.0.0.1:{port}{path}', *arguments],
                          stdout=subprocess.PIPE, check=True)
    body, _, end = done.stdout.rpartition(b'\n')
    version, status = end.split()
    assert version == b'2', version
    return int(status), body
