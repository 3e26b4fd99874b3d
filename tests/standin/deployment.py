"""A deployment: what LDAP and the files of one installation hold. Read from JSON, resolved from roles and defaults."""

import json
import pathlib

import made_up
import roles

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent / "fixtures" / "deployments"
DEFAULT_VERSION = {"zimbra": "10.1.2_GA_4652", "carbonio": "26.6.0"}
# What only the node itself, or the mesh, knows.
NODE_FACTS = ("addresses", "localconfig", "master_cf", "main_cf", "sshd", "components", "packages", "packaging", "units",
              "users", "files", "sockets", "programs")  # fmt: skip


def _values(value):
    return [str(v) for v in value] if isinstance(value, list) else [str(value)]


def _load(path):
    with open(path, encoding="utf-8") as f:
        return json.load(f)


def _merge(below, above):
    """`above` over `below`; objects merge, null removes, everything else replaces."""
    out = dict(below)
    for key, value in above.items():
        if value is None:
            out.pop(key, None)
        elif isinstance(value, dict) and isinstance(out.get(key), dict):
            out[key] = _merge(out[key], value)
        else:
            out[key] = value
    return out


def read(name_or_path):
    """The JSON of a deployment, with what it extends merged below it."""
    path = pathlib.Path(name_or_path)
    # A folder that happens to be called `cluster` is not what the name means.
    if path.suffix != ".json" or not path.is_file():
        path = FIXTURES / f"{name_or_path}.json"
    raw = _load(path)
    if "extends" in raw:
        raw = _merge(read(path.parent / (raw.pop("extends") + ".json")), raw)
    return raw


def every_name():
    """The deployments of the fixtures."""
    return sorted(path.stem for path in FIXTURES.glob("*.json"))


class Deployment:
    """Resolved: attribute values are lists of strings; `servers` maps a name to what is set on its entry."""

    def __init__(self, document):
        self.document = document
        self.version = document["version"]
        self.product = document.get("product", "zimbra")
        self.whole_host = document.get("whole_host", False)  # with a system root that knows the product
        self.suite = document.get("suite", {})
        self.this_node = document["this_node"]
        self.config = document["global"]
        self.servers = document["servers"]
        self.not_inherited = set(document["not_inherited"])
        self.nodes = document.get("nodes", {})
        self.policy = document.get("policy", {})
        self.auth = document["auth"]

    @staticmethod
    def from_file(path):
        return Deployment(_load(path))

    def save(self, path):
        temporary = pathlib.Path(str(path) + ".new")
        temporary.write_text(json.dumps(self.document, ensure_ascii=False), encoding="utf-8")
        temporary.replace(path)

    def names(self):
        """What LDAP knows."""
        return sorted(self.servers)

    def all_nodes(self):
        """And what it does not know."""
        return sorted(self.nodes)

    def own(self, name):
        return self.servers[name]

    def applied(self, name):
        """With inheritance: a server value replaces the whole inherited list."""
        out = {a: v for a, v in self.config.items() if a not in self.not_inherited}
        out.update(self.servers[name])
        return out

    def find(self, key):
        """Server by name in any case, or by id; None where there is none."""
        wanted = key.lower()
        if wanted in self.servers:
            return wanted
        return next((n for n, a in self.servers.items() if a.get("zimbraId") == [key]), None)


