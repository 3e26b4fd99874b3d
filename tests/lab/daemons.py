"""What runs on a node of the lab: for each role the files it needs, the programs, and the ports to wait for."""

SUFFIX = "dc=example,dc=com"
LDAP_ADMIN = f"cn=config,{SUFFIX}"
LDAP_PASSWORD = "lab-ldap"
LOGS = "/var/log/zimbra.log"  # at the logger
CONNECT = 1  # seconds that a daemon waits for a connection to another


def short(name):
    return name.split(".")[0]


class Daemon:
    """A program that stays in the foreground, and the TCP ports of its own that say it is ready."""

    def __init__(self, name, argv, ports=(), files=None, before=()):
        self.name = name
        self.argv = argv
        self.ports = list(ports)
        self.files = files or {}
        self.before = list(before)  # commands


def of_node(cluster, name):
    """The daemons of a node, by its roles."""
    roles = cluster.roles[name]
    daemons = [sshd(), rsyslog(cluster, name)]
    makers = {"ldap": slapd, "mta": mta, "mailstore": mailstore, "proxy": proxy, "memcached": memcached}
    for role in roles:
        made = makers[role](cluster, name) if role in makers else []
        daemons += made if isinstance(made, list) else [made]
    return daemons


def sshd():
    config = """Port 22
PermitRootLogin prohibit-password
UsePAM no
UseDNS no
MaxStartups 100
AuthorizedKeysFile /srv/shared/ssh_key.pub
StrictModes no
"""
    argv = ["/usr/sbin/sshd", "-D", "-e", "-f", "/etc/ssh/sshd_lab"]
    return Daemon("sshd", argv, [22], {"/etc/ssh/sshd_lab": config}, [["mkdir", "-p", "/run/sshd"]])


def rsyslog(cluster, name):
    """Every node sends to the logger; the logger takes from all."""
    lines = ['module(load="imuxsock")']
    if name == cluster.logger:
        lines += ['module(load="imudp")', 'input(type="imudp" port="514")', f'*.* action(type="omfile" file="{LOGS}")']
    else:
        lines.append(f'*.* action(type="omfwd" target="{cluster.logger}" port="514" protocol="udp")')
    files = {"/etc/rsyslog-lab.conf": "\n".join(lines) + "\n"}
    return Daemon("rsyslog", ["rsyslogd", "-n", "-f", "/etc/rsyslog-lab.conf", "-i", "NONE"], [], files)


ZIMBRA_SCHEMA = """attributetype ( 1.3.6.1.4.1.4203.666.1.9001 NAME 'zimbraMailHost'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
attributetype ( 1.3.6.1.4.1.4203.666.1.9002 NAME 'zimbraMailTransport'
  EQUALITY caseIgnoreMatch SYNTAX 1.3.6.1.4.1.1466.115.121.1.15 SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.4203.666.3.9001 NAME 'zimbraAccount' SUP top AUXILIARY
  MAY ( zimbraMailHost $ zimbraMailTransport ) )
"""


def slapd(cluster, name):
    """Providers for each other. Each asks anew every second, so that no connection outlives the rules it was made under."""
    masters = cluster.with_role("ldap")
    lines = [f"include /etc/ldap/schema/{one}.schema" for one in ("core", "cosine", "inetorgperson")]
    lines += ["include /etc/ldap/schema/zimbra-lab.schema", "modulepath /usr/lib/ldap", "moduleload back_mdb"]
    lines += ["moduleload syncprov", f"serverID {masters.index(name) + 1}", "database mdb", "maxsize 33554432"]
    lines += [f"suffix {SUFFIX}", f"rootdn {LDAP_ADMIN}", f"rootpw {LDAP_PASSWORD}", "directory /var/lib/lab-ldap"]
    lines += ["index objectClass,entryCSN,entryUUID,mail eq", "dbnosync"]
    for number, other in enumerate(masters, 1):
        if other != name:
            lines.append(
                f"syncrepl rid={number:03} provider=ldap://{other}:389 bindmethod=simple binddn={LDAP_ADMIN}"
                f" credentials={LDAP_PASSWORD} searchbase={SUFFIX} type=refreshOnly interval=00:00:00:01"
                f' retry="1 +" network-timeout={CONNECT} timeout=5'
            )
    lines += ["multiprovider on", "overlay syncprov"]
    files = {"/etc/ldap/lab.conf": "\n".join(lines) + "\n", "/etc/ldap/schema/zimbra-lab.schema": ZIMBRA_SCHEMA}
    argv = ["/usr/sbin/slapd", "-d", "none", "-f", "/etc/ldap/lab.conf", "-h", "ldap:///"]
    return Daemon("slapd", argv, [389], files, [["mkdir", "-p", "/var/lib/lab-ldap"]])


