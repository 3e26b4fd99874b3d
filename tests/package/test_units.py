#!/usr/bin/env python3
"""The units of the package, run by a real systemd in a private Debian, with their hardening, as the zimbra user."""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "debian")]
import debian_root  # noqa: E402
from packages import packed, stand_in_package  # noqa: E402

debian_root.need()

SOURCE = pathlib.Path(os.environ["ZMFIREWALL_SOURCE_DIR"])
SERVICE = "zmfirewall-recompute.service"
STATE = "/opt/zimbra/data/zmfirewall"
LOG = "/var/log/zmfirewall/recompute.log"
# What the service may do, told by a program that it runs.
PROBE = """#!/bin/sh
cat >/dev/null
exec >{state}/probe 2>&1
id -un
grep -E '^(NoNewPrivs|CapBnd):' /proc/self/status
for file in /opt/zimbra/conf/x /opt/zimbra/data/x /etc/x /var/log/zmfirewall/x; do touch $file && echo "wrote $file"; done
ls -A /tmp; touch /tmp/mine && echo "wrote /tmp/mine"
ls /root /home 2>&1 | sort
unshare --user true && echo "made a namespace"
exit 0
"""


class Service(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.package = packed("DEB")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.package.parent)

    def setUp(self):
        binds = {self.package.parent: "/mnt/package", SOURCE / "tests": "/mnt/tests"}
        self.machine = debian_root.Systemd("mail", binds=binds)
        self.addCleanup(self.machine.close)
        self.do("useradd", "--system", "--home-dir", "/opt/zimbra", "--shell", "/bin/bash", "zimbra")
        self.do("/mnt/tests/standin/standin", "build", "single", "/opt/zimbra")
        self.do("mkdir", "/opt/zimbra/data")
        self.do("chown", "-R", "zimbra:", "/opt/zimbra")
        self.do("dpkg", "-i", f"/mnt/package/{self.package.name}")
        self.options("--source zmprov-ldap --settle 0")

    def do(self, *argv, status=0, **options):
        found, output = self.machine.run(argv, **options)
        self.assertEqual(found, status, f"{argv}\n{output}")
        return output

    def options(self, text):
        self.machine.path("/etc/zmfirewall/recompute.conf").write_text(f"RECOMPUTE_OPTIONS={text}\n", encoding="utf-8")

    def read(self, path):
        return self.machine.path(path).read_text(encoding="utf-8")

    def start(self):
        """One run of the service, to its end: what it exits with."""
        self.machine.run(["systemctl", "start", SERVICE])
        return self.do("systemctl", "show", "--property=ExecMainStatus", "--value", SERVICE).strip()

    def hook(self, text):
        path = self.machine.path("/usr/local/bin/hook")
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        self.options("--source zmprov-ldap --settle 0 --notify-command /usr/local/bin/hook")

    def hear(self):
        """A run tells its hook, which we wait for."""
        self.do("runuser", "-u", "zimbra", "--", "mkfifo", f"{STATE}/told")
        self.hook(f"#!/bin/sh\nhead -n 1 >{STATE}/told\n")
        return self.machine.start(["timeout", "120", "cat", f"{STATE}/told"], stdout=subprocess.PIPE, text=True)

    def heard(self, listener):
        said, _ = listener.communicate(timeout=180)
        self.assertIn("# zmfirewall: ", said, self.read(LOG))

    def test_records_a_plan_and_a_change_is_no_failure(self):
        self.options("--source zmprov-ldap --settle 0 --syslog")
        self.assertEqual(self.start(), "1", self.read(LOG))
        self.assertEqual(self.do("systemctl", "show", "--property=Result", "--value", SERVICE).strip(), "success")
        self.assertEqual(self.do("stat", "-c", "%U %a", f"{STATE}/records/1.record"), "zimbra 640\n")
        self.assertIn("node joined", self.read(LOG))
        self.assertIn("zmfirewall", self.do("journalctl", "--no-pager", "-t", "zmfirewall"))
        self.do("runuser", "-u", "zimbra", "--", "zmfirewall", "accept")
        self.assertEqual(self.start(), "0", self.read(LOG))

    def test_can_do_nothing_but_its_work(self):
        self.hook(PROBE.format(state=STATE))
        self.do("touch", "/tmp/of-somebody-else")
        self.assertEqual(self.start(), "1", self.read(LOG))
        probe = self.read(f"{STATE}/probe")
        self.assertTrue(probe.startswith("zimbra\n"), probe)
        self.assertIn("NoNewPrivs:\t1\n", probe)
        self.assertIn("CapBnd:\t0000000000000000\n", probe)
        self.assertEqual([line for line in probe.splitlines() if line.startswith("wrote")], ["wrote /tmp/mine"], probe)
        self.assertNotIn("of-somebody-else", probe)
        self.assertNotIn("made a namespace", probe)
        self.assertFalse(self.machine.path("/tmp/mine").exists())

    def test_leaves_alone_what_daemons_of_the_same_user_share(self):
        self.do("runuser", "-u", "zimbra", "--", "touch", "/dev/shm/of-a-daemon")
        self.do("runuser", "-u", "zimbra", "--", "ipcmk", "--shmem", "4096")
        self.assertEqual(self.start(), "1", self.read(LOG))
        self.do("test", "-e", "/dev/shm/of-a-daemon")
        self.assertIn("zimbra", self.do("ipcs", "--shmems"))

    def test_starts_when_an_upgrade_is_complete_and_not_before(self):
        listener = self.hear()
        history = self.machine.path("/opt/zimbra/.install_history")
        now = int(self.do("date", "+%s"))
        with history.open("a", encoding="utf-8") as file:
            file.write(f"{now - 5}: INSTALL SESSION START\n{now - 4}: UPGRADED zimbra-core-10.1.0.GA.deb\n")
        waits = "until grep -q 'INSTALL SESSION' /var/log/zmfirewall/recompute.log; do sleep 0.1; done"
        self.do("timeout", "120", "sh", "-c", waits)
        self.assertIn("activating", self.do("systemctl", "is-active", SERVICE, status=3))
        self.assertEqual(self.do("ls", f"{STATE}/records") if self.machine.path(f"{STATE}/records").exists() else "", "")
        with history.open("a", encoding="utf-8") as file:
            file.write(f"{now}: INSTALL SESSION COMPLETE\n")
        self.heard(listener)

    def test_sees_an_installer_of_root_that_has_written_nothing_for_hours(self):
        now = int(self.do("date", "+%s"))
        history = f"{now - 9000}: INSTALL SESSION START\n"
        self.machine.path("/opt/zimbra/.install_history").write_text(history, encoding="utf-8")
        self.do("systemctl", "stop", SERVICE)  # the change has started it
        self.machine.path("/root/install.sh").write_text("sleep 1000\nexit\n", encoding="utf-8")
        self.do("systemd-run", "--quiet", "--unit=installer", "bash", "/root/install.sh")
        self.options("--source zmprov-ldap --settle 0 --wait-limit 1")
        self.assertEqual(self.start(), "3", self.read(LOG))
        self.assertIn("an upgrade is running", self.read(LOG))
        self.do("systemctl", "stop", "installer")
        self.assertEqual(self.start(), "1", self.read(LOG))

    def test_starts_after_packages_of_zimbra(self):
        listener = self.hear()
        folder = pathlib.Path(tempfile.mkdtemp(prefix="zmfirewall-zimbra-"))
        self.addCleanup(shutil.rmtree, folder)
        shutil.copy(stand_in_package(folder), self.machine.path("/root/core.deb"))
        self.do("dpkg", "-i", "/root/core.deb")
        self.heard(listener)

    def test_starts_once_a_day_at_a_time_of_its_own(self):
        timer = "zmfirewall-recompute.timer"
        self.assertEqual(self.do("systemctl", "is-active", timer), "active\n")
        self.assertIn("zmfirewall-recompute.service", self.do("systemctl", "list-timers", "--no-pager", timer))
        shown = self.do("systemctl", "show", timer, "--property=RandomizedDelayUSec,Persistent")
        self.assertEqual(sorted(shown.split()), ["Persistent=yes", "RandomizedDelayUSec=3h"])

    def use_postfix(self):
        """Debian's own, where Zimbra has its own."""
        self.do("install", "-d", "/opt/zimbra/common/sbin")
        self.do("ln", "-s", "/usr/sbin/sendmail", "/opt/zimbra/common/sbin/sendmail")
        self.machine.path("/etc/postfix/main.cf").write_text(
            "compatibility_level = 3.6\nmyhostname = mail.example.com\nmydestination = mail.example.com\n"
            "inet_interfaces = loopback-only\nalias_maps =\n", encoding="utf-8")  # fmt: skip
        self.options("--source zmprov-ldap --settle 0 --mail zimbra@mail.example.com")

    def test_sends_mail_without_gaining_privileges(self):
        self.use_postfix()
        self.assertEqual(self.start(), "1", self.read(LOG))
        self.assertEqual(len(self.do("ls", "/var/spool/postfix/maildrop").split()), 1)
        self.do("postfix", "start")
        self.do("timeout", "120", "sh", "-c", "until test -s /var/mail/zimbra; do sleep 0.1; done")
        mail = self.read("/var/mail/zimbra")
        self.assertIn("Subject: zmfirewall: ", mail)
        self.assertIn("\n# zmfirewall: ", mail)

    def test_sends_no_mail_without_the_group_that_the_generator_gives(self):
        self.use_postfix()
        self.do("chmod", "a-x", "/lib/systemd/system-generators/zmfirewall-generator")
        self.do("systemctl", "daemon-reload")
        self.assertEqual(self.start(), "4", self.read(LOG))
        self.assertIn("sendmail", self.read(LOG))
        self.assertEqual(self.do("ls", "/var/spool/postfix/maildrop"), "")

    def test_runs_where_there_is_no_queue_for_mail(self):
        self.do("groupdel", "postdrop")
        self.do("systemctl", "daemon-reload")
        self.assertEqual(self.start(), "1", self.read(LOG))

    def test_are_gone_after_removal(self):
        self.do("dpkg", "--purge", "zmfirewall")
        self.assertIn("0 unit files", self.do("systemctl", "list-unit-files", "--no-pager", "zmfirewall*", status=1))
        self.assertEqual(self.do("systemctl", "list-units", "--all", "--no-pager", "--no-legend", "zmfirewall*").strip(), "")
        self.do("test", "-e", f"/run/systemd/generator/{SERVICE}.d", status=1)


