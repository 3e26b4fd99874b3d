#!/usr/bin/env python3
"""The .deb and the .rpm, made by cpack from this build and installed, upgraded, removed and purged in a private Debian.

The .rpm is installed by Debian's rpm, which knows of none of its dependencies (--nodeps)."""

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
from packages import packed, stand_in_package, stand_in_rpm  # noqa: E402

debian_root.need()

BUILD = pathlib.Path(os.environ["ZMFIREWALL_BUILD"])
SOURCE = pathlib.Path(os.environ["ZMFIREWALL_SOURCE_DIR"])
UNITS = ("zmfirewall-recompute.path", "zmfirewall-recompute.service", "zmfirewall-recompute.timer")


def snapshot(machine):
    """Every path of the machine and what it is, but for what dpkg itself and the kernel keep."""
    status, listing = machine.run(
        ["find", "/", "-xdev", "(", "-path", "/proc", "-o", "-path", "/sys", "-o", "-path", "/var/lib/dpkg", "-o",
         "-path", "/tmp", "-o", "-path", "/run", "-o", "-path", "/dev", "-o", "-path", "/var/log/dpkg.log",
         "-o", "-path", "/var/cache", ")", "-prune", "-o", "-printf", "%p %y %m %u %l\n"]
    )  # fmt: skip
    assert status == 0, listing
    return set(listing.splitlines())