def directory(cluster):
    """LDIF of the accounts."""
    entries = [f"dn: {SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\no: lab\ndc: example"]
    entries.append(f"dn: ou=people,{SUFFIX}\nobjectClass: organizationalUnit\nou: people")
    for user, facts in cluster.users.items():
        entries.append(
            f"dn: uid={user},ou=people,{SUFFIX}\nobjectClass: inetOrgPerson\nobjectClass: zimbraAccount\nuid: {user}\n"
            f"cn: {user}\nsn: {user}\nmail: {user}@example.com\nzimbraMailHost: {facts['server']}\n"
            f"zimbraMailTransport: lmtp:{facts['server']}:7025"
        )
    return "\n\n".join(entries) + "\n"


MAIN_CF = """compatibility_level = 3.6
myhostname = {name}
mydestination =
inet_interfaces = all
inet_protocols = ipv4
mynetworks = 127.0.0.0/8 10.0.0.0/24
smtp_host_lookup = native
lmtp_host_lookup = native
maillog_file = /var/log/mail.log
alias_maps =
local_recipient_maps =
virtual_mailbox_domains = example.com
virtual_mailbox_maps = ldap:/etc/postfix/ldap-users.cf
transport_maps = ldap:/etc/postfix/ldap-transport.cf
virtual_transport = error:no mailstore is known
content_filter = smtp-amavis:[127.0.0.1]:10024
smtpd_recipient_restrictions = permit_mynetworks permit_sasl_authenticated reject_unauth_destination
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:127.0.0.1:7999
smtpd_tls_cert_file = /srv/shared/certificate.pem
smtpd_tls_key_file = /srv/shared/key.pem
smtpd_tls_security_level = may
smtpd_tls_auth_only = yes
lmtp_connect_timeout = {connect}s
lmtp_connection_cache_on_demand = no
smtp_connection_cache_on_demand = no
default_destination_concurrency_failed_cohort_limit = 0
"""

