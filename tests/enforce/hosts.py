"""Hosts for the enforcement tests: processes, each in a network namespace of its own, all on one bridge.

The caller is already in a user, mount and network namespace of its own (see enter_namespaces)."""

import ctypes
import errno
import json
import os
import pathlib
import selectors
import shutil
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

CLONE_NEWNET = 0x40000000
SKIPPED = 77
INSIDE = "ZMFIREWALL_ENFORCE_INSIDE"
DENIED_AFTER = 0.7  # seconds without an answer
WINDOW = 300  # connections at the same time


def skip_program(why):
    print(f"skipped: {why}")
    sys.exit(SKIPPED)


def enter_namespaces(*programs, as_root=False):
    """Starts this program again in namespaces of its own, as their root; skips where that is not permitted.

    `as_root`: as the real root, who may have machines in the Debian tree; skips where the caller is not root."""
    os.environ["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin"
    if os.environ.get(INSIDE):
        return
    for program in ("unshare", "ip", *programs):
        if not shutil.which(program):
            skip_program(f"{program} is not installed")
    if as_root and os.geteuid() != 0:
        skip_program("this needs root; what it does stays in namespaces and in copies")
    user = [] if as_root else ["--map-root-user"]
    command = ["unshare", *user, "--net", "--mount", "--propagation", "private"]
    tried = subprocess.run([*command, "true"], stderr=subprocess.PIPE, text=True, check=False)
    if tried.returncode != 0:
        skip_program(f"namespaces are not permitted here: {tried.stderr.strip()}")
    os.environ[INSIDE] = "1"
    os.execvp(command[0], [*command, sys.executable, "-B", *sys.argv])


def was_root():
    """Was the caller root before enter_namespaces?"""
    return pathlib.Path("/proc/self/uid_map").read_text(encoding="utf-8").split()[1] == "0"


def batch(lines):
    """Several `ip` commands in the caller's namespace."""
    subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True, check=True)


def make_bridge():
    # Snooping would swallow neighbour solicitations for a while.
    batch(["link set lo up", "link add br0 type bridge mcast_snooping 0", "link set br0 up"])


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Server(threading.Thread):
    """Accepts and receives on every port, and remembers the numbers of the datagrams."""

    def __init__(self, addresses, ports):
        super().__init__(daemon=True)
        self.arrived = set()
        self.selector = selectors.DefaultSelector()
        for family in {family_of(a) for a in addresses}:
            for protocol, port in ports:
                self.open(family, protocol, port)

    def open(self, family, protocol, port):
        kind = socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.setblocking(False)
        listener.bind(("", port))
        if protocol == "tcp":
            listener.listen(1024)
        self.selector.register(listener, selectors.EVENT_READ, protocol)

    def run(self):
        while True:
            for key, _ in self.selector.select():
                try:
                    while True:
                        if key.data == "tcp":
                            key.fileobj.accept()[0].close()
                        else:
                            self.arrived.add(struct.unpack("!I", key.fileobj.recv(4))[0])
                except (BlockingIOError, ConnectionError):
                    pass


def connect_all(source, targets):
    """Indices of the (address, port) to which a TCP connection from `source` came about."""
    connected = set()
    waiting = list(enumerate(targets))
    running = {}
    selector = selectors.DefaultSelector()

    def finish(sock):
        selector.unregister(sock)
        running.pop(sock)
        sock.close()

    while waiting or running:
        while waiting and len(running) < WINDOW:
            index, (address, port) = waiting.pop()
            sock = socket.socket(family_of(address), socket.SOCK_STREAM)
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.bind((source, 0))
            if sock.connect_ex((address, port)) not in (0, errno.EINPROGRESS):
                sock.close()
                continue
            selector.register(sock, selectors.EVENT_WRITE)
            running[sock] = (index, time.monotonic() + DENIED_AFTER)
        for key, _ in selector.select(0.02):
            if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                connected.add(running[key.fileobj][0])
            finish(key.fileobj)
        now = time.monotonic()
        for sock in [s for s, (_, end) in running.items() if end < now]:
            finish(sock)
    return connected


