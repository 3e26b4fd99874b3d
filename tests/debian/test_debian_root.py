#!/usr/bin/env python3
"""What machines of the Debian tree promise: they are apart from the host and from each other, and leave nothing behind."""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import debian_root  # noqa: E402

DEB822 = """# the base system
Types: deb deb-src
URIs: http://mirror.example.com/debian/
Suites: bookworm bookworm-updates
Components: main contrib
Signed-By: /usr/share/keyrings/ours.gpg

Types: deb
URIs: http://security.example.com/debian-security
Suites: bookworm-security
Components: main
"""


class Sources(unittest.TestCase):
    def test_are_read_from_both_kinds_of_files(self):
        found = list(debian_root.deb822_sources(DEB822))
        self.assertIn(("http://mirror.example.com/debian/", ["bookworm", "bookworm-updates"], "/usr/share/keyrings/ours.gpg"), found)
        self.assertEqual(found[1][2], None)
        lines = "# deb http://no/ bookworm main\ndeb [arch=amd64 signed-by=/k.gpg] http://one/debian bookworm main\n"
        self.assertEqual(list(debian_root.one_line_sources(lines)), [("http://one/debian", ["bookworm"], "/k.gpg")])


class Machines(unittest.TestCase):
    def setUp(self):
        self.place = debian_root.root()

    def machine(self, name, **options):
        machine = debian_root.Machine(name, **options)
        self.addCleanup(lambda: machine.init.poll() is None and machine.close())
        return machine

    def test_share_the_tree_but_not_what_they_write(self):
        one, other = self.machine("one"), self.machine("other")
        self.assertEqual(one.run(["sh", "-c", "echo mine >/etc/motd; hostname"]), (0, "one\n"))
        self.assertNotIn("mine", other.run(["cat", "/etc/motd"])[1])
        self.assertNotIn("mine", (self.place / "tree/etc/motd").read_text(encoding="utf-8"))

    def test_have_a_network_and_processes_of_their_own(self):
        machine = self.machine("alone")
        self.assertEqual(machine.run(["sh", "-c", "ls /sys/class/net 2>/dev/null; ip -brief link | cut -d' ' -f1"]), (0, "lo\n"))
        self.assertEqual(machine.run(["sh", "-c", f"kill -0 {os.getpid()} 2>&1"])[0], 1)

    def test_read_what_is_bound_into_them_and_cannot_change_it(self):
        machine = self.machine("reader", binds={pathlib.Path(__file__).parent: "/srv/tests"})
        self.assertIn("slapd", machine.run(["cat", "/srv/tests/packages.txt"])[1])
        self.assertNotEqual(machine.run(["touch", "/srv/tests/new"])[0], 0)

    def test_end_with_all_they_have_started(self):
        machine = self.machine("short")
        program = machine.start(["sleep", "1000"])
        machine.close()
        self.assertNotEqual(program.wait(timeout=60), 0)
        self.assertNotIn(str(self.place), pathlib.Path("/proc/mounts").read_text(encoding="utf-8"))

    def test_that_systemd_runs_leave_nothing_and_cannot_change_this_kernel(self):
        machine = debian_root.Systemd("booted")
        self.addCleanup(lambda: machine.init.poll() is None and machine.close())
        self.assertEqual(machine.run(["cat", "/proc/1/comm"]), (0, "systemd\n"))
        self.assertIn(machine.run(["systemctl", "is-system-running"])[1], ("running\n", "degraded\n", "starting\n"))
        self.assertNotEqual(machine.run(["sh", "-c", "echo x >/proc/sys/kernel/domainname"])[0], 0)
        cgroup = machine.cgroup
        self.assertTrue(cgroup.is_dir())
        machine.close()
        self.assertFalse(cgroup.exists())

    def test_end_with_the_program_that_holds_them(self):
        script = "import debian_root as d, os; m = d.Machine('orphan'); print(m.pid, flush=True); os.kill(os.getpid(), 9)"
        done = subprocess.run(
            [sys.executable, "-B", "-c", script], cwd=pathlib.Path(__file__).parent, stdout=subprocess.PIPE, text=True, check=False
        )
        with self.assertRaises(ProcessLookupError):
            for _ in range(10**6):
                os.kill(int(done.stdout), 0)


if __name__ == "__main__":
    unittest.main(verbosity=2)
