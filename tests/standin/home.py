"""Builds a Zimbra home directory of one node, with a system root below it."""

import json
import pathlib
import shutil
import sys
from xml.sax.saxutils import escape, quoteattr

import made_up
import parts
import pki
import postfix
import system_root

HERE = pathlib.Path(__file__).resolve().parent
PASSWORD_KEYS = [
    "ldap_root_password", "zimbra_ldap_password", "ldap_nginx_password", "ldap_amavis_password",
    "ldap_postfix_password", "ldap_replication_password", "ldap_bes_searcher_password", "mysql_root_password",
    "zimbra_mysql_password", "mailboxd_keystore_password", "mailboxd_truststore_password", "cbpolicyd_db_password",
]  # fmt: skip


PLACES = {"zimbra": "opt/zimbra", "carbonio": "opt/zextras"}


def place(deployment, directory):
    """(home, system root): DIR and DIR/root; of a whole host DIR/root/opt/... and DIR/root."""
    directory = pathlib.Path(directory).resolve()
    root = directory / "root"
    return (root / PLACES[deployment.product] if deployment.whole_host else directory), root


def find(directory):
    """The home that was built in DIR."""
    directory = pathlib.Path(directory).resolve()
    places = [directory, *(directory / "root" / p for p in PLACES.values())]
    return next((p for p in places if (p / ".standin").is_dir()), directory)


def build(deployment, directory, node=None, components=True):
    """Writes the home of `node` (bin, conf, common, .standin) and its system root; an existing DIR is replaced where
    it was ours. `components`: the policy says what runs on the other nodes. The answer: the home."""
    if (find(directory) / ".standin").is_dir():
        shutil.rmtree(pathlib.Path(directory).resolve())
    directory, root = place(deployment, directory)
    node = node or deployment.this_node
    for folder in ("bin", "conf/ca", "common/conf", ".standin"):
        (directory / folder).mkdir(parents=True)
    (root / "etc/ssh/sshd_config.d").mkdir(parents=True)
    facts = deployment.nodes.get(node, {})
    (directory / ".standin" / "node").write_text(node, encoding="utf-8")
    deployment.save(directory / ".standin" / "deployment.json")
    _programs(directory, PROGRAMS[deployment.product] + facts.get("programs", []))
    write_localconfig(directory, localconfig(deployment, node, facts))
    _postfix_files(deployment, directory, node, facts)
    _sshd(root, facts.get("sshd", {}))
    if deployment.whole_host:
        system_root.write(root, deployment, node)
    else:
        system_root.dpkg(root, {"zimbra-core": system_root.INSTALLED}, deployment.version)
    if deployment.product == "carbonio":
        (directory / ".version").write_text(deployment.version + "\n", encoding="utf-8")
    if "advanced" in facts.get("components", []):
        system_root.put(directory, f"lib/ext/carbonio/carbonio-advanced-{deployment.version}.jar", "")
        system_root.put(root, "usr/share/carbonio-advanced-cli/carbonio-advanced-cli.jar", "")
    pki.make(directory / ".standin" / "pki", node)
    shutil.copy(directory / ".standin" / "pki" / "ca.pem", directory / "conf" / "ca" / "ca.pem")
    (directory / "conf" / "zmfirewall.xml").write_text(policy(deployment, node if components else None), encoding="utf-8")
    (directory / ".standin" / "secrets.json").write_text(json.dumps(secrets(deployment, directory)), encoding="utf-8")
    return directory


PROGRAMS = {"zimbra": ["zmprov", "zmlocalconfig"], "carbonio": ["zmprov", "zmlocalconfig", "zmhostname", "carbonio"]}
MODULES = {"carbonio": "module_cli", "zxsuite": "module_cli", "zmhostname": "zmlocalconfig"}


def _programs(directory, names):
    for name in names:
        module = MODULES.get(name, name)
        path = directory / "bin" / name
        path.write_text(
            f"#!{sys.executable}\n"
            "import pathlib, sys\n"
            "sys.dont_write_bytecode = True\n"
            f"sys.path.insert(0, {str(HERE)!r})\n"
            f"import {module}\n"
            f"{module}.{'hostname' if name == 'zmhostname' else 'main'}(pathlib.Path(__file__).resolve().parent.parent)\n",
            encoding="utf-8",
        )
        path.chmod(0o755)


