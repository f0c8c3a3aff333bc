#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The module under load while httpd stops, starts and restarts. Started by "soak", which says what
it needs.

    soak.py [--seconds N] [--seed N] [MPM ...]       N seconds for each of prefork, worker, event
                                                     (default 60)

A plain build runs with reentry.c. Fails on a child that ends by a signal, a report of a sanitizer,
a child that must be killed, a wrong answer to a live session, and a request of a live session lost
while all that happens is graceful. httpd alone, without the module, loses a child so now and then
when it is stopped while that child starts; these are counted, not failed. To be run as root."""
import argparse
import http.client
import os
import pathlib
import random
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

sys.dont_write_bytecode = True
HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / 'common')]
from scene import BUILD, Browser, Httpd, PREFIX, SITE, session  # noqa: E402
from web import SANITIZERS  # noqa: E402

OTHER = os.environ.get('OTHER')
SO = 'mod_auth_unitpass.so'
# A child of root dies without a core (AH00052, not AH00051) only before it has dropped its
# privileges: no module has had its turn yet.
TOO_EARLY = 'AH00052'
KILLED = 'still did not exit, sending a SIGKILL'
CLOSED = http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError


class Soaked(Httpd):
    """httpd with a module of its own, that can be replaced, and core dumps."""

    def __init__(self, mpm, preload):
        super().__init__(mpm, preload)
        self.module = self.dir / SO
        self.swaps = 0
        self.swap()
        self.content()
        core = self.dir / 'core'
        core.mkdir()
        core.chmod(0o777)
        text = ((HERE / 'base.conf').read_text().replace('@MODULE@', str(self.module)) +
                (HERE / 'portal.conf').read_text())
        self.config = self.put('httpd.conf', self.fill(text) +
                               f'CoreDumpDirectory {core}\nGracefulShutdownTimeout 5\n')

    def swap(self):
        """As "make" and packages do it: a new file takes the old one's name."""
        source = pathlib.Path(OTHER if OTHER and self.swaps % 2 else BUILD)
        new = self.module.with_suffix('.new')
        shutil.copyfile(source / SO, new)
        new.chmod(0o644)
        new.rename(self.module)
        self.swaps += 1

    def launch(self):
        with open(self.dir / 'output', 'a', encoding='utf-8') as output:
            self.process = subprocess.Popen([os.environ['APACHE'], '-f', self.config,
                                             '-DFOREGROUND'], env=self.env, stdout=output,
                                            stderr=output, start_new_session=True)

    def wait(self, condition, what, seconds=30):
        until = time.monotonic() + seconds
        while not condition():
            if time.monotonic() > until or self.process.poll() is not None:
                raise AssertionError(f'{what} (exit status {self.process.poll()})')
            time.sleep(.02)

    def signal_and_wait(self, number):
        before = self.generations()
        self.process.send_signal(number)
        self.wait(lambda: self.generations() > before, f'httpd did not go on after signal {number}')


def signed_in(port, tries=5):
    """A frame lives a few seconds: on a busy machine it may be over before it is scanned."""
    for left in reversed(range(tries)):
        try:
            return session(port)
        except AssertionError:
            if left == 0:
                raise


class Load:
    """Browsers that go on until told to stop; what went wrong is in WRONG. GENTLE: for now httpd
    may lose no request."""

    def __init__(self, httpd):
        self.httpd, self.port = httpd, httpd.ports['PORTAL']
        self.cookie = '; '.join(f'{k}={v}' for k, v in signed_in(self.port).items())
        self.gentle, self.over = threading.Event(), threading.Event()
        self.wrong, self.served, self.logins, self.frames = [], 0, 0, 0
        self.lock = threading.Lock()
        jobs = [self.sessions] * 3 + [self.strangers] * 3 + [self.http2, self.stall]
        self.threads = [threading.Thread(target=job, daemon=True) for job in jobs]
        for thread in self.threads:
            thread.start()

    def stop(self):
        self.over.set()
        for thread in self.threads:
            thread.join()

    def count(self, name, n=1):
        with self.lock:
            setattr(self, name, getattr(self, name) + n)

    def note(self, what):
        with self.lock:
            self.wrong.append(f'{time.strftime("%H:%M:%S")} {what}')

    def sessions(self):
        """A browser signed in, on a kept connection. One closed before an answer began is opened
        anew, once, as browsers do."""
        connection, used = None, False
        while not self.over.is_set():
            gentle = self.gentle.is_set()
            connection = connection or http.client.HTTPConnection('127.0.0.1', self.port,
                                                                  timeout=20)
            try:
                connection.request('GET', '/file/a.txt',
                                   headers={'Cookie': self.cookie, 'Accept': 'text/html'})
                reply = connection.getresponse()
                body = reply.read()
                used = True
            except (OSError, http.client.HTTPException) as e:
                again = used and isinstance(e, CLOSED)
                connection.close()
                connection, used = None, False
                if not again:
                    if gentle and self.gentle.is_set():
                        self.note(f'a request of a live session was lost: {e!r}')
                    time.sleep(.05)
                continue
            if (reply.status, len(body)) != (200, 1024):
                self.note(f'a live session was answered {reply.status} with {len(body)} bytes')
            self.count('served')

    def strangers(self):
        """Logins begun, watched and asked for completion: each blocks in the network."""
        while not self.over.is_set():
            try:
                browser = Browser(self.port)
                attempt, _ = browser.begin('/whoami')
                browser.ask(PREFIX + 'complete', form={'attempt': attempt})
                self.count('logins')
            except (OSError, http.client.HTTPException, AssertionError, AttributeError, KeyError,
                    ValueError):
                time.sleep(.02)          # httpd is away, or the server stalls

    def http2(self):
        """Signed-in requests and logins at once, each in a thread of mod_http2."""
        url = f'http://127.0.0.1:{self.port}'
        paths = [f'{url}/file/a.txt'] * 12 + [f'{url}{PREFIX}login?again=1'] * 4
        while not self.over.is_set():
            done = subprocess.run(['curl', '-s', '--http2-prior-knowledge', '--parallel',
                                   '--max-time', '10', '-H', f'Cookie: {self.cookie}',
                                   '-w', '\n%{http_code}\n', *paths], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, text=True)
            codes = [line for line in done.stdout.splitlines() if len(line) == 3 and line.isdigit()]
            self.count('frames', codes.count('200'))
            for code in set(codes) & {'302', '401', '403', '500'}:
                self.note(f'HTTP/2: a live session was answered {code}')
            time.sleep(.02)

    def stall(self):
        """The server stands still now and then."""
        server = SITE.pids['unitpassd']
        while not self.over.wait(random.uniform(.5, 3)):
            os.kill(server, signal.SIGSTOP)
            time.sleep(random.uniform(.2, 1))
            os.kill(server, signal.SIGCONT)


