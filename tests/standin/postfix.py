"""master.cf and main.cf as zmconfigd writes them on a node with an MTA."""

# service, type, private, unpriv, chroot, wakeup, maxproc, command, options; %local% is the node's loopback address.
_INTERNAL_OPTIONS = ["-o content_filter=", "-o mynetworks=127.0.0.0/8,[::1]/128", "-o smtpd_tls_security_level=none"]
SERVICES = [
    ("smtp", "inet", "n - n - 1 postscreen", []),
    ("tlsproxy", "unix", "- - n - 0 tlsproxy", []),
    ("dnsblog", "unix", "- - n - 0 dnsblog", []),
    ("smtpd", "pass", "- - n - - smtpd", []),
    (
        "465",
        "inet",
        "n - n - - smtpd",
        ["-o content_filter=scan:[%local%]:10030", "-o smtpd_tls_wrappermode=yes", "-o smtpd_sasl_auth_enable=yes"],
    ),
    (
        "submission",
        "inet",
        "n - n - - smtpd",
        ["-o content_filter=scan:[%local%]:10030", "-o syslog_name=postfix/submission"],
    ),
    ("scan", "unix", "- - n - 10 smtp", ["-o smtp_send_xforward_command=yes", "-o disable_mime_output_conversion=yes"]),
    ("pickup", "fifo", "n - n 60 1 pickup", []),
    ("cleanup", "unix", "n - n - 0 cleanup", []),
    ("qmgr", "fifo", "n - n 300 1 qmgr", []),
    ("smtp", "unix", "- - n - - smtp", []),
    ("lmtp", "unix", "- - n - - lmtp", []),
    ("[%local%]:10025", "inet", "n - n - - smtpd", _INTERNAL_OPTIONS),
    ("[%local%]:10027", "inet", "n - n - - smtpd", _INTERNAL_OPTIONS),
    ("[%local%]:10028", "inet", "n - n - - smtpd", _INTERNAL_OPTIONS),
    ("[%local%]:10029", "inet", "n - n - - smtpd", _INTERNAL_OPTIONS),
    ("[%local%]:10030", "inet", "n - n - - smtpd", _INTERNAL_OPTIONS + ["-o smtpd_milters=inet:localhost:8465"]),
]


def master_cf(edits, local_address):
    """`edits` are those of a deployment: {"move": {service: new}, "remove": [service], "add": [line, ...]}."""
    lines = [
        "# Postfix master process configuration file.",
        "# service type  private unpriv  chroot  wakeup  maxproc command + args",
        "#2525     inet  n       -       n       -       -       smtpd",
    ]
    for service, kind, columns, options in SERVICES:
        if kind == "inet" and service in edits.get("remove", []):
            continue
        if kind == "inet":
            service = edits.get("move", {}).get(service, service)
        lines.append(f"{service:<9} {kind:<5} " + " ".join(f"{c:<7}" for c in columns.split()).rstrip())
        lines += [f"    {o}" for o in options]
    lines += edits.get("add", [])
    return "\n".join(lines).replace("%local%", local_address) + "\n"


def main_cf(hostname, settings):
    merged = {
        "mail_owner": "postfix",
        "myhostname": hostname,
        "inet_protocols": "ipv4",
        "mynetworks": "127.0.0.0/8,\n    [::1]/128",
        "smtpd_milters": "",
        **settings,
    }
    text = "# written by zmconfigd\n" + "".join(f"{k} = {v}\n" for k, v in merged.items())
    return text + "#inet_interfaces = loopback-only\n"
