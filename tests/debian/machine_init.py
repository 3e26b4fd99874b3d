"""The first process of a machine (see debian_root.py): mounts its file system, says "ready PID", and stays until its input
ends. It runs in namespaces of its own; what it mounts is nobody else's. With --systemd it becomes systemd instead."""

import os
import pathlib
import select
import signal
import socket
import subprocess
import sys

# Units that would be at work on the host's own kernel, or wait for devices that are not here.
MASKED = ["dev-hugepages.mount", "dev-mqueue.mount", "proc-sys-fs-binfmt_misc.automount", "sys-fs-fuse-connections.mount",
          "sys-kernel-debug.mount", "sys-kernel-tracing.mount", "kmod-static-nodes.service", "systemd-modules-load.service",
          "systemd-random-seed.service", "systemd-remount-fs.service", "systemd-sysctl.service", "systemd-udevd.service",
          "systemd-udev-trigger.service", "systemd-timesyncd.service", "e2scrub_all.timer", "fstrim.timer",
          "apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer"]  # fmt: skip
DEVICES = ["null", "zero", "full", "random", "urandom", "tty"]


def mount(*words):
    done = subprocess.run(["mount", *map(str, words)], stderr=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        print(f"mount {' '.join(map(str, words))}: {done.stderr.strip()}", flush=True)
        sys.exit(1)


def mount_root(place):
    """The tree with a layer in memory on top."""
    memory = place / "mount"
    mount("-t", "tmpfs", "-o", "mode=755", "machine", memory)
    for name in ("upper", "work", "root"):
        (memory / name).mkdir()
    layers = f"lowerdir={place}/tree,upperdir={memory}/upper,workdir={memory}/work"
    mount("-t", "overlay", "-o", layers, "machine", memory / "root")
    return memory / "root"


def mount_system(root):
    mount("-t", "proc", "proc", root / "proc")
    for name, mode in (("dev", "755"), ("run", "755"), ("tmp", "1777")):
        mount("-t", "tmpfs", "-o", f"mode={mode}", name, root / name)
    for name in DEVICES:
        (root / "dev" / name).touch()
        mount("--bind", f"/dev/{name}", root / "dev" / name)
    for name in ("pts", "shm"):
        (root / "dev" / name).mkdir()
    mount("-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=620,gid=5", "devpts", root / "dev/pts")
    mount("-t", "tmpfs", "-o", "mode=1777", "shm", root / "dev/shm")
    (root / "dev/ptmx").symlink_to("pts/ptmx")
    (root / "dev/fd").symlink_to("/proc/self/fd")
    (root / "run/lock").mkdir()


def bind(root, outside, inside):
    target = root / inside.lstrip("/")
    if os.path.isdir(outside):
        target.mkdir(parents=True, exist_ok=True)
    else:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.touch()
    mount("--bind", outside, target)
    mount("-o", "remount,bind,ro", target)


def reap(*_):
    try:
        while os.waitpid(-1, os.WNOHANG) != (0, 0):
            pass
    except ChildProcessError:
        pass


def become_systemd(pid):
    """Boots basic.target and no more. A child says when that is done; then nobody holds our output any more."""
    mount("-t", "sysfs", "-o", "ro", "sysfs", "/sys")
    mount("-t", "cgroup2", "cgroup2", "/sys/fs/cgroup")
    mount("--bind", "/proc/sys", "/proc/sys")
    mount("-o", "remount,bind,ro", "/proc/sys")
    for unit in MASKED:
        link = pathlib.Path("/etc/systemd/system") / unit
        link.unlink(missing_ok=True)
        link.symlink_to("/dev/null")
    up = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    up.bind("/run/up")
    if os.fork() == 0:
        while b"READY=1" not in up.recv(4096):
            pass
        print("ready", pid, flush=True)
        os._exit(0)
    nowhere = os.open("/dev/null", os.O_RDWR)
    for number in range(3):
        os.dup2(nowhere, number)
    keep = "--bounding-set=-sys_module,-sys_boot,-sys_time,-sys_rawio"
    environment = {"container": "zmfirewall", "NOTIFY_SOCKET": "/run/up", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}
    command = ["setpriv", keep, "/lib/systemd/systemd", "--system", "--unit=basic.target"]
    os.execve("/usr/bin/setpriv", command, environment)


def main():
    systemd = sys.argv[1] == "--systemd"
    place, name, *binds = sys.argv[2 if systemd else 1 :]
    pid = os.readlink("/proc/self")  # still the caller's /proc: the number by which the caller knows us
    root = mount_root(pathlib.Path(place))
    mount_system(root)
    for outside, inside in zip(binds[::2], binds[1::2]):
        bind(root, outside, inside)
    (root / "etc/hostname").write_text(name + "\n", encoding="utf-8")
    subprocess.run(["hostname", name], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    os.chdir(root)
    subprocess.run(["pivot_root", ".", "."], check=True)
    subprocess.run(["umount", "-l", "."], check=True)
    os.chdir("/")
    if systemd:
        become_systemd(pid)
    signal.signal(signal.SIGCHLD, reap)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for whoever holds our input
    print("ready", pid, flush=True)
    while True:
        if select.select([0], [], [])[0] and not os.read(0, 1):
            return


main()
