"""The first process of a machine (see debian_root.py): mounts its file system, says "ready PID", and stays until its input
ends. It runs in namespaces of its own; what it mounts is nobody else's."""

import os
import pathlib
import select
import signal
import subprocess
import sys

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


def main():
    place, name, *binds = sys.argv[1:]
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
    signal.signal(signal.SIGCHLD, reap)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # meant for whoever holds our input
    print("ready", pid, flush=True)
    while True:
        if select.select([0], [], [])[0] and not os.read(0, 1):
            return


main()