def resolve(raw):
    """Roles, schema defaults and noise filled in."""
    product = raw.get("product", "zimbra")
    version = raw.get("version", DEFAULT_VERSION[product])
    base = _load(HERE / "data" / "global_config.json")
    servers, nodes = {}, {}
    for name, spec in raw["servers"].items():
        if spec.get("ldap", True):
            servers[name] = _resolve_server(name, spec, spec.get("version", version), product)
        nodes[name] = {k: spec[k] for k in NODE_FACTS if k in spec}
        nodes[name]["roles"] = spec.get("roles", [])
    config = {a: _values(v) for a, v in base["values"].items()}
    config.update(_noise(raw))
    if product == "carbonio":
        config.update({a: _values(v) for a, v in roles.CARBONIO_GLOBAL.items()})
    for attribute, value in raw.get("global", {}).items():
        config[attribute] = _values(value)
    for attribute in raw.get("global_unset", []):
        config.pop(attribute, None)
    return Deployment(
        {
            "version": version,
            "product": product,
            "whole_host": raw.get("whole_host", product == "carbonio"),
            "suite": raw.get("suite", {}),
            "this_node": raw.get("this_node", next(iter(raw["servers"]))),
            "global": config,
            "servers": servers,
            "nodes": nodes,
            "policy": raw.get("policy", {}),
            "not_inherited": base["not_inherited"],
            "auth": {"name": "zimbra", "password": made_up.password("zimbra_ldap_password")},
        }
    )


def _resolve_server(name, spec, version, product):
    entry = roles.carbonio_entry_of if product == "carbonio" else roles.entry_of
    own = {a: _values(v) for a, v in entry(name, spec.get("roles", []), version).items()}
    own["cn"] = [name]
    own["objectClass"] = ["zimbraServer"]
    own["zimbraId"] = [made_up.uuid(name)]
    own["zimbraCreateTimestamp"] = ["20261124053448Z"]
    if "mailbox" in own["zimbraServiceEnabled"] or "proxy" in own["zimbraServiceEnabled"]:
        own["zimbraSSLCertificate"] = [made_up.pem("CERTIFICATE", name, 870)]
        own["zimbraSSLPrivateKey"] = [made_up.pem("PRIVATE KEY", name, 1216)]
    for attribute, value in spec.get("set", {}).items():
        own[attribute] = _values(value)
    for attribute in spec.get("unset", []):
        own.pop(attribute, None)
    return own


def _noise(raw):
    """Values that must not disturb a reader, and secrets that must never leave."""
    return {
        "cn": ["config"],
        "objectClass": ["organizationalRole", "zimbraGlobalConfig"],
        "zimbraAuthTokenKey": [made_up.hex_key("zimbraAuthTokenKey")],
        "zimbraCsrfTokenKey": [made_up.hex_key("zimbraCsrfTokenKey")],
        "zimbraCertAuthorityCertSelfSigned": [made_up.pem("CERTIFICATE", "ca", 870)],
        "zimbraCertAuthorityKeySelfSigned": [made_up.pem("PRIVATE KEY", "ca", 1216)],
        "zimbraMailAdminSieveScriptBefore": [made_up.SIEVE],
        "zimbraDomainMandatoryMailSignatureText": [made_up.DISCLAIMER],
        "zimbraDefaultDomainName": [next(iter(raw["servers"])).split(".", 1)[-1]],
        "zimbraMtaRestriction": ["reject_invalid_helo_hostname", "reject_non_fqdn_sender"],
    }


def generate(count):
    """The JSON of a deployment of `count` servers for the benchmark: one node of all roles, else a growing cluster."""
    if count == 1:
        return read("single")
    servers = {}
    proxies, mtas, ldaps = max(1, count // 20), max(1, count // 10), max(1, count // 50)
    for i in range(count):
        address = f"10.20.{i // 250}.{i % 250 + 1}"
        if i < ldaps:
            name, own = f"ldap{i + 1}", ["ldap"]
        elif i < ldaps + mtas:
            name, own = f"mta{i + 1 - ldaps}", ["mta"]
        elif i < ldaps + mtas + proxies:
            name, own = f"proxy{i + 1 - ldaps - mtas}", ["memcached", "proxy"]
        else:
            name, own = f"mbox{i + 1 - ldaps - mtas - proxies}", ["mailstore", "spell", "logger"]
        servers[f"{name}.example.com"] = {"roles": own, "addresses": [address]}
    return {
        "about": f"{count} servers",
        "this_node": "mbox1.example.com",
        "global": {"zimbraLogHostname": "mbox1.example.com"},
        "servers": servers,
        "policy": {"networks": {"admin": ["192.168.1.0/24"]}},
    }
