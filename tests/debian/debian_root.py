#!/usr/bin/env python3
"""A private Debian 12 with the daemons and firewalls that the tests need, and machines that live in it.

    tree = debian_root.root()                        # builds it the first time; unittest.SkipTest says why not
    machine = debian_root.Machine("mbox1")           # a host of its own: net, mount, pid and uts namespaces
    machine.run(["firewall-cmd", "--state"])
    machine.close()

All machines share the one tree, which nobody writes to: what a machine writes is in memory and ends with it. Nothing is
installed, enabled or started on the host itself. Run as a program, it builds the tree."""

import contextlib
import fcntl
import os
import pathlib
import re
import select
import shlex
import shutil
import subprocess
import sys
import unittest
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
PACKAGES = HERE / "packages.txt"
SUITE = "bookworm"
SPACES = ["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--kill-child", "--propagation", "private"]
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
SKIPPED = 77
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ENVIRONMENT = {"PATH": PATH, "LC_ALL": "C.UTF-8", "HOME": "/root", "PYTHONDONTWRITEBYTECODE": "1"}


def folder():
    """Where the tree is kept, for all tests and all builds of this checkout."""
    return pathlib.Path(os.environ.get("ZMFIREWALL_DEBIAN_ROOT") or HERE.parents[1] / "build" / "debian-root")


def root():
    """The folder with `tree`, built where it is missing or has other packages; skips the test where that cannot be."""
    if os.geteuid() != 0:
        raise unittest.SkipTest("a private Debian tree needs root, for debootstrap and for mounts")
    tried = subprocess.run([*SPACES, "--net", "true"], stderr=subprocess.PIPE, text=True, check=False)
    if tried.returncode != 0:
        raise unittest.SkipTest(f"namespaces are not permitted here: {tried.stderr.strip()}")
    place = folder()
    if is_built(place):
        return place
    if not shutil.which("debootstrap", path=PATH):
        raise unittest.SkipTest("debootstrap is not installed")
    (place / "mount").mkdir(parents=True, exist_ok=True)
    with open(place / "lock", "w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not is_built(place):
            build(place, lock)
    return place


def is_built(place):
    """With our packages, and perhaps more, for another checkout that shares the tree."""
    with contextlib.suppress(OSError):
        there = (place / "tree/etc/zmfirewall-packages").read_text(encoding="utf-8").split()
        return set(there) >= set(PACKAGES.read_text(encoding="utf-8").split())
    return False


def build(place, lock):
    """The builder inherits the lock: should we be killed, nobody else builds beside it."""
    mirror, keyring = mirror_of_host()
    environment = {**os.environ, "PATH": PATH, "LC_ALL": "C.UTF-8"}
    proxy = apt_proxy()
    if proxy:
        environment["http_proxy"] = environment["https_proxy"] = proxy
    release = f"{mirror}/dists/{SUITE}/Release"
    try:
        handlers = [urllib.request.ProxyHandler({"http": proxy, "https": proxy})] if proxy else []
        urllib.request.build_opener(*handlers).open(release, timeout=30).close()
    except OSError as problem:
        raise unittest.SkipTest(f"{release} does not answer: {problem}") from problem
    done = subprocess.run(
        [HERE / "build_tree", place, mirror, keyring],
        pass_fds=[lock.fileno()], env=environment, stderr=subprocess.PIPE, text=True, check=False,
    )  # fmt: skip
    if "noexec or nodev" in done.stderr:  # as debootstrap says where it may make no devices
        raise unittest.SkipTest(f"no Debian tree can be made in {place}: {done.stderr.strip().splitlines()[-1]}")
    if done.returncode != 0:
        raise RuntimeError(f"the Debian tree in {place} was not built:\n{done.stderr}")


def mirror_of_host():
    """(mirror, keyring) of the host's own source of Debian 12: never another host."""
    apt = pathlib.Path("/etc/apt")
    found = []
    for path in sorted(apt.glob("sources.list.d/*.sources")):
        found += deb822_sources(path.read_text(encoding="utf-8", errors="replace"))
    for path in [apt / "sources.list", *sorted(apt.glob("sources.list.d/*.list"))]:
        if path.exists():
            found += one_line_sources(path.read_text(encoding="utf-8", errors="replace"))
    for uri, suites, keyring in found:
        if SUITE in suites and re.match("https?://", uri):
            return uri.rstrip("/"), keyring or KEYRING
    raise unittest.SkipTest(f"no http source of {SUITE} in /etc/apt")


def deb822_sources(text):
    text = re.sub("(?m)^#.*\n", "", text)
    for stanza in re.split(r"\n\s*\n", text):
        fields = {k.lower(): v.strip() for k, v in re.findall(r"(?m)^([\w-]+):((?:.*)(?:\n[ \t].*)*)", stanza)}
        if "deb" in fields.get("types", "").split() and "main" in fields.get("components", "").split():
            signed = fields.get("signed-by", "")
            for uri in fields.get("uris", "").split():
                yield uri, fields.get("suites", "").split(), signed if signed.startswith("/") else None


def one_line_sources(text):
    for line in text.splitlines():
        match = re.match(r"\s*deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.*)", line)
        if match and "main" in match[4].split():
            signed = re.search(r"signed-by=(/[^\s,]+)", match[1] or "")
            yield match[2], [match[3]], signed[1] if signed else None


def apt_proxy():
    command = ["apt-config", "shell", "PROXY", "Acquire::http::Proxy"]
    try:
        out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False).stdout
    except OSError:
        return None
    words = shlex.split(out)
    value = words[0].partition("=")[2] if words else ""
    return value if value not in ("", "DIRECT") else None


