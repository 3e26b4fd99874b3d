"""What firewalls that live in /etc need to run in a test: copies of their files. The mounts end with the test."""

import pathlib
import re
import subprocess

BUS = """<busconfig><type>system</type><listen>unix:path=/run/dbus/system_bus_socket</listen><auth>EXTERNAL</auth>
<policy context="default"><allow user="*"/><allow own="*"/><allow send_type="method_call"/>
<allow send_type="signal"/><allow send_requested_reply="true" send_type="method_return"/>
<allow send_requested_reply="true" send_type="error"/><allow receive_type="method_call"/>
<allow receive_type="method_return"/><allow receive_type="error"/><allow receive_type="signal"/></policy></busconfig>
"""

# Returns when firewalld answers.
START_FIREWALLD = """set -e
mkdir -p /run/dbus
dbus-daemon --config-file=/run/bus.conf --nofork --nopidfile >/run/bus.log 2>&1 &
firewalld --nofork --nopid >/run/firewalld.log 2>&1 &
for i in $(seq 300); do
    if firewall-cmd --state >/dev/null 2>&1; then exit 0; fi
    sleep 0.1
done
cat /run/bus.log /run/firewalld.log
exit 1
"""


def mount_copies(*folders):
    """Puts copies over the folders, and an empty /run. What nobody but root may read is left out for others."""
    subprocess.run(["mount", "-t", "tmpfs", "none", "/run"], check=True)
    for folder in folders:
        copy = "/run/copies" + folder
        subprocess.run(["mkdir", "-p", copy], check=True)
        subprocess.run(["cp", "-a", folder + "/.", copy], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(["mount", "--bind", copy, folder], check=True)


def for_ufw():
    """Copies of ufw's files as Debian brings them, for both families."""
    mount_copies("/etc/ufw", "/etc/default")
    defaults = pathlib.Path("/etc/default/ufw")
    defaults.write_text(re.sub("(?m)^IPV6=.*", "IPV6=yes", defaults.read_text(encoding="utf-8")), encoding="utf-8")


def start_firewalld(machine):
    """In a machine of the Debian tree, with its stock configuration and a message bus of its own."""
    machine.path("/run/bus.conf").write_text(BUS, encoding="utf-8")
    status, output = machine.run(["sh", "-c", START_FIREWALLD])
    if status != 0:
        raise AssertionError(f"firewalld does not start: {output}")
