# SPDX-License-Identifier: Apache-2.0
"""The host of the tests: accounts, PAM services, sshd and sudo, in a mount namespace of its own; and the phone."""
import json
import os
import pwd
import re
import shutil
import socket
import subprocess
import threading
import time

from terminal import Terminal, decode

USER, OTHER = "upalice", "upbob"
UNIT, OTHER_UNIT = "12430000100000016Y", "12430100MB0A12342M"
STACK = "auth required %s helper=%s %s\naccount required pam_permit.so\nsession required pam_permit.so\n"


def command(*argv, check=True, **more):
    return subprocess.run(argv, check=check, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more)


def bind(source, target):
    command("mount", "--bind", source, target)


class World:
    def __init__(self, directory, build, top):
        self.dir, self.build, self.top = directory, build, top
        self.site = json.load(open(f"{directory}/site/site.json"))
        self.log = []
        self.services()
        self.accounts()
        self.syslog()
        self.ctl("item", "add", "shell", "--name", "服务器登录", "--client", "terminal")
        os.kill(self.site["pids"]["unitpassd"], 1)
        self.holder = self.holder_ref()

    # --- the host ---

    def services(self):
        os.mkdir(f"{self.dir}/pam.d")
        bind(f"{self.dir}/pam.d", "/etc/pam.d")
        os.mkdir(f"{self.dir}/run")
        bind(f"{self.dir}/run", "/run")
        os.mkdir("/run/sshd", 0o755)
        shutil.copytree("/etc/default", f"{self.dir}/default", symlinks=True)
        self.write("default/locale", "LANG=C.UTF-8\n", 0o644)
        bind(f"{self.dir}/default", "/etc/default")
        os.makedirs("/run/sudo/ts", 0o700)

    def accounts(self):
        for name, line in (("passwd", "%s:x:%d:%d::/tmp:/bin/sh\n"), ("shadow", "%s:*:19000:0:99999:7:::\n"), ("group", "%s:x:%d:\n")):
            copy = f"{self.dir}/{name}"
            shutil.copy2(f"/etc/{name}", copy)
            with open(copy, "a") as f:
                for i, user in enumerate((USER, OTHER)):
                    f.write(line % ((user, 54321 + i, 54321 + i)[:line.count("%")]))
            bind(copy, f"/etc/{name}")
        sudoers = f"{self.dir}/sudoers"
        with open(sudoers, "w") as f:
            f.write(f"Defaults timestamp_timeout=0\n{USER} ALL=(ALL) ALL\n")
        os.chmod(sudoers, 0o440)
        bind(sudoers, "/etc/sudoers")

    def syslog(self):
        """Our own /dev/log, over the host's in this namespace."""
        self.log_socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        path = f"{self.dir}/log.sock"
        self.made_dev_log = not os.path.lexists("/dev/log")
        if self.made_dev_log:
            self.log_socket.bind("/dev/log")
            os.chmod("/dev/log", 0o666)
        else:
            self.log_socket.bind(path)
            os.chmod(path, 0o666)
            bind(path, os.path.realpath("/dev/log"))

        def read():
            while True:
                self.log.append(self.log_socket.recv(8192).decode("utf-8", "replace"))
        threading.Thread(target=read, daemon=True).start()

    def close(self):
        if self.made_dev_log:
            os.unlink("/dev/log")

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
        keys = {"issuer": self.site["issuer"], "client": "terminal", "secret_file": f"{self.dir}/site/keys-portal/terminal.secret",
                "map_file": f"{self.dir}/map", "timeout": "60", **changes}
        conf = self.write(f"{name}.conf", "".join(f"{k} = {v}\n" for k, v in keys.items() if v is not None))
        self.line(name, f"config={conf} {arguments}")

    def line(self, name, arguments, helper=None):
        with open(f"/etc/pam.d/{name}", "w") as f:
            f.write(STACK % (f"{self.build}/pam_unitpass.so", helper or f"{self.build}/unitpass-pam-helper", arguments))

    # --- doors ---

    def pamtester(self, service="check", user=USER, lang="C.UTF-8", items=(), **more):
        argv = ["pamtester", *[x for i in items for x in ("-I", i)], service, user, "authenticate"]
        return Terminal(argv, {"PATH": os.environ["PATH"], "LANG": lang}, **more)

    def sudo(self, *argv, lang="C.UTF-8"):
        env = {"PATH": os.environ["PATH"], "LANG": lang, "SSLKEYLOGFILE": f"{self.dir}/keylog", "http_proxy": "http://127.0.0.1:1"}
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
        self.sshd = subprocess.Popen(["/usr/sbin/sshd", "-D", "-e", "-f", conf], env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8"},
                                     stderr=open(f"{self.dir}/sshd.log", "w"))
        for _ in range(100):
            with socket.socket() as s:
                if s.connect_ex(("127.0.0.1", self.ssh_port)) == 0:
                    return
            time.sleep(0.05)
        raise RuntimeError("sshd did not come up")

    def ssh(self, user=USER, *argv):
        options = ["StrictHostKeyChecking=no", f"UserKnownHostsFile={self.dir}/known", "PreferredAuthentications=keyboard-interactive",
                   "NumberOfPasswordPrompts=1", "LogLevel=ERROR"]
        line = ["ssh", "-F", "none", "-p", str(self.ssh_port), *[x for o in options for x in ("-o", o)], f"{user}@127.0.0.1", *argv]
        return Terminal(line, {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "HOME": self.dir})

    # --- the server and the phone ---

    def ctl(self, *argv):
        return command(*self.site["unitpassctl"], *argv).stdout

    def phone(self, *argv, check=False):
        return command(*self.site["unitpass_holder"], *argv, check=check)

    def approve(self, text):
        return self.phone("scan", text, "--yes", "--password-file", self.site["holder_password_file"]).returncode == 0

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