class Installed(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.package = packed("DEB")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.package.parent)

    def setUp(self):
        self.machine = debian_root.Machine("mbox1", binds={self.package.parent: "/mnt"})
        self.addCleanup(self.machine.close)
        self.deb = f"/mnt/{self.package.name}"

    def do(self, *argv, status=0, **options):
        found, output = self.machine.run(argv, **options)
        self.assertEqual(found, status, f"{argv}\n{output}")
        return output

    def make_zimbra(self):
        self.do("useradd", "--system", "--home-dir", "/opt/zimbra", "--shell", "/bin/bash", "zimbra")
        self.do("mkdir", "-p", "/opt/zimbra/bin", "/opt/zimbra/data")
        self.do("chown", "zimbra:", "/opt/zimbra/data")

    def dpkg(self, *arguments):
        return self.do("dpkg", *arguments)

    def test_leaves_nothing_behind_after_purge(self):
        self.make_zimbra()
        before = snapshot(self.machine)
        self.dpkg("-i", self.deb)
        self.dpkg("-i", self.deb)  # an upgrade to itself
        self.assertGreater(len(snapshot(self.machine) - before), 80)
        self.dpkg("--purge", "zmfirewall")
        after = snapshot(self.machine)
        self.assertEqual((after - before, before - after), (set(), set()))

    def test_keeps_the_sites_own_files(self):
        self.dpkg("-i", self.deb)
        self.machine.path("/etc/zmfirewall/catalogue.d").mkdir()
        self.machine.path("/etc/zmfirewall/catalogue.d/site.xml").write_text("<catalogue/>\n", encoding="utf-8")
        self.machine.path("/etc/zmfirewall/recompute.conf").write_text("RECOMPUTE_OPTIONS=\n", encoding="utf-8")
        self.dpkg("-i", self.deb)
        self.dpkg("--remove", "zmfirewall")
        self.assertEqual(self.do("cat", "/etc/zmfirewall/recompute.conf"), "RECOMPUTE_OPTIONS=\n")
        self.dpkg("--purge", "zmfirewall")
        self.assertTrue(self.machine.path("/etc/zmfirewall/catalogue.d/site.xml").exists())
        self.assertFalse(self.machine.path("/etc/zmfirewall/recompute.conf").exists())

    def test_is_found_where_zimbras_administrators_look(self):
        self.make_zimbra()
        self.dpkg("-i", self.deb)
        self.assertEqual(self.do("readlink", "/opt/zimbra/bin/zmfirewall"), "/usr/bin/zmfirewall\n")
        self.assertEqual(self.do("stat", "-c", "%U %a", "/opt/zimbra/data/zmfirewall"), "zimbra 750\n")
        self.assertEqual(self.do("stat", "-c", "%U %a", "/var/log/zmfirewall/recompute.log"), "zimbra 640\n")
        self.dpkg("--remove", "zmfirewall")
        self.do("test", "-L", "/opt/zimbra/bin/zmfirewall", status=1)

    def test_never_replaces_a_file_of_somebody_else(self):
        self.make_zimbra()
        self.machine.path("/opt/zimbra/bin/zmfirewall").write_text("theirs\n", encoding="utf-8")
        self.dpkg("-i", self.deb)
        self.dpkg("--purge", "zmfirewall")
        self.assertEqual(self.do("cat", "/opt/zimbra/bin/zmfirewall"), "theirs\n")

    def test_follows_no_link_that_the_zimbra_user_has_laid(self):
        self.make_zimbra()
        self.do("mkdir", "-m", "0700", "/root/precious")
        self.do("touch", "/root/precious/file")
        self.do("ln", "-s", "/root/precious", "/opt/zimbra/data/zmfirewall")
        self.dpkg("-i", self.deb)
        self.assertEqual(self.do("stat", "-c", "%U %a", "/root/precious"), "root 700\n")
        self.dpkg("--purge", "zmfirewall")
        self.do("test", "-e", "/root/precious/file")

    def test_notices_a_zimbra_that_is_installed_later(self):
        self.dpkg("-i", self.deb)
        self.make_zimbra()
        tree = pathlib.Path(tempfile.mkdtemp(prefix="zmfirewall-zimbra-"))
        self.addCleanup(shutil.rmtree, tree)
        shutil.copy(stand_in_package(tree), self.machine.path("/root/core.deb"))
        output = self.dpkg("-i", "/root/core.deb")
        self.assertIn("Processing triggers for zmfirewall", output)
        self.assertEqual(self.do("readlink", "/opt/zimbra/bin/zmfirewall"), "/usr/bin/zmfirewall\n")

    def test_enables_its_units_and_disables_them_on_purge(self):
        self.dpkg("-i", self.deb)
        wants = "/etc/systemd/system/multi-user.target.wants/zmfirewall-recompute.path"
        timer = "/etc/systemd/system/timers.target.wants/zmfirewall-recompute.timer"
        self.do("test", "-L", wants)
        self.do("test", "-L", timer)
        self.do("rm", timer)  # as "systemctl disable" does; an upgrade must not undo it
        self.dpkg("-i", self.deb)
        self.do("test", "-L", timer, status=1)
        self.dpkg("--purge", "zmfirewall")
        self.do("test", "-L", wants, status=1)

    def test_says_that_confirmed_rules_stay_loaded(self):
        self.dpkg("-i", self.deb)
        self.do("mkdir", "-p", "-m", "0700", "/var/lib/zmfirewall/rules-0123456789abcdef")
        self.do("ln", "-s", "rules-0123456789abcdef", "/var/lib/zmfirewall/confirmed")
        self.assertIn("stay loaded", self.dpkg("--remove", "zmfirewall"))
        self.do("test", "-L", "/var/lib/zmfirewall/confirmed")

    def test_has_its_log_rotated(self):
        self.make_zimbra()
        self.dpkg("-i", self.deb)
        self.machine.path("/var/log/zmfirewall/recompute.log").write_text("said\n", encoding="utf-8")
        self.assertEqual(self.do("logrotate", "--force", "/etc/logrotate.d/zmfirewall"), "")
        self.assertEqual(self.do("cat", "/var/log/zmfirewall/recompute.log.1"), "said\n")
        self.assertEqual(self.do("stat", "-c", "%U %a %s", "/var/log/zmfirewall/recompute.log"), "zimbra 640 0\n")

    def test_runs_with_its_own_data(self):
        self.dpkg("-i", self.deb)
        self.assertIn("nftables", self.do("/usr/bin/zmfirewall", "formats"))

    def test_is_clean_for_lintian(self):
        if not shutil.which("lintian"):
            self.skipTest("lintian is not installed")
        done = subprocess.run(["lintian", "--allow-root", self.package], stdout=subprocess.PIPE, text=True, check=False)
        self.assertEqual(done.stdout, "")