class HandOver(unittest.TestCase):
    """What root applies, on a host that systemd runs."""

    @classmethod
    def setUpClass(cls):
        cls.package = packed("DEB")
        cls.addClassCleanup(shutil.rmtree, cls.package.parent)

    def setUp(self):
        binds = {self.package.parent: "/mnt/package", SOURCE / "tests": "/mnt/tests"}
        self.machine = debian_root.Systemd("mbox1", binds=binds)
        self.addCleanup(self.machine.close)
        for command in ("ip address add 10.0.0.41/24 dev lo", f"dpkg -i /mnt/package/{self.package.name}",
                        "/mnt/tests/standin/standin build cluster /opt/zimbra"):  # fmt: skip
            self.do(*command.split())
        plan = "zmfirewall --source zmprov-ldap plan --json >/root/plan.json 2>/dev/null"
        self.do("sh", "-c", plan)

    def do(self, *argv, status=0):
        found, output = self.machine.run(argv)
        self.assertEqual(found, status, f"{argv}\n{output}")
        return output

    def tables(self):
        return self.do("nft", "list", "tables")

    def test_a_unit_takes_back_what_nobody_confirms(self):
        self.do("zmfirewall", "apply", "/root/plan.json", "--format", "nftables", "--timeout", "3")
        units = self.do("systemctl", "list-units", "--all", "--no-legend", "--no-pager", "zmfirewall*")
        self.assertRegex(units, r"zmfirewall-\S+\.service .*running")
        self.do("timeout", "120", "sh", "-c", "while nft list tables | grep -q zmfirewall; do sleep 0.1; done")
        self.assertIn("taken back", self.do("zmfirewall", "status"))

    def test_a_unit_loads_at_boot_what_was_confirmed(self):
        self.do("zmfirewall", "apply", "/root/plan.json", "--format", "nftables", "--timeout", "600")
        self.do("zmfirewall", "confirm")
        self.assertEqual(self.do("systemctl", "is-enabled", "zmfirewall.service"), "enabled\n")
        self.do("nft", "flush", "ruleset")
        self.assertNotIn("zmfirewall", self.tables())
        self.do("systemctl", "daemon-reload")
        self.do("systemctl", "restart", "zmfirewall.service")
        self.assertIn("table inet zmfirewall", self.tables())
        self.assertIn("same", self.do("zmfirewall", "status"))
        self.do("zmfirewall", "remove")
        self.assertEqual(self.tables(), "")
        self.do("systemctl", "is-enabled", "zmfirewall.service", status=1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