def graceful(httpd, load):
    httpd.signal_and_wait(signal.SIGUSR1)


def restart(httpd, load):
    load.gentle.clear()
    httpd.signal_and_wait(signal.SIGHUP)


def again(httpd, load):
    """Stopped in the middle of things, and now and then while it starts."""
    load.gentle.clear()
    for early in random.choice(([], [.05], [.05, .3])):
        end(httpd)
        httpd.launch()
        time.sleep(random.uniform(0, early) + .15)
    end(httpd)
    before = httpd.generations()
    httpd.launch()
    httpd.wait(lambda: httpd.generations() > before, 'httpd did not start')


def show_children(httpd):
    """What children that should have ended are doing."""
    children = subprocess.run(['pgrep', '-P', str(httpd.process.pid)], stdout=subprocess.PIPE,
                              text=True).stdout.split()
    for child in children if shutil.which('gdb') else ():
        subprocess.run(['gdb', '-q', '-batch', '-p', child, '-ex', 'thread apply all backtrace 40'],
                       stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
                       stdout=open(httpd.dir / f'stuck.{child}', 'w', encoding='utf-8'))


def end(httpd):
    httpd.process.send_signal(signal.SIGTERM)
    try:
        httpd.process.wait(7)
    except subprocess.TimeoutExpired:
        show_children(httpd)
    try:
        httpd.process.wait(30)
    except subprocess.TimeoutExpired:
        os.killpg(httpd.process.pid, signal.SIGKILL)
        raise AssertionError('httpd did not stop in 30 s') from None


def reentry(folder):
    """The library that notices work in a signal handler. The sanitizers have an allocator of their
    own."""
    if SANITIZERS:
        return ()
    os.chmod(folder, 0o755)
    library = pathlib.Path(folder, 'reentry.so')
    subprocess.run(['cc', '-D_GNU_SOURCE', '-O1', '-Wall', '-Wextra', '-Werror', '-shared', '-fPIC',
                    '-o', library, HERE / 'reentry.c'], check=True)
    return library,


def soak(mpm, seconds, preload):
    """What went wrong."""
    httpd = Soaked(mpm, preload)
    wrong, done = [], {graceful: 0, restart: 0, again: 0}
    until = time.monotonic() + seconds
    httpd.launch()
    httpd.wait(lambda: httpd.generations() == 1, 'httpd did not start')
    load = Load(httpd)
    try:
        while time.monotonic() < until and not load.wrong:
            load.gentle.set()
            time.sleep(random.choice((0, .02, .1, .3, 1)))
            if random.random() < .5:
                httpd.swap()
            action = random.choices(list(done), (6, 2, 2))[0]
            action(httpd, load)
            done[action] += 1
            if httpd.problems((TOO_EARLY,)):
                break
    except AssertionError as e:
        wrong.append(str(e))
    finally:
        load.gentle.clear()
        load.stop()
        if httpd.stop() != 0:
            wrong.append('httpd ended with an error')
    wrong += load.wrong + httpd.problems((TOO_EARLY,)) + [line for line in httpd.log().splitlines()
                                                          if KILLED in line]
    print(f'{mpm}: {done[graceful]} graceful, {done[restart]} restarts, {done[again]} stops; '
          f'{load.served} requests of a session, {load.frames} over HTTP/2, '
          f'{load.logins} logins begun; {httpd.log().count(TOO_EARLY)} children lost by httpd '
          f'itself', flush=True)
    if wrong:
        kept = httpd.dir.with_name(httpd.dir.name + '-kept')
        shutil.copytree(httpd.dir, kept)
        print('\n'.join(wrong[:20]), f'\nthe folder is kept: {kept}', flush=True)
    elif not (load.served and load.frames and load.logins and all(done.values())):
        wrong.append('too short')
        print(f'{mpm}: not everything happened; give it more time', flush=True)
    httpd.close()
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--seconds', type=int, default=60)
    parser.add_argument('--seed', type=int, default=int(time.time()))
    parser.add_argument('mpm', nargs='*', default=['prefork', 'worker', 'event'])
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    print(f'seed {arguments.seed}', flush=True)
    random.seed(arguments.seed)
    with tempfile.TemporaryDirectory(prefix='unitpass-soak-', dir='/tmp') as folder:
        preload = reentry(folder)
        failed = sum(bool(soak(mpm, arguments.seconds, preload)) for mpm in arguments.mpm)
    print(f'apache: {len(arguments.mpm) - failed} passed, {failed} failed', flush=True)
    return failed != 0


sys.exit(main())