class Rpm(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        for program in ("rpm", "rpmbuild"):
            if not shutil.which(program):
                raise unittest.SkipTest(f"{program} is not installed")
        cls.package = packed("RPM")

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.package.parent)

    def ask(self, *arguments):
        command = ["rpm", "-qp", *arguments, self.package]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True).stdout

    def test_holds_the_same_files_as_the_deb(self):
        deb = packed("DEB")
        self.addCleanup(shutil.rmtree, deb.parent)
        listing = subprocess.run(["dpkg-deb", "-c", deb], stdout=subprocess.PIPE, text=True, check=True).stdout
        of_deb = {line.split()[5].lstrip(".") for line in listing.splitlines() if not line.endswith("/")}
        of_rpm = {line for line in self.ask("-l").splitlines() if not line.startswith("/usr/lib/.build-id")}
        self.assertEqual(of_deb - of_rpm, set())

    def test_marks_the_sites_files_as_configuration_and_no_others(self):
        self.assertEqual(self.ask("-c").split(), ["/etc/logrotate.d/zmfirewall", "/etc/zmfirewall/recompute.conf"])

    def test_notices_changes_below_opt_zimbra(self):
        self.assertRegex(self.ask("--filetriggers"), r"transfiletriggerin .*/opt/zextras, /opt/zimbra")

    def test_has_scripts_that_a_shell_reads(self):
        for script in ("post", "preun", "postun"):
            text = (BUILD / "package/rpm" / script).read_text(encoding="utf-8").partition("%transfiletriggerin")[0]
            done = subprocess.run(["sh", "-n"], input=text, text=True, check=False)
            self.assertEqual(done.returncode, 0, script)

    def test_is_clean_for_rpmlint(self):
        if not shutil.which("rpmlint"):
            self.skipTest("rpmlint is not installed")
        command = ["rpmlint", "-c", SOURCE / "install/package/rpm/rpmlint.toml", self.package]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False)
        self.assertRegex(done.stdout, "0 errors, 0 warnings")


