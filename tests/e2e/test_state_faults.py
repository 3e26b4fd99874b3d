"""The records survive a full disk, bad blocks and kill -9 at any write: what was recorded is whole, and told as it is."""

import os
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

from support import BINARY, Case, Home, need_binary, skip_program

FAULTS = os.environ.get("ZMFIREWALL_FAULTS", "")


class Faults(Case):
    @classmethod
    def setUpClass(cls):
        cls.home = Home("cluster")
        cls.folder = cls.home.path.parent
        cls.inventories = {}
        text = cls.home.run("discover", "--json", source="zmprov-ldap").out
        for name, port in (("old", "7025"), ("new", "7026")):
            cls.inventories[name] = cls.folder / f"{name}.json"
            cls.inventories[name].write_text(text.replace('"7025"', f'"{port}"'), encoding="utf-8")

    @classmethod
    def tearDownClass(cls):
        cls.home.close()

    def setUp(self):
        self.state = self.folder / "state"
        shutil.rmtree(self.state, ignore_errors=True)

    def recompute(self, inventory, prefix=(), **faults):
        environment = {**os.environ, **{f"FAULT_{k}": str(v) for k, v in faults.items()}}
        if faults:
            environment.update(LD_PRELOAD=FAULTS, ASAN_OPTIONS="verify_asan_link_order=0")
        done = subprocess.run(
            [*prefix, BINARY, "--zimbra-home", self.home.path, "--inventory", self.inventories[inventory], "recompute",
             "--state", self.state, "--keep", "3", "--notify-command", "/bin/true"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment,
            timeout=120, check=False,
        )  # fmt: skip
        return done

    def accept(self, **faults):
        environment = {**os.environ, **{f"FAULT_{k}": str(v) for k, v in faults.items()}}
        if faults:
            environment.update(LD_PRELOAD=FAULTS, ASAN_OPTIONS="verify_asan_link_order=0")
        return subprocess.run([BINARY, "accept", "--state", self.state], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, env=environment, timeout=120, check=False)  # fmt: skip

    def prepared(self):
        shutil.rmtree(self.state, ignore_errors=True)
        self.assertEqual(self.recompute("old").returncode, 1)
        self.assertEqual(self.accept().returncode, 0)

    def operations(self, run):
        count = self.folder / "count"
        run(UNDER=self.state, AT=0, COUNT=count)
        number = int(count.read_text(encoding="utf-8"))
        self.assertGreater(number, 5, "the writes of a run are not seen")
        return number

    def assert_sound(self, what):
        """What is there is whole, and the next run goes on as if nothing had been."""
        self.assertFalse(list(self.state.rglob("*.damaged")), what)
        after = self.recompute("new")
        self.assertEqual(after.returncode, 1, f"{what}\n{after.stderr}")
        self.assertNotIn("damaged", after.stderr, what)
        self.assertIn("zimbraLmtpBindPort of global config: 7025 -> 7026", after.stdout, what)
        left = [p.name for p in self.state.rglob("*") if p.is_file() and p.name.count(".") > 1]
        self.assertFalse(left, f"{what}: left over {left}")

    def check(self, kind, statuses):
        self.prepared()
        total = self.operations(lambda **faults: self.recompute("new", **faults))
        for at in range(1, total + 1):
            what = f"{kind} at operation {at} of {total}"
            self.prepared()
            result = self.recompute("new", UNDER=self.state, AT=at, KIND=kind)
            self.assertIn(result.returncode, statuses, f"{what}\n{result.stderr}")
            self.assert_sound(what)

    def test_killed_at_each_write(self):
        self.check("kill", (-signal.SIGKILL,))

    def test_disk_full_from_each_write_on(self):
        self.check("ENOSPC", (1, 4))

    def test_bad_block_at_each_write(self):
        self.check("EIO", (1, 4))

    def test_accept_killed_at_each_write_is_done_or_not_done(self):
        self.prepared()
        self.recompute("new")
        saved = self.folder / "saved"
        shutil.rmtree(saved, ignore_errors=True)
        shutil.copytree(self.state, saved)
        total = self.operations(lambda **faults: self.accept(**faults))
        for at in range(1, total + 1):
            shutil.rmtree(self.state)
            shutil.copytree(saved, self.state)
            killed = self.accept(UNDER=self.state, AT=at, KIND="kill")
            self.assertEqual(killed.returncode, -signal.SIGKILL, at)
            after = self.recompute("new")
            self.assertIn(after.returncode, (0, 1), f"{at}\n{after.stderr}")
            self.assertNotIn("damaged", after.stderr)
            self.assertNotIn("no plan was accepted", after.stdout)

    def test_a_file_system_that_is_really_full(self):
        self.prepared()
        size = (self.state / "records" / "1.record").stat().st_size
        small = self.folder / "small"
        small.mkdir(exist_ok=True)
        script = (
            f"mount -t tmpfs -o size={4 * size},mode=750 tmpfs {small} || exit 77; cp -a {self.state}/. {small}; "
            f"head -c {4 * size} /dev/zero > {small}/filler 2>/dev/null; "
            f"{BINARY} --zimbra-home {self.home.path} --inventory {self.inventories['new']} recompute --state {small}; "
            f"first=$?; rm {small}/filler; "
            f"{BINARY} --zimbra-home {self.home.path} --inventory {self.inventories['new']} recompute --state {small} "
            f"--keep 1; second=$?; ls {small}/records >&2; echo $first $second"
        )
        done = subprocess.run(["unshare", "--mount", "sh", "-c", script], capture_output=True, text=True, check=False)
        if done.returncode == 77 or "unshare" in done.stderr:
            self.skipTest("no mount namespace here: " + done.stderr.strip()[:200])
        self.assertEqual(done.stdout.split()[-2:], ["4", "1"], done.stderr)
        self.assertIn("No space left on device", done.stderr)


if __name__ == "__main__":
    need_binary()
    if not pathlib.Path(FAULTS).exists():
        skip_program("there is no library that injects faults (environment variable ZMFIREWALL_FAULTS)")
    unittest.main(argv=[sys.argv[0], "-v"])
