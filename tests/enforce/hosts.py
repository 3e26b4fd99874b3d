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
IP_FREEBIND = 15
SKIPPED = 77
INSIDE = "ZMFIREWALL_ENFORCE_INSIDE"
DENIED_AFTER = 0.7  # seconds without an answer; what should have been answered is tried again, with more patience
MARK = b"zmfirewall"  # how our own datagrams begin; their number follows
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


def wildcard(address):
    return "::" if ":" in address else "0.0.0.0"


def family_of(address):
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Server(threading.Thread):
    """Accepts and receives on every port, and remembers the numbers of our own datagrams. Others are answered."""

    def __init__(self, addresses, ports):
        super().__init__(daemon=True)
        self.arrived = set()
        self.selector = selectors.DefaultSelector()
        self.bell, self.bell_rope = socket.socketpair()
        self.rung = threading.Event()
        self.selector.register(self.bell, selectors.EVENT_READ, "bell")
        # UDP by address: an answer must come from the address that was asked.
        for protocol, port in ports:
            for address in addresses if protocol == "udp" else sorted({wildcard(a) for a in addresses}):
                self.open(protocol, address, port)

    def open(self, protocol, address, port):
        listener = socket.socket(family_of(address), socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family_of(address) == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)  # the address comes later; good for IPv6, too
        listener.setblocking(False)
        listener.bind((address, port))
        if protocol == "tcp":
            listener.listen(1024)
        self.selector.register(listener, selectors.EVENT_READ, protocol)

    def run(self):
        while True:
            ready = [key for key, _ in self.selector.select()]
            for key in ready:
                try:
                    while key.data == "tcp":
                        key.fileobj.accept()[0].close()
                    while key.data == "udp":
                        self.receive(key.fileobj)
                except OSError:  # nothing is left, or the other side is gone
                    pass
            if any(key.data == "bell" for key in ready):
                self.bell.recv(1)
                self.rung.set()

    def receive(self, listener):
        data, sender = listener.recvfrom(2048)
        if data.startswith(MARK):
            self.arrived.add(struct.unpack("!I", data[len(MARK) :])[0])
        else:
            listener.sendto(b"here", sender)

    def settle(self):
        """Returns when all is read that was there at the call."""
        self.rung.clear()
        self.bell_rope.send(b"!")
        self.rung.wait()


def connect_all(targets, patience):
    """`targets`: [source, address, port, number]; the answer: the numbers of those that were reached in time."""
    connected = []
    waiting = list(targets)
    running = {}
    selector = selectors.DefaultSelector()

    def finish(sock):
        selector.unregister(sock)
        running.pop(sock)
        sock.close()

    while waiting or running:
        while waiting and len(running) < WINDOW:
            source, address, port, number = waiting.pop()
            sock = socket.socket(family_of(address), socket.SOCK_STREAM)
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            sock.bind((source, 0))
            if sock.connect_ex((address, port)) not in (0, errno.EINPROGRESS):
                sock.close()
                continue
            selector.register(sock, selectors.EVENT_WRITE)
            running[sock] = (number, time.monotonic() + patience)
        for key, _ in selector.select(0.02):
            if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                connected.append(running[key.fileobj][0])
            finish(key.fileobj)
        now = time.monotonic()
        for sock in [s for s, (_, end) in running.items() if end < now]:
            finish(sock)
    return connected


def send_all(targets):
    """One datagram, and a second in case the first met an unknown neighbour, for each of `targets` (connect_all)."""
    for _ in range(2):
        for source, address, port, number in targets:
            with socket.socket(family_of(address), socket.SOCK_DGRAM) as sock:
                sock.bind((source, 0))
                try:
                    sock.sendto(MARK + struct.pack("!I", number), (address, port))
                except PermissionError:  # what our own output chain drops
                    pass
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
        self.port = f"port{Host.count}"
        batch([
            f"link add {self.port} type veth peer name eth0 netns {self.pid}",
            f"link set {self.port} master br0",
            f"link set {self.port} up",
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
        # Not only the process: its namespace may answer for a while.
        batch([f"link del {self.port}"])
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
        batch(["link set lo up"])  # first: where there is no address at all, a socket does not keep its own
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
        lines = ["link set eth0 up"]
        for address in self.addresses:
            lines.append(f"addr add {address}/{'128 dev eth0 nodad' if ':' in address else '32 dev eth0'}")
        lines += ["route add default dev eth0", "route add ::/0 dev eth0"]
        batch(lines)
        return True

    def do_run(self, command):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        return [done.returncode, done.stdout]

    def do_connect(self, targets, patience=DENIED_AFTER):
        return connect_all(targets, patience)

    def do_send(self, targets):
        send_all(targets)
        return True

    def do_arrived(self):
        self.server.settle()
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
