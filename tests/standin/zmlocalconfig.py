"""The stand-in for bin/zmlocalconfig: reads conf/localconfig.xml and prints keys as the real one does."""

import re
import sys
import xml.etree.ElementTree as ET

# Keys that have a compiled default; a key that is here with None is known and has a null value.
COMPILED = {
    "zimbra_home": "/opt/zimbra", "zimbra_server_hostname": "localhost", "zimbra_ldap_user": "zimbra",
    "zimbra_zmprov_default_soap_server": "localhost", "zimbra_admin_service_port": "7071",
    "zimbra_admin_service_scheme": "https://", "zmconfigd_listen_port": "7171", "mysql_port": "7306",
    "mysql_bind_address": None, "milter_bind_address": None, "milter_bind_port": "0", "ldap_url": "",
    "ldap_master_url": "", "ldap_bind_url": "", "antispam_mysql_enabled": "false", "antispam_mysql_port": "7308",
    "ssl_allow_untrusted_certs": "false", "logger_zmrrdfetch_port": "10663",
}  # fmt: skip


def read(path):
    """{key: raw value} of a localconfig.xml."""
    root = ET.parse(path).getroot()
    return {k.get("name"): (k.findtext("value") or "") for k in root.iter("key")}


def expand(raw, value, depth=10):
    if depth == 0:
        return value
    return re.sub(r"\$\{([A-Za-z0-9_]+)\}", lambda m: expand(raw, raw.get(m.group(1), m.group(0)), depth - 1), value)


def hostname(home):
    """zmhostname."""
    print(read(home / "conf" / "localconfig.xml")["zimbra_server_hostname"])


def main(home):
    arguments = sys.argv[1:]
    options, keys, form = set(), [], "plain"
    while arguments:
        word = arguments.pop(0)
        if word == "-m" and arguments:
            form = arguments.pop(0)
        elif word.startswith("-"):
            options.add(word)
        else:
            keys.append(word)
    raw = {k: v for k, v in COMPILED.items() if v is not None}
    try:
        raw.update(read(home / "conf" / "localconfig.xml"))
    except OSError as e:
        sys.stderr.write(f"Warning: cannot read config file: {home}/conf/localconfig.xml ({e.strerror})\n")
    except ET.ParseError as e:
        sys.stderr.write(f"Error: {e}\n")
        sys.exit(1)
    for key in keys or sorted(raw):
        if key not in raw:
            if "-q" not in options:
                sys.stderr.write(f"Warning: null valued key '{key}'\n")
            continue
        value = raw[key]
        if "-x" in options or form in ("shell", "export"):
            value = expand(raw, value)
        if "password" in key and "-s" not in options and form not in ("shell", "export"):
            value = "*"
        print(render(form, key, value))


def render(form, key, value):
    if form == "nokey":
        return value
    if form in ("shell", "export"):
        quoted = value.replace("'", "''")
        return ("export " if form == "export" else "") + f"{key}='{quoted}';"
    return f"{key} = {value}"