class Handle:
    """A machine that somebody else holds, by the number of its first process."""

    def __init__(self, name, pid):
        self.name = name
        self.pid = pid

    def command(self, argv):
        """What a program outside runs to run `argv` inside."""
        spaces = ["--mount", "--net", "--pid", "--uts", "--ipc"]
        return ["nsenter", f"--target={self.pid}", *spaces, "--", *map(str, argv)]

    def run(self, argv, **options):
        """(status, stdout and stderr) of a program in this machine."""
        settings = {"env": ENVIRONMENT, "stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        if "input" in options:
            del settings["stdin"]
        done = subprocess.run(self.command(argv), text=True, errors="replace", check=False, **{**settings, **options})
        return done.returncode, done.stdout

    def start(self, argv, **options):
        """Starts a program that goes on; it ends with the machine."""
        nowhere = subprocess.DEVNULL
        settings = {"env": ENVIRONMENT, "stdin": nowhere, "stdout": nowhere, "stderr": nowhere, **options}
        return subprocess.Popen(self.command(argv), **settings)

    def path(self, inside_path):
        """A file of the machine, from outside."""
        return pathlib.Path(f"/proc/{self.pid}/root") / str(inside_path).lstrip("/")


class Machine(Handle):
    """One host in the tree. It ends, with all its processes and mounts, on close() and also when this process dies."""

    def __init__(self, name, net=None, binds=None):
        """`net`: path of an existing network namespace, else a new one. `binds`: {path outside: path inside}, read only."""
        command = ["nsenter", f"--net={net}"] if net else []
        command += [*SPACES] if net else [*SPACES, "--net"]
        self.begin(name, command, [], binds)

    def begin(self, name, command, options, binds, **settings):
        super().__init__(name, None)
        place = root()
        pairs = [word for pair in (binds or {}).items() for word in map(str, pair)]
        command += [sys.executable, "-B", str(HERE / "machine_init.py"), *options, str(place), name, *pairs]
        self.init = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **settings)
        word, _, rest = self.init.stdout.readline().partition(" ")
        if word != "ready":
            self.close()
            raise unittest.SkipTest(f"no machine in namespaces of its own: {word} {rest}".strip())
        self.pid = int(rest)

    def close(self):
        self.init.stdin.close()
        self.init.stdout.close()
        self.init.wait()


class Systemd(Machine):
    """A host whose first process is systemd: it runs units, and nothing by itself but what basic.target wants."""

    def __init__(self, name, binds=None):
        root()  # the reason to skip, if any, before a cgroup is made
        self.cgroup = own_cgroup() / f"zmfirewall-{os.getpid()}-{name}"
        try:
            self.cgroup.mkdir()
        except OSError as problem:
            raise unittest.SkipTest(f"no cgroup for systemd: {problem}") from problem
        procs = str(self.cgroup / "cgroup.procs")

        def enter():
            with open(procs, "w", encoding="ascii") as file:
                file.write("0")

        # systemd does not see that its input ends, so the kernel has to tell it when we die.
        command = ["setpriv", "--pdeathsig", "KILL", *SPACES, "--net", "--cgroup"]
        try:
            self.begin(name, command, ["--systemd"], binds, preexec_fn=enter)
        except (subprocess.SubprocessError, unittest.SkipTest):
            self.remove_cgroup()
            raise

    def close(self):
        self.init.kill()
        super().close()
        self.remove_cgroup()

    def remove_cgroup(self):
        """Waits for the last process to be gone."""
        with contextlib.suppress(OSError):
            (self.cgroup / "cgroup.kill").write_text("1", encoding="ascii")
        with open(self.cgroup / "cgroup.events", encoding="ascii") as events:
            poll = select.poll()
            poll.register(events, select.POLLPRI)
            while "populated 1" in events.read():
                poll.poll(1000)
                events.seek(0)
        for folder, _, _ in os.walk(self.cgroup, topdown=False):
            os.rmdir(folder)


def own_cgroup():
    """Where we may make one: in a hierarchy of the second version, also where it has no controllers."""
    place = re.search(r"(?m)^\S+ (\S+) cgroup2 ", pathlib.Path("/proc/mounts").read_text(encoding="utf-8"))
    ours = re.search(r"(?m)^0::/(.*)$", pathlib.Path("/proc/self/cgroup").read_text(encoding="utf-8"))
    if not place or not ours:
        raise unittest.SkipTest("there are no cgroups of the second version here, which systemd needs")
    return pathlib.Path(place[1]) / ours[1]


def need():
    """For test programs: root(), or the end of the program with the status that ctest takes for skipped."""
    try:
        return root()
    except unittest.SkipTest as reason:
        print(f"skipped: {reason}")
        sys.exit(SKIPPED)


if __name__ == "__main__":
    print(f"the Debian tree is {need() / 'tree'}")