class RpmInstalled(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        if not shutil.which("rpmbuild"):
            raise unittest.SkipTest("rpmbuild is not installed")
        cls.package = packed("RPM")
        cls.addClassCleanup(shutil.rmtree, cls.package.parent)
        cls.newer = packed("RPM", "9.0.0")
        cls.addClassCleanup(shutil.rmtree, cls.newer.parent)

    def setUp(self):
        binds = {self.package.parent: "/mnt/one", self.newer.parent: "/mnt/newer"}
        self.machine = debian_root.Machine("mbox1", binds=binds)
        self.addCleanup(self.machine.close)
        self.do("rpm", "--initdb")

    def do(self, *argv, status=0):
        found, output = self.machine.run(argv)
        self.assertEqual(found, status, f"{argv}\n{output}")
        return output

    def make_zimbra(self):
        for command in ("useradd --system --home-dir /opt/zimbra zimbra", "mkdir -p /opt/zimbra/bin /opt/zimbra/data"):
            self.do(*command.split())

    def install(self):
        return self.do("rpm", "-i", "--nodeps", "--force-debian", f"/mnt/one/{self.package.name}")

    def upgrade(self):
        return self.do("rpm", "-U", "--nodeps", "--force-debian", f"/mnt/newer/{self.newer.name}")

    def test_leaves_nothing_behind_when_it_is_erased(self):
        self.make_zimbra()
        before = snapshot(self.machine)
        self.assertEqual(self.install(), "")
        self.assertEqual(self.do("readlink", "/opt/zimbra/bin/zmfirewall"), "/usr/bin/zmfirewall\n")
        self.assertEqual(self.do("stat", "-c", "%U %a", "/opt/zimbra/data/zmfirewall"), "zimbra 750\n")
        self.assertEqual(self.do("stat", "-c", "%U %a", "/var/log/zmfirewall/recompute.log"), "zimbra 640\n")
        self.assertIn("nftables", self.do("zmfirewall", "formats"))
        self.assertEqual(self.do("rpm", "-V", "--nodeps", "zmfirewall"), "")
        self.assertEqual(self.upgrade(), "")
        self.assertEqual(self.do("rpm", "-q", "--qf", "%{version}", "zmfirewall"), "9.0.0")
        self.do("test", "-L", "/opt/zimbra/bin/zmfirewall")
        self.assertEqual(self.do("rpm", "-e", "--force-debian", "zmfirewall"), "")
        after = {line for line in snapshot(self.machine) if not line.startswith("/var/lib/rpm")}
        before = {line for line in before if not line.startswith("/var/lib/rpm")}
        self.assertEqual((after - before, before - after), (set(), set()))

    def test_keeps_the_sites_own_files(self):
        self.install()
        self.machine.path("/etc/zmfirewall/recompute.conf").write_text("RECOMPUTE_OPTIONS=\n", encoding="utf-8")
        self.machine.path("/etc/zmfirewall/templates").mkdir()
        self.upgrade()
        self.assertEqual(self.do("cat", "/etc/zmfirewall/recompute.conf"), "RECOMPUTE_OPTIONS=\n")
        self.do("rpm", "-e", "--force-debian", "zmfirewall")
        self.assertEqual(self.do("cat", "/etc/zmfirewall/recompute.conf.rpmsave"), "RECOMPUTE_OPTIONS=\n")
        self.do("test", "-d", "/etc/zmfirewall/templates")

    def test_notices_a_zimbra_that_is_installed_later(self):
        self.install()
        self.make_zimbra()
        self.do("test", "-L", "/opt/zimbra/bin/zmfirewall", status=1)
        folder = pathlib.Path(tempfile.mkdtemp(prefix="zmfirewall-zimbra-"))
        self.addCleanup(shutil.rmtree, folder)
        shutil.copy(stand_in_rpm(folder), self.machine.path("/root/core.rpm"))
        self.do("rpm", "-i", "--force-debian", "/root/core.rpm")
        self.assertEqual(self.do("readlink", "/opt/zimbra/bin/zmfirewall"), "/usr/bin/zmfirewall\n")

    def test_says_that_confirmed_rules_stay_loaded(self):
        self.install()
        self.do("mkdir", "-p", "-m", "0700", "/var/lib/zmfirewall/rules-0123456789abcdef")
        self.do("ln", "-s", "rules-0123456789abcdef", "/var/lib/zmfirewall/confirmed")
        self.assertIn("stay loaded", self.do("rpm", "-e", "--force-debian", "zmfirewall"))


class Units(unittest.TestCase):
    def setUp(self):
        if not shutil.which("systemd-analyze"):
            self.skipTest("systemd-analyze is not installed")

    def root(self):
        """A root with our units and the few that they name."""
        folder = pathlib.Path(tempfile.mkdtemp(prefix="zmfirewall-units-"))
        self.addCleanup(shutil.rmtree, folder)
        system = folder / "usr/lib/systemd/system"
        system.mkdir(parents=True)
        for unit in UNITS:
            shutil.copy(SOURCE / "install/package/units" / unit, system)
        for unit in pathlib.Path("/usr/lib/systemd/system").glob("*.target"):
            shutil.copy(unit, system)
        program = folder / "usr/bin/zmfirewall"
        program.parent.mkdir(parents=True)
        shutil.copy(BUILD / "zmfirewall", program)
        (folder / "etc").mkdir()
        (folder / "etc/passwd").write_text("root:x:0:0::/root:/bin/sh\nzimbra:x:999:999::/opt/zimbra:/bin/sh\n")
        return folder

    def test_are_what_systemd_understands(self):
        folder = self.root()
        for unit in UNITS:
            command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", f"--root={folder}", unit]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            self.assertEqual((done.returncode, done.stdout), (0, ""))

    def test_give_the_service_little_to_do_harm_with(self):
        command = ["systemd-analyze", "security", "--offline=true", "--threshold=25", f"--root={self.root()}",
                   "zmfirewall-recompute.service"]  # fmt: skip
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout)

    def test_wait_longer_than_the_command_does(self):
        text = (SOURCE / "install/package/units/zmfirewall-recompute.service").read_text(encoding="utf-8")
        self.assertIn("TimeoutStartSec=3h", text)


if __name__ == "__main__":
    unittest.main()
