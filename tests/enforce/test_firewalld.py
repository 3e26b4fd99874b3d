#!/usr/bin/env python3
"""The emitted files, loaded by the real firewalld with a message bus of its own: exactly the plan's (source, port) pairs pass,
a second run changes nothing, a new plan removes what is stale, and undo leaves nothing."""

import os
import pathlib
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import deployed  # noqa: E402
import hosts  # noqa: E402

support = hosts.support()
support.need_binary()
hosts.enter_namespaces("firewalld", "firewall-cmd", "firewall-offline-cmd", "dbus-daemon", "nft")

SERVER = "mbox1.example.com"
SOCKET = "/run/dbus/system_bus_socket"
BUS = f"""<busconfig><type>system</type><listen>unix:path={SOCKET}</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/><allow receive_type="method_call"/>
<allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/></policy></busconfig>
"""


def make_surroundings():
    """A copy of /etc with firewalld's stock configuration, and a bus. The mounts end with this process."""
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    subprocess.run(["cp", "-a", "/etc", "/run/etc"], stderr=subprocess.DEVNULL, check=False)  # but for what is secret
    subprocess.run(["mount", "--bind", "/run/etc", "/etc"], check=True)
    subprocess.run(["rm", "-rf", "/etc/firewalld"], check=True)
    pathlib.Path("/etc/firewalld").mkdir()
    pathlib.Path("/run/dbus").mkdir()
    pathlib.Path("/run/bus.conf").write_text(BUS, encoding="utf-8")
    os.environ["DBUS_SYSTEM_BUS_ADDRESS"] = f"unix:path={SOCKET}"


START = """set -e
dbus-daemon --config-file=/run/bus.conf --nofork --nopidfile >/run/bus.log 2>&1 &
firewalld --nofork --nopid >/run/firewalld.log 2>&1 &
for i in $(seq 200); do
    if firewall-cmd --state >/dev/null 2>&1; then exit 0; fi
    sleep 0.1
done
cat /run/bus.log /run/firewalld.log
exit 1
"""


class Enforcement(unittest.TestCase):
    def setUp(self):
        make_surroundings()
        hosts.make_bridge()
        self.deployment = deployed.Deployment(support, "dual-stack", "firewalld")
        self.addCleanup(self.deployment.close)
        self.host = self.deployment.hosts[SERVER]

    def run_on_host(self, *command):
        status, output = self.host.call("run", command=[str(word) for word in command])
        self.assertEqual(status, 0, output)
        return output

    def own_files(self):
        found = self.run_on_host("find", "/etc/firewalld", "-type", "f", "-name", "zmfirewall*", "-printf", "%P\n")
        return sorted(found.split())

    def emitted(self, server):
        folder = self.deployment.rules_of(server)
        return sorted(str(path.relative_to(folder)) for path in folder.glob("*/*.xml"))

    def test_follows_the_plan_from_the_first_run_to_the_undo(self):
        rules = self.deployment.rules_of(SERVER)
        self.run_on_host("sh", rules / "zmfirewall-apply.sh", "check")
        self.assertEqual(self.own_files(), [])
        self.run_on_host("sh", "-c", START)
        self.run_on_host("sh", rules / "zmfirewall-apply.sh")
        self.assertEqual(self.own_files(), sorted(self.emitted(SERVER) + ["zmfirewall-previous-zone"]))

        packets = list(self.deployment.packets([SERVER]))
        self.deployment.compare(self, packets, self.deployment.passing(packets))

        self.assertEqual(self.run_on_host("sh", rules / "zmfirewall-apply.sh"), "")

        other = self.deployment.rules_of("mta1.example.com")
        self.run_on_host("sh", other / "zmfirewall-apply.sh")
        self.assertEqual(self.own_files(), sorted(self.emitted("mta1.example.com") + ["zmfirewall-previous-zone"]))

        broken = pathlib.Path(other) / "zones" / "zmfirewall.xml"
        text = broken.read_text(encoding="utf-8")
        broken.write_text(text.replace("</zone>", ""), encoding="utf-8")
        status, output = self.host.call("run", command=["sh", str(other / "zmfirewall-apply.sh")])
        self.assertEqual(status, 1, output)
        self.assertIn("nothing was changed", output)

        self.run_on_host("sh", other / "zmfirewall-undo.sh")
        self.assertEqual(self.own_files(), [])
        self.assertEqual(self.run_on_host("firewall-cmd", "--get-default-zone").strip(), "public")


if __name__ == "__main__":
    unittest.main(verbosity=2)