def send_all(source, targets):
    """One datagram, and a second in case the first met an unknown neighbour, to each (address, port, number)."""
    for _ in range(2):
        for address, port, number in targets:
            with socket.socket(family_of(address), socket.SOCK_DGRAM) as sock:
                sock.bind((source, 0))
                sock.sendto(struct.pack("!I", number), (address, port))
        time.sleep(0.1)


class Host:
    """One host. Its methods are carried out by a process in its namespace."""

    count = 0

    def __init__(self, name, addresses, ports=()):
        self.name = name
        self.addresses = addresses
        ours, theirs = socket.socketpair()
        self.pid = os.fork()
        if self.pid == 0:
            ours.close()
            try:
                self.live(theirs.makefile("rw"), ports)
            finally:
                os._exit(1)
        theirs.close()
        self.channel = ours.makefile("rw")
        ours.close()
        self.receive()
        Host.count += 1
        port = f"port{Host.count}"
        batch([
            f"link add {port} type veth peer name eth0 netns {self.pid}",
            f"link set {port} master br0",
            f"link set {port} up",
        ])
        self.call("wire")

    def call(self, order, **arguments):
        self.start(order, **arguments)
        return self.receive()

    def start(self, order, **arguments):
        """Gives an order without waiting for its answer."""
        self.channel.write(json.dumps({"order": order, **arguments}) + "\n")
        self.channel.flush()

    def receive(self):
        line = self.channel.readline()
        if not line:
            raise RuntimeError(f"host {self.name} is gone")
        answer = json.loads(line)
        if isinstance(answer, dict) and "problem" in answer:
            raise RuntimeError(f"host {self.name}: {answer['problem']}")
        return answer

    def machine(self, debian_root, binds):
        """A machine of the Debian tree in this host's network; `binds` as there."""
        return debian_root.Machine(self.name, net=f"/proc/{self.pid}/ns/net", binds=binds)

    def close(self):
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        self.channel.close()

    # From here on: in the host's own process.

    def live(self, channel, ports):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # die with the test
        if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
            answer = {"problem": f"no network namespace: {os.strerror(ctypes.get_errno())}"}
            channel.write(json.dumps(answer) + "\n")
            channel.flush()
            return
        self.server = Server(self.addresses, ports)
        self.server.start()
        answer = True
        while True:
            channel.write(json.dumps(answer) + "\n")
            channel.flush()
            line = channel.readline()
            if not line:
                return
            arguments = json.loads(line)
            try:
                answer = getattr(self, "do_" + arguments.pop("order"))(**arguments)
            except Exception as problem:  # pylint: disable=broad-except # told to the test, which fails
                answer = {"problem": repr(problem)}

    def do_wire(self):
        lines = ["link set lo up", "link set eth0 up"]
        for address in self.addresses:
            lines.append(f"addr add {address}/{'128 dev eth0 nodad' if ':' in address else '32 dev eth0'}")
        lines += ["route add default dev eth0", "route add ::/0 dev eth0"]
        batch(lines)
        return True

    def do_run(self, command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return [done.returncode, done.stdout]

    def do_connect(self, targets):
        """`targets`: [address, port, number]; the answer: the numbers of those that were reached."""
        reached = []
        for source in self.addresses:
            mine = [t for t in targets if family_of(t[0]) == family_of(source)]
            connected = connect_all(source, [(t[0], t[1]) for t in mine])
            reached += [mine[i][2] for i in connected]
        return reached

    def do_send(self, targets):
        for source in self.addresses:
            send_all(source, [t for t in targets if family_of(t[0]) == family_of(source)])
        return True

    def do_arrived(self):
        arrived, self.server.arrived = self.server.arrived, set()
        return sorted(arrived)


def debian_root():
    """Machines with the programs that this host need not have."""
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "debian"))
    import debian_root as module  # pylint: disable=import-outside-toplevel

    return module


def support():
    """The helpers of the end-to-end tests."""
    sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
    import support as module  # pylint: disable=import-outside-toplevel

    return module
