"""docs/cookbook.md as data: recipes of blocks of commands, what must have happened before each, and what they print."""

import dataclasses
import json
import pathlib
import re
import time

from support import SOURCE, Home, deployments, homes

TEXT = (SOURCE / "docs" / "cookbook.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"```sh\n# (as root, )?tested(.*)\n((?:.*\n)*?)```\n(?:\n```text\n((?:.*\n)*?)```\n)?")


@dataclasses.dataclass
class Block:
    as_root: bool
    when: str  # the words after "tested"
    lines: list
    output: list  # lines that are shown as output, in order; "..." stands for any

    def statuses(self, line):
        if "status 3" in self.when:
            return (3,)
        # Findings of the stand-in and changes are no failures.
        return (0, 1) if re.search(r"zmfirewall (doctor|recompute|diff)", line) else (0,)


def recipes():
    """(heading, blocks) of each recipe that has blocks."""
    for part in re.split(r"(?m)^## (?!on )", TEXT):
        blocks = [Block(bool(root), when, lines.splitlines(), (output or "").splitlines())
                  for root, when, lines, output in BLOCK.findall(part)]  # fmt: skip
        if blocks:
            yield part.splitlines()[0], blocks


def without_times(text):
    text = re.sub(r"\bplan [0-9a-f]{12}\b", "plan DIGEST", text)
    text = re.sub(r'"(\S+) r[0-9a-f]{8}"', r'"\1 REASON"', text)
    return re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ|\d{8}T\d{6}Z", "TIME", text)


def missing_lines(block, printed):
    """Lines of the shown output that were not printed in that order."""
    there = iter(without_times(printed).splitlines())
    return [line for line in block.output if line != "..." and without_times(line) not in there]


def prepare(when, home, run):
    """Makes true what a block says of its moment, in the home at this path. `run` runs a line as the zimbra user."""
    history = pathlib.Path(home) / ".install_history"
    now = int(time.time())
    if "mta2.example.com added" in when:
        run("zmfirewall recompute --format nftables --output rules; zmfirewall accept")
        add_server(home, "mta2.example.com", {"roles": ["mta"], "addresses": ["10.0.0.21"]})
    elif "inventories of the others" in when:
        add_inventories(home, run)
    elif "while an upgrade runs" in when:
        history.write_text(f"{now - 60}: INSTALL SESSION START\n{now - 50}: UPGRADED zimbra-core.deb\n", encoding="utf-8")
    elif "after the upgrade" in when:
        with history.open("a", encoding="utf-8") as file:
            file.write(f"{now}: INSTALL SESSION COMPLETE\n")
        run("zmprov ms mbox1.example.com zimbraLmtpBindPort 17025")


def add_inventories(home, run):
    """What the other servers of Carbonio know, in the folder nodes, and the address of the one that is not in LDAP."""
    run("mkdir nodes")
    for name in ("srv1", "srv2", "srv3", "srv5"):
        with Home("carbonio-ce-five", f"{name}.example.com", components=False) as other:
            path = pathlib.Path(other.folder) / f"{name}.json"
            path.write_text(other.run("discover", "--json", source="zmprov-ldap").out, encoding="utf-8")
            run(f"cp {path} nodes")
    policy = pathlib.Path(home) / "conf" / "zmfirewall.xml"
    line = '<server name="srv5.example.com"><address>10.0.0.15</address></server></policy>'
    policy.write_text(policy.read_text(encoding="utf-8").replace("</policy>", line), encoding="utf-8")


def add_server(home, name, server):
    raw = json.loads((SOURCE / "tests/fixtures/deployments/cluster.json").read_text(encoding="utf-8"))
    raw["servers"][name] = server
    deployment = deployments.resolve(raw)
    deployment.save(pathlib.Path(home) / ".standin" / "deployment.json")
    (pathlib.Path(home) / "conf" / "zmfirewall.xml").write_text(homes.policy(deployment), encoding="utf-8")
