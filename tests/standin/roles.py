"""What the installer writes on the entry of a server that has a role (defaults of a fresh installation)."""

# role: (services enabled beyond those installed, services installed, attributes)
_MAIL_PORTS_BEHIND_PROXY = {
    "zimbraImapBindPort": "7143",
    "zimbraImapSSLBindPort": "7993",
    "zimbraPop3BindPort": "7110",
    "zimbraPop3SSLBindPort": "7995",
    "zimbraMailPort": "8080",
    "zimbraMailSSLPort": "8443",
}
_MAIL_PORTS_DIRECT = {
    "zimbraImapBindPort": "143",
    "zimbraImapSSLBindPort": "993",
    "zimbraPop3BindPort": "110",
    "zimbraPop3SSLBindPort": "995",
    "zimbraMailPort": "80",
    "zimbraMailSSLPort": "443",
}
_PUBLIC_PORTS = {
    "zimbraImapProxyBindPort": "143",
    "zimbraImapSSLProxyBindPort": "993",
    "zimbraPop3ProxyBindPort": "110",
    "zimbraPop3SSLProxyBindPort": "995",
    "zimbraMailProxyPort": "80",
    "zimbraMailSSLProxyPort": "443",
}
_MAILSTORE = {
    "zimbraMailMode": "https",
    "zimbraMailLocalBind": "TRUE",
    "zimbraMtaAuthTarget": "TRUE",
    "zimbraReverseProxyLookupTarget": "TRUE",
}
_WEBAPPS = ["service", "zimbra", "zimbraAdmin", "zimlet"]

ROLES = {
    "ldap": ([], ["ldap"], {}),
    "mta": ([], ["mta", "dnscache", "amavis", "antivirus", "antispam", "opendkim"], {}),
    "mailstore": (_WEBAPPS, ["mailbox"], {**_MAILSTORE, **_MAIL_PORTS_BEHIND_PROXY}),
    "mailstore-direct": (_WEBAPPS, ["mailbox"], {**_MAILSTORE, **_MAIL_PORTS_DIRECT}),
    "spell": ([], ["apache", "spell"], {"zimbraSpellCheckURL": "http://{name}:7780/aspell.php"}),
    "logger": ([], ["logger"], {}),
    "memcached": ([], ["memcached"], {}),
    "proxy": (
        [],
        ["proxy"],
        {
            **_PUBLIC_PORTS,
            "zimbraReverseProxyMailMode": "https",
            "zimbraReverseProxyHttpEnabled": "TRUE",
            "zimbraReverseProxyMailEnabled": "TRUE",
        },
    ),
    "imapd": ([], ["imapd"], {}),
    "convertd": ([], ["convertd"], {}),
    "onlyoffice": ([], ["onlyoffice"], {}),
    "license-daemon": ([], ["license-daemon"], {}),
}

MESH_SERVICE = "service-discover"
CARBONIO_ROLES = {
    "directory-server": ([], ["directory-server"], {}),
    "mesh-server": ([], [MESH_SERVICE], {}),
    "mta": ([], ["mta", "amavis", "antivirus", "antispam", "opendkim"], {}),
    "memcached": ([], ["memcached"], {}),
    "mailstore": (
        ["service"],
        ["mailbox"],
        {
            "zimbraMailMode": "https",
            "zimbraMtaAuthTarget": "TRUE",
            "zimbraReverseProxyLookupTarget": "TRUE",
            **_MAIL_PORTS_BEHIND_PROXY,
        },
    ),
    "proxy": (
        [],
        ["proxy"],
        {
            **_PUBLIC_PORTS,
            "zimbraReverseProxyMailMode": "https",
            "zimbraReverseProxyHttpEnabled": "TRUE",
            "zimbraReverseProxyMailEnabled": "TRUE",
            # Whatever its global value says: bootstrap asks for plain upstreams.
            "zimbraReverseProxySSLToUpstreamEnabled": "FALSE",
        },
    ),
}
# Where Carbonio's global config is another than Zimbra's.
CARBONIO_GLOBAL = {
    "carbonioAdminProxyPort": "6071",
    "zimbraSmtpHostname": "127.78.0.7",
    "zimbraSmtpPort": "20025",
    "zimbraMilterServerEnabled": "TRUE",
    "zimbraReverseProxyMailMode": "redirect",
    "zimbraProduct": "ZCS",
}


def carbonio_entry_of(name, roles, _version):
    """The same of Carbonio, which writes no version on the entry."""
    enabled, own = ["stats"], {}
    for role in roles:
        more, services, attributes = CARBONIO_ROLES[role]
        enabled += services + more
        own.update(attributes)
    return {
        **own,
        "zimbraServiceEnabled": enabled,
        "zimbraServiceInstalled": [s for s in enabled if s != "service"],
        "zimbraServiceHostname": name,
    }


def entry_of(name, roles, version):
    """Attributes that the installer leaves on the entry of server `name`."""
    enabled, installed, own = ["stats"], ["stats"], {}
    for role in roles:
        more, services, attributes = ROLES[role]
        enabled += services + more
        installed += services
        own.update({a: v.format(name=name) for a, v in attributes.items()})
    enabled.append("snmp")
    installed.append("snmp")
    own["zimbraServiceEnabled"] = enabled
    own["zimbraServiceInstalled"] = installed
    own["zimbraServiceHostname"] = name
    own.update(version_attributes(version))
    return own


def version_attributes(version):
    """zimbraServerVersion* from a string such as 10.1.2_GA_4652."""
    numbers, kind, build = version.split("_")
    major, minor, micro = numbers.split(".")
    return {
        "zimbraServerVersion": version,
        "zimbraServerVersionMajor": major,
        "zimbraServerVersionMinor": minor,
        "zimbraServerVersionMicro": micro,
        "zimbraServerVersionBuild": build,
        "zimbraServerVersionType": "FOSS" if kind == "GA" else kind,
    }