MASTER_CF = """smtp inet n - n - - smtpd
465 inet n - n - - smtpd -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes
587 inet n - n - - smtpd -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes
127.0.0.1:10025 inet n - n - - smtpd -o content_filter=
smtp-amavis unix - - n - 4 smtp
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

LDAP_CF = """server_host = {urls}
version = 3
bind = no
timeout = 5
search_base = SUFFIX
domain = example.com
query_filter = (&(objectClass=zimbraAccount)(mail=%s))
result_attribute = """


def mta(cluster, name):
    ldap = LDAP_CF.format(urls=" ".join(f"ldap://{one}:389" for one in cluster.with_role("ldap"))).replace("SUFFIX", SUFFIX)
    files = {
        "/etc/postfix/main.cf": MAIN_CF.format(name=name, connect=CONNECT),
        "/etc/postfix/master.cf": MASTER_CF,
        "/etc/postfix/ldap-users.cf": ldap + "mail\n",
        "/etc/postfix/ldap-transport.cf": ldap + "zimbraMailTransport\n",
    }
    helpers = Daemon("helpers", ["python3", "/srv/inside/mta_helpers.py"], [10024, 7999])
    return [helpers, Daemon("postfix", ["postfix", "start-fg"], [25, 465, 587, 10025], files)]


def mailstore(_, name):
    return Daemon("mailstore", ["python3", "/srv/inside/mailstore.py", name], [7025, 7071, 7072, 7073, 7993, 7995, 8443])


def memcached(*_):
    return Daemon("memcached", ["memcached", "-u", "nobody", "-l", "0.0.0.0", "-U", "0"], [11211])


# Debian's nginx speaks no TLS to mail upstreams, so a stream of its own on the loopback interface does that for it.
NGINX = """include /etc/nginx/modules-enabled/*.conf;
daemon off;
user www-data;
pid /run/nginx.pid;
error_log /var/log/nginx/error.log;
events {{}}
http {{
    access_log off;
    proxy_connect_timeout {connect}s;
    memcached_connect_timeout {connect}s;
    ssl_certificate /srv/shared/certificate.pem;
    ssl_certificate_key /srv/shared/key.pem;
{upstreams}
    map $uri $web {{ {web_of_user} }}
    map $http_auth_user $lookup {{ {lookup_of_user} }}
    map $upstream_http_auth_server:$upstream_http_auth_port $mail_port {{ {stream_of_server} }}
    server {{
        listen 80;
        return 301 https://$host$request_uri;
    }}
    server {{
        listen 443 ssl;
        location / {{ proxy_pass https://$web; }}
{caches}
    }}
    server {{
        listen 127.0.0.1:7080;
        location / {{
            proxy_pass https://$lookup/service/extension/nginx-lookup;
            proxy_hide_header Auth-Server;
            proxy_hide_header Auth-Port;
            add_header Auth-Server 127.0.0.1;
            add_header Auth-Port $mail_port;
        }}
    }}
}}
mail {{
    auth_http 127.0.0.1:7080/;
    ssl_certificate /srv/shared/certificate.pem;
    ssl_certificate_key /srv/shared/key.pem;
    server {{ listen 143; protocol imap; starttls on; }}
    server {{ listen 993 ssl; protocol imap; }}
    server {{ listen 110; protocol pop3; starttls on; }}
    server {{ listen 995 ssl; protocol pop3; }}
}}
stream {{
    proxy_ssl on;
    proxy_connect_timeout {connect}s;
{streams}
}}
"""


def proxy(cluster, name):
    upstreams, streams, of_server, caches = [], [], [], []
    for number, server in enumerate(cluster.with_role("mailstore"), 1):
        address = cluster.addresses[server]
        for kind, port in (("web", 8443), ("lookup", 7072)):
            upstreams.append(f"    upstream {kind}-{short(server)} {{ server {address}:{port} max_fails=0; }}")
        for port in (7993, 7995):
            own = port + 10000 * number
            streams.append(f"    server {{ listen 127.0.0.1:{own}; proxy_pass {address}:{port}; }}")
            of_server.append(f"{address}:{port} {own};")
    for cache in cluster.with_role("memcached"):
        passing = f"set $memcached_key route:$1; memcached_pass {cluster.addresses[cache]}:11211;"
        caches.append(f"        location ~ ^/route/{short(cache)}/(.*)$ {{ {passing} }}")
    homes = [(user, short(facts["server"])) for user, facts in cluster.users.items()]
    text = NGINX.format(
        connect=CONNECT,
        upstreams="\n".join(upstreams),
        web_of_user=" ".join(f"~^/home/{user}/ web-{server};" for user, server in homes) + f" default web-{homes[0][1]};",
        lookup_of_user=" ".join(f"~^{user}@ lookup-{server};" for user, server in homes) + f" default lookup-{homes[0][1]};",
        stream_of_server=" ".join(of_server),
        streams="\n".join(streams),
        caches="\n".join(caches),
    )
    return Daemon("nginx", ["nginx", "-c", "/etc/nginx/lab.conf"], [80, 443, 143, 993, 110, 995], {"/etc/nginx/lab.conf": text})