def localconfig(deployment, node, facts):
    """Keys as the installer leaves them, raw: some values name other keys."""
    directories = {"ldap", "directory-server"}
    ldap = [n for n in deployment.names() if directories & set(deployment.own(n).get("zimbraServiceEnabled", []))]
    ldap = ldap or [node]
    keys = {
        "zimbra_home": "/opt/zimbra",
        "zimbra_java_home": "${zimbra_home}/common/lib/jvm/java",
        "zimbra_server_hostname": node,
        "zimbra_ldap_user": "zimbra",
        "zimbra_ldap_userdn": "uid=zimbra,cn=admins,cn=zimbra",
        "zimbra_admin_service_scheme": "https://",
        "zimbra_admin_service_port": "7071",
        "ldap_host": ldap[0],
        "ldap_port": "389",
        "ldap_url": " ".join(["ldap://${ldap_host}:${ldap_port}"] + [f"ldap://{n}:389" for n in ldap[1:]]),
        "ldap_master_url": "ldap://${ldap_host}:${ldap_port}",
        "ldap_is_master": "true" if node == ldap[0] else "false",
        "ldap_starttls_supported": "1",
        "mailboxd_java_options": "-server -Dhttps.protocols=TLSv1.2 -Djava.awt.headless=true -Xss256k",
        "mailboxd_truststore": "${zimbra_java_home}/lib/security/cacerts",
        "mysql_bind_address": "127.0.0.1",
        "mysql_port": "7306",
        "zmconfigd_listen_port": "7171",
        "ssl_allow_untrusted_certs": "true",
        "ssl_allow_mismatched_certs": "true",
        "snmp_notify": "yes",
        "snmp_trap_host": "${zimbra_server_hostname}",
        "smtp_source": f"admin@{node}",
    }
    if deployment.product == "carbonio":
        keys.update({"zimbra_home": "/opt/zextras", "zimbra_user": "zextras", "mysql_bind_address": None})
    keys.update({key: made_up.password(key) for key in PASSWORD_KEYS})
    keys["ldap_common_password"] = keys["zimbra_ldap_password"]
    keys["zimbra_ldap_password"] = "${ldap_common_password}"
    for key, value in facts.get("localconfig", {}).items():
        keys[key] = value
    return {k: v for k, v in keys.items() if v is not None}


def write_localconfig(directory, keys):
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "", "<localconfig>"]
    for key, value in sorted(keys.items()):
        lines += [f"  <key name={quoteattr(key)}>", f"    <value>{escape(value)}</value>", "  </key>"]
    path = directory / "conf" / "localconfig.xml"
    new = directory / "conf" / ".localconfig.new"
    new.write_text("\n".join(lines + ["</localconfig>", ""]), encoding="utf-8")
    new.chmod(0o640)
    new.replace(path)


def _postfix_files(deployment, directory, node, facts):
    if "mta" not in deployment.servers.get(node, {}).get("zimbraServiceEnabled", []):
        return
    applied = deployment.applied(node)
    mode = (applied.get("zimbraIPMode") or ["ipv4"])[0]
    local = "127.0.0.1" if mode == "ipv4" else "::1"
    conf = directory / "common" / "conf"
    (conf / "master.cf").write_text(postfix.master_cf(facts.get("master_cf", {}), local), encoding="utf-8")
    protocols = {"ipv4": "ipv4", "ipv6": "ipv6", "both": "all"}[mode]
    settings = {"inet_protocols": protocols, **facts.get("main_cf", {})}
    (conf / "main.cf").write_text(postfix.main_cf(node, settings), encoding="utf-8")


def _sshd(root, sshd):
    ports = sshd.get("ports", [])
    lines = ["# OpenSSH server", "Include /etc/ssh/sshd_config.d/*.conf", "#Port 22"]
    lines += [f"Port {p}" for p in ports]
    lines += [f"ListenAddress {a}" for a in sshd.get("addresses", [])]
    lines += ["PermitRootLogin no", "UsePAM yes", "Match User backup", "    PasswordAuthentication no", ""]
    (root / "etc" / "ssh" / "sshd_config").write_text("\n".join(lines), encoding="utf-8")
    for name, text in sshd.get("included", {}).items():
        (root / "etc" / "ssh" / "sshd_config.d" / name).write_text(text, encoding="utf-8")


def policy(deployment, node=None):
    """conf/zmfirewall.xml: the site's networks and the address of every server, so that no DNS is needed. With `node`:
    also what runs on the others, which that node cannot know, and those that LDAP does not know."""
    wishes = deployment.policy
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<policy>"]
    for name, cidrs in wishes.get("networks", {}).items():
        body = "".join(f"<cidr>{escape(c)}</cidr>" for c in cidrs)
        lines.append(f"  <network name={quoteattr(name)}>{body}</network>")
    for name in deployment.all_nodes() if node else deployment.names():
        facts = deployment.nodes[name]
        body = "".join(f"<address>{escape(a)}</address>" for a in facts.get("addresses", []))
        if node not in (None, name) and "components" in facts:
            ids = parts.catalogue_ids(facts["roles"], facts["components"])
            body += f"<components>{' '.join(ids)}</components>"
        if body:
            lines.append(f"  <server name={quoteattr(name)}>{body}</server>")
    lines += [f"  {extra}" for extra in wishes.get("extra", [])]
    return "\n".join(lines + ["</policy>", ""])


def secrets(deployment, directory):
    """Every string that must never be seen in an output: passwords, keys and tokens, PEM keys by the line."""
    found = [made_up.password(k) for k in PASSWORD_KEYS]
    found += [made_up.uuid(f"consul {kind} token") for kind in ("management", "service")]
    for attributes in [deployment.config, *deployment.servers.values()]:
        for name, values in attributes.items():
            if name in ("zimbraAuthTokenKey", "zimbraCsrfTokenKey"):
                found += values
            if "PrivateKey" in name or "KeySelfSigned" in name:
                found += [line for v in values for line in v.splitlines() if len(line) > 20 and "-----" not in line]
    key = (directory / ".standin" / "pki" / "server.key").read_text(encoding="utf-8")
    found += [line for line in key.splitlines() if "-----" not in line]
    return sorted(set(found))
