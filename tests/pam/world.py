# SPDX-License-Identifier: Apache-2.0
"""The host of the tests: accounts, PAM services, sshd and sudo, in namespaces of its own; and the
phone."""
import fcntl
import json
import os
import pwd
import re
import shutil
import signal
import socket
import struct
import subprocess
import threading
import time

from terminal import Terminal, decode

USER, OTHER = "upalice", "upbob"
UNIT, OTHER_UNIT = "12430000100000016Y", "12430100MB0A12342M"
STACK = ("auth required %s helper=%s %s\naccount required pam_permit.so\n"
         "session required pam_permit.so\n")


def command(*argv, check=True, to=None, **more):
    """TO: a file, for programs that leave others behind which keep a pipe open."""
    out = open(to, "w") if to else subprocess.PIPE
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
                          text=True, **more)
    if check and done.returncode != 0:
        raise RuntimeError(f"{' '.join(argv)}: {open(to).read() if to else done.stdout}")
    return done


def bind(source, target):
    command("mount", "--bind", source, target)


class World:
    def __init__(self, directory, build, top, host):
        self.dir, self.build, self.top = directory, build, top
        self.log = []
        self.network()
        self.files(host)
        self.devices()
        self.accounts()
        self.syslog()
        command(f"{top}/script/site", "start", f"{directory}/site", "--build", build,
                to=f"{directory}/site.log")
        self.site = json.load(open(f"{directory}/site/site.json"))
        self.ctl("item", "add", "shell", "--name", "服务器登录", "--client", "terminal")
        self.reload()
        self.holder = self.holder_ref()

    def reload(self):
        """The server knows what unitpassctl added."""
        log = self.site["files"]["log_unitpassd"]
        before = open(log).read().count(" reloaded")
        os.kill(self.site["pids"]["unitpassd"], signal.SIGHUP)
        until = time.monotonic() + 20
        while open(log).read().count(" reloaded") == before:
            assert time.monotonic() < until, "the server did not reload"
            time.sleep(0.02)

    def limit(self, percent):
        """The server starts again with PERCENT of its usual limits."""
        path = self.site["files"]["unitpassd_conf"]
        text = open(path).read()
        with open(path, "w") as f:
            f.write(re.sub(r"(?m)^rate_percent = \d+$", f"rate_percent = {percent}", text))
        command(f"{self.top}/script/site", "restart-server", f"{self.dir}/site",
                "--build", self.build, to=f"{self.dir}/site.log")
        self.site = json.load(open(f"{self.dir}/site/site.json"))

    # --- the host ---

    def network(self):
        """Loopback, which a new namespace has switched off (netdevice(7): SIOCSIFFLAGS, IFF_UP)."""
        with socket.socket() as s:
            fcntl.ioctl(s, 0x8914, struct.pack("16sh22x", b"lo", 1))

    def files(self, host):
        """Everything that is written lies in memory of this namespace; with KEEP it stays to be
        looked at."""
        if not os.environ.get("KEEP"):
            command("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", self.dir)
        if os.listdir(f"{host}/usr"):
            command("mount", "-t", "overlay", "-o", f"lowerdir={host}/usr:/usr", "overlay", "/usr")
        shutil.copytree("/etc", f"{self.dir}/etc", symlinks=True,
                        ignore=shutil.ignore_patterns("pam.d", "shadow*", "gshadow*", "sudoers*",
                                                      "ssh"))
        for name, mode in (("etc", 0o755), ("etc/pam.d", 0o755), ("run", 0o755),
                           ("run/sshd", 0o755), ("run/sudo", 0o711), ("run/sudo/ts", 0o700)):
            os.makedirs(f"{self.dir}/{name}", exist_ok=True)
            os.chmod(f"{self.dir}/{name}", mode)
        bind(f"{self.dir}/etc", "/etc")
        bind(f"{self.dir}/run", "/run")
        self.write("etc/default/locale", "LANG=C.UTF-8\n", 0o644)

    def devices(self):
        """A /dev with a log, terminals and shared memory that nobody else has."""
        new = f"{self.dir}/dev"
        os.makedirs(new)
        command("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", new)
        for name in ("null", "zero", "full", "random", "urandom", "tty"):
            open(f"{new}/{name}", "w").close()
            bind(f"/dev/{name}", f"{new}/{name}")
        for name, what, options in (("pts", "devpts", "newinstance,ptmxmode=0666,mode=620,gid=5"),
                                    ("shm", "tmpfs", "mode=1777")):
            os.mkdir(f"{new}/{name}")
            command("mount", "-t", what, "-o", options, what, f"{new}/{name}")
        for name, to in (("ptmx", "pts/ptmx"), ("fd", "/proc/self/fd"), ("stdin", "fd/0"),
                         ("stdout", "fd/1"), ("stderr", "fd/2")):
            os.symlink(to, f"{new}/{name}")
        command("mount", "--rbind", new, "/dev")

    def accounts(self):
        users = [(USER, 54321), (OTHER, 54322)] + \
            [("sshd", 54320)] * ("\nsshd:" not in open("/etc/passwd").read())
        for name, line in (("passwd", "%s:x:%d:%d::/tmp:/bin/sh\n"),
                           ("shadow", "%s:*:19000:0:99999:7:::\n"), ("group", "%s:x:%d:\n")):
            with open(f"/etc/{name}", "a") as f:
                f.write("".join(line % ((user, number, number)[:line.count("%")])
                                for user, number in users))
        self.write("etc/sudoers", f"Defaults timestamp_timeout=0\n{USER} ALL=(ALL) ALL\n", 0o440)

    def syslog(self):
        self.log_socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.log_socket.bind("/dev/log")
        os.chmod("/dev/log", 0o666)

        def read():
            while True:
                self.log.append(self.log_socket.recv(8192).decode("utf-8", "replace"))
        threading.Thread(target=read, daemon=True).start()

    def write(self, name, text, mode=0o600):
        path = f"{self.dir}/{name}"
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def map(self, *lines):
        return self.write("map", "# unit holder account\n" + "".join(s + "\n" for s in lines))

    def service(self, name, arguments="", **changes):
        """A PAM service whose file has the usual keys, but for CHANGES (None: left out)."""
        keys = {"issuer": self.site["issuer"], "client": "terminal",
                "secret_file": f"{self.dir}/site/keys-portal/terminal.secret",
                "map_file": f"{self.dir}/map", "timeout": "60", **changes}
        conf = self.write(f"{name}.conf", "".join(f"{k} = {v}\n" for k, v in keys.items()
                                                  if v is not None))
        self.line(name, f"config={conf} {arguments}")

    def line(self, name, arguments, helper=None):
        with open(f"/etc/pam.d/{name}", "w") as f:
            f.write(STACK % (f"{self.build}/pam_unitpass.so", helper
                             or f"{self.build}/unitpass-pam-helper", arguments))

    # --- doors ---

    def pamtester(self, service="check", user=USER, lang="C.UTF-8", items=(),
                  operation="authenticate", again=0, limits=(), **more):
        """AGAIN: so many times more in the same process. LIMITS: of prlimit(1)."""
        argv = ["pamtester", *[x for i in items for x in ("-I", i)], service, user,
                *[operation] * (again + 1)]
        return Terminal([*(["prlimit", *limits] if limits else []), *argv],
                        {"PATH": os.environ["PATH"], "LANG": lang}, **more)

    def sudo(self, *argv, lang="C.UTF-8"):
        env = {"PATH": os.environ["PATH"], "LANG": lang, "SSLKEYLOGFILE": f"{self.dir}/keylog",
               "http_proxy": "http://127.0.0.1:1"}
        return Terminal(["sudo", *argv], env, user=pwd.getpwnam(USER))

    def start_sshd(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            self.ssh_port = s.getsockname()[1]
        key = f"{self.dir}/hostkey"
        command("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
        conf = self.write("sshd_config", f"""ListenAddress 127.0.0.1
Port {self.ssh_port}
HostKey {key}
PidFile {self.dir}/sshd.pid
UsePAM yes
KbdInteractiveAuthentication yes
PasswordAuthentication no
PubkeyAuthentication no
AuthenticationMethods keyboard-interactive
StrictModes no
LogLevel VERBOSE
""")
        self.sshd = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", conf],
                                     env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
                                     stderr=open(f"{self.dir}/sshd.log", "w"))
        for _ in range(100):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.ssh_port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("sshd did not come up")

    def ssh(self, user=USER, *argv):
        options = ["StrictHostKeyChecking=no", f"UserKnownHostsFile={self.dir}/known",
                   "PreferredAuthentications=keyboard-interactive",
                   "NumberOfPasswordPrompts=1", "LogLevel=ERROR"]
        line = ["ssh", "-F", "none", "-p", str(self.ssh_port),
                *[x for o in options for x in ("-o", o)], f"{user}@127.0.0.1", *argv]
        return Terminal(line, {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": self.dir})

    # --- the server and the phone ---

    def ctl(self, *argv):
        return command(*self.site["unitpassctl"], *argv).stdout

    def phone(self, *argv, check=False):
        return command(*self.site["unitpass_holder"], *argv, check=check)

    def approve(self, text):
        return self.phone("scan", text, "--yes", "--password-file",
                          self.site["holder_password_file"]).returncode == 0

    def holder_ref(self):
        """As the first login says: the log names unit and holder."""
        self.map(f"{UNIT} * {USER}")
        self.service("first")
        t = self.pamtester("first", lang="C")
        t.until("Press Enter")
        self.approve(code(t))
        t.type("\n")
        t.end()
        found = re.search(r"holder=(\S+)", self.logged())
        if found is None:
            raise RuntimeError("the first login failed: " + t.text + self.logged())
        return found.group(1)

    def logged(self):
        time.sleep(0.2)
        return "".join(self.log)

    def helpers(self):
        """Live helpers of this build."""
        found = []
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.readlink(f"/proc/{pid}/exe") == f"{self.build}/unitpass-pam-helper":
                    found.append(int(pid))
            except OSError:
                pass
        return found


def code(terminal):
    """The user code shown."""
    found = re.search(r"[BCDFGHJKLMNPQRSTVWXZ]{4}-[BCDFGHJKLMNPQRSTVWXZ]{4}", terminal.text)
    return found.group(0) if found else ""


def scanned(world, terminal, ink, paper, *options):
    return decode(terminal.text, ink, paper, f"{world.dir}/qr.pgm", *options)
