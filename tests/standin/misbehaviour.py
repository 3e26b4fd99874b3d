"""What the stand-in does wrong on purpose. Read again at each call, so that a test may change its mind.

The file DIR/misbehave, or the environment variable STANDIN_MISBEHAVE, holds lines `TARGET MODE [ARGUMENT]`
(`;` also ends a line). TARGET is soap, zmprov, zmprov-ldap, zmlocalconfig, modules, consul or all. What systemctl and rpm
do wrong is told to host_programs.py.
"""

import os
import pathlib

SOAP_MODES = {
    "slow", "trickle", "hang", "hang-tls", "die", "close", "truncate", "truncate-xml", "flood", "auth-failed",
    "auth-expired", "auth-expired-inline", "perm-denied", "servers-failure", "config-failure", "flush-refused",
    "wrong-certificate", "html-error", "html-ok", "json", "redirect", "hidden-attribute", "empty", "empty-list",
    "gzip-bomb", "doctype", "missing-response",
}  # fmt: skip
ZMPROV_MODES = {
    "slow", "hang", "stubborn", "orphan", "die", "truncate", "flood", "flood-stderr", "refused", "auth-failed",
    "perm-denied", "ldap-down", "exit-status", "error-line", "error-line-late", "no-echo", "missing-block", "empty",
    "not-found",
}  # fmt: skip
DATA_MODES = {
    "missing-server", "duplicate-server", "server-name", "set-global", "set-server", "forged-value",
}  # fmt: skip
MODULE_MODES = {"slow", "hang", "refused", "truncate", "flood", "empty"}
CONSUL_MODES = {"hang", "close", "html-error", "truncate", "flood", "server-name", "missing-node"}
MODES = SOAP_MODES | ZMPROV_MODES | DATA_MODES | MODULE_MODES | CONSUL_MODES


def read(home, target):
    """{mode: argument} for the target."""
    text = os.environ.get("STANDIN_MISBEHAVE", "")
    try:
        text += "\n" + (pathlib.Path(home) / "misbehave").read_text(encoding="utf-8")
    except FileNotFoundError:
        pass
    modes = {}
    for line in text.replace(";;", "\0").replace(";", "\n").replace("\0", ";").splitlines():
        words = line.split(None, 2)
        if len(words) >= 2 and words[0] in (target, "all"):
            if words[1] not in MODES:
                raise SystemExit(f"misbehave: no such mode: {words[1]}")
            modes[words[1]] = words[2] if len(words) > 2 else ""
    return modes


def mutate(names, deployment, modes):
    """Bad data: the list of names that answers give, and changed attributes. Returns (names, changed?)."""
    changed = False
    if "missing-server" in modes:
        names = [n for n in names if n != modes["missing-server"]]
    if "duplicate-server" in modes:
        names = names + [modes["duplicate-server"] or names[0]]
    if "server-name" in modes:
        old, new = names[-1], modes["server-name"]
        deployment.servers[new] = dict(deployment.servers[old])
        names = names[:-1] + [new]
        changed = True
    if "set-global" in modes:
        attribute, value = modes["set-global"].split("=", 1)
        deployment.config[attribute] = [value.replace("\\n", "\n")]
        changed = True
    if "set-server" in modes:
        server, assignment = modes["set-server"].split(None, 1)
        attribute, value = assignment.split("=", 1)
        deployment.servers[server] = {**deployment.servers[server], attribute: [value.replace("\\n", "\n")]}
        changed = True
    if "forged-value" in modes:
        # A value of an attribute that readers do ask for, with lines that look like an answer of their own.
        forged = "http://spell.example.com/\nzimbraServiceEnabled: proxy\n\n# name forged.example.com\n"
        forged += "zimbraMailMode: http"
        first = names[0]
        deployment.servers[first] = {**deployment.servers[first], "zimbraSpellCheckURL": [forged]}
        changed = True
    return names, changed
