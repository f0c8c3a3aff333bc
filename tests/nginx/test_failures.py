# SPDX-License-Identifier: Apache-2.0
"""An issuer that accepts connections and never answers; reloading, killed workers, and the end,
with logins under way."""
import http.client
import signal
import socket
import subprocess
import threading
import time

from scene import NAVIGATION, SiteCases, kill

RESET = b'\1\0\0\0\0\0\0\0'         # struct linger: on, no time: close() sends RST


class Logins:
    """N clients that want to sign in, all at once."""

    def __init__(self, site, n):
        self.site, self.results = site, []
        self.threads = [threading.Thread(target=self.one) for _ in range(n)]
        for thread in self.threads:
            thread.start()
        # the first of them has reached the issuer
        for _ in range(400):
            if site.issuer.held:
                return
            time.sleep(.02)

    def one(self):
        try:
            self.results.append(self.site.request('/.unitpass/login', headers=NAVIGATION).status)
        except (OSError, http.client.HTTPException) as e:
            self.results.append(type(e).__name__)

    def pending(self):
        return sum(thread.is_alive() for thread in self.threads)

    def join(self):
        for thread in self.threads:
            thread.join()
        return set(self.results)


class WedgedIssuer(SiteCases):
    """The tests run in the order of their names: the last one waits for the logins to end."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.logins = Logins(cls.site, 120)

    def files(self, path, n, longest_s):
        self.assertGreater(self.logins.pending(), 0)
        for _ in range(n):
            began = time.monotonic()
            self.assertEqual(self.get(path, self.principal).status, 200)
            self.assertLess(time.monotonic() - began, longest_s)

    def test_clients_leave_http1(self):
        for _ in range(30):
            with self.site.connect() as connection:
                connection.sendall(b'GET /.unitpass/login HTTP/1.1\r\nHost: a\r\n\r\n')
                time.sleep(.005)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.files('/file', 10, 2)

    def test_clients_leave_http2(self):
        url = f'http://127.0.0.1:{self.site.ports["HTTP2"]}/.unitpass/login'
        clients = [subprocess.Popen(['curl', '-s', '--http2-prior-knowledge', url],
                                    stdout=subprocess.DEVNULL) for _ in range(4)]
        time.sleep(.3)
        for client in clients:
            client.kill()
            client.wait()
        self.files('/file', 10, 2)

    def test_files(self):
        self.files('/file', 300, 2)

    def test_files_by_threads(self):
        self.files('/file_by_threads', 12, 2)

    def test_reload_under_load(self):
        stop, wrong, served = threading.Event(), [], []

        def load():
            while not stop.is_set():
                try:
                    status = self.get('/file', self.principal).status
                except (OSError, http.client.HTTPException) as e:
                    status = repr(e)
                (served if status == 200 else wrong).append(status)

        threads = [threading.Thread(target=load) for _ in range(4)]
        for thread in threads:
            thread.start()
        for _ in range(3):
            self.site.nginx.send_signal(signal.SIGHUP)
            time.sleep(.7)
        stop.set()
        for thread in threads:
            thread.join()
        self.assertEqual(wrong, [])
        self.assertGreater(len(served), 100)

    def test_then_every_login_is_answered(self):
        # by old workers, too: a reload does not cut them off
        self.assertEqual(self.logins.join(), {503})


class KilledWorkers(SiteCases):
    expected_alerts = 'exited on signal 9',

    def test_are_replaced(self):
        login = Logins(self.site, 1)
        killed = self.site.workers()
        self.assertEqual(len(killed), 2)
        for pid in killed:
            kill(pid)
        self.assertEqual(len(login.join()), 1)
        for _ in range(100):
            if len(set(self.site.workers()) - set(killed)) == 2:
                break
            time.sleep(.05)
        self.assertEqual(self.get('/file', self.principal).status, 200)
        again = Logins(self.site, 1)
        self.assertEqual(self.get('/file', self.principal).status, 200)
        for pid in self.site.workers():
            kill(pid)
        again.join()


class End(SiteCases):
    # nginx's master does so to a worker that is not gone after a second; this one waits for its
    # threads
    expected_alerts = 'exited on signal 9',

    def test_does_not_wait_for_the_issuer(self):
        login = Logins(self.site, 1)
        self.assertLess(self.site.stop(), 9)
        self.assertEqual(self.site.nginx.returncode, 0)
        login.join()
