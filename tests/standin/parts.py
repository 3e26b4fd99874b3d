"""The parts of Carbonio that LDAP does not tell of, and what each leaves on its node: packages, units, registrations
with the mesh, sockets. Facts of the public packages; of closed ones, what the documentation says.

A socket is "PROTOCOL ADDRESS PORT PROCESS"; {address} is the first address of the node."""

import dataclasses


@dataclasses.dataclass
class Part:
    packages: list
    units: list = dataclasses.field(default_factory=list)
    mesh: list = dataclasses.field(default_factory=list)  # names of SERVICES
    sockets: list = dataclasses.field(default_factory=list)
    exposed: dict = dataclasses.field(default_factory=dict)  # where its service has a path that others have not


@dataclasses.dataclass
class Service:
    """A registration: what its HCL file says."""

    port: int
    address: str = "127.0.0.1"  # of the service itself
    upstreams: list = dataclasses.field(default_factory=list)
    exposed: int = 0  # listener port of an expose path
    sidecar: bool = True  # exporters have none


def _exporter(name, port):
    package = f"carbonio-prometheus-{name}-exporter"
    return Part([package], [f"{package}.service"], [package], [f"tcp :: {port} {package[:15]}"])


def _connector(name):
    return Part([f"{name}-db"], [f"{name}-db-sidecar.service"], [f"{name}-db"])


EXPORTERS = {"node": 9100, "process": 9256, "postgres": 9187, "openldap": 9330, "mysqld": 9104, "nginx": 9113,
             "clamav": 9810, "consul": 9107, "haproxy": 9101, "blackbox": 9115}  # fmt: skip
DATABASES = ["carbonio-files", "carbonio-mailbox", "carbonio-docs-connector", "carbonio-tasks",
             "carbonio-message-dispatcher", "carbonio-ws-collaboration"]  # fmt: skip

SERVICES = {
    "carbonio-mailbox": Service(8080, upstreams=["carbonio-storages", "carbonio-preview", "carbonio-files",
                                                 "carbonio-mta"]),
    "carbonio-mailbox-admin": Service(7071),
    "carbonio-mailbox-nslookup": Service(7072),
    "carbonio-proxy": Service(443, upstreams=["carbonio-files", "carbonio-docs-connector", "carbonio-docs-editor"]),
    "carbonio-memcached": Service(443),  # the package registers this number, while it checks 11211
    "carbonio-mta": Service(25, upstreams=["carbonio-clamav"]),
    "carbonio-clamav": Service(3310),
    "carbonio-files": Service(10000, "127.78.0.2", ["carbonio-files-db", "carbonio-storages"], 21500),
    "carbonio-storages": Service(10000, "127.78.0.3"),
    "carbonio-ws-collaboration": Service(10000, "127.78.0.4", ["carbonio-ws-collaboration-db",
                                                               "carbonio-message-broker"]),
    "carbonio-user-management": Service(10000, "127.78.0.5", ["carbonio-mailbox"]),
    "carbonio-preview": Service(10000, "127.78.0.6", ["carbonio-storages", "carbonio-docs-editor"]),
    "carbonio-message-dispatcher": Service(10000, "127.78.0.10", ["carbonio-message-dispatcher-db"]),
    "carbonio-message-dispatcher-http": Service(10000, "127.78.0.10"),
    "carbonio-message-dispatcher-xmpp": Service(10000, "127.78.0.11"),
    "carbonio-docs-connector": Service(10000, "127.78.0.13", ["carbonio-docs-connector-db", "carbonio-files"]),
    "carbonio-docs-editor": Service(10000, "127.0.0.1"),
    "carbonio-tasks": Service(10000, "127.78.0.16", ["carbonio-tasks-db"]),
    "carbonio-message-broker": Service(10000, "127.78.0.18"),
    "carbonio-videoserver": Service(8088, "127.0.0.1", ["carbonio-videoserver-recorder", "carbonio-message-broker"]),
    "carbonio-videoserver-recorder": Service(8090),
    "carbonio-catalog": Service(10000, "127.78.0.28", exposed=21512),
    "carbonio-advanced": Service(8742),
    "carbonio-address-book": Service(8389),
    "carbonio-prometheus": Service(9090, sidecar=False),
    "carbonio-prometheus-alertmanager": Service(9100, sidecar=False),
    **{f"{name}-db": Service(5432) for name in DATABASES},
    **{f"carbonio-prometheus-{name}-exporter": Service(port, sidecar=False) for name, port in EXPORTERS.items()},
}

# What stands behind the roles of LDAP, too.
ROLE_PARTS = {
    "directory-server": Part(
        ["carbonio-core", "carbonio-directory-server"], ["carbonio-directory-server.target", "carbonio-openldap.service"],
        sockets=["tcp {address} 389 slapd"]),
    "mta": Part(
        ["carbonio-core", "carbonio-mta", "carbonio-clamav"],
        ["carbonio-mta.target", "carbonio-postfix.service", "carbonio-milter.service", "carbonio-antivirus.service",
         "carbonio-mta-sidecar.service", "carbonio-clamav-sidecar.service"],
        ["carbonio-mta", "carbonio-clamav"],
        ["tcp 0.0.0.0 25 master", "tcp 0.0.0.0 465 master", "tcp 0.0.0.0 587 master", "tcp 127.0.0.1 7026 java",
         "tcp 127.0.0.1 3310 clamd", "tcp 127.0.0.1 10024 amavisd", "tcp 127.0.0.1 10025 master"]),
    "proxy": Part(
        ["carbonio-core", "carbonio-proxy"],
        ["carbonio-proxy.target", "carbonio-nginx.service", "carbonio-proxy-sidecar.service"],
        ["carbonio-proxy"],
        [f"tcp 0.0.0.0 {port} nginx" for port in (443, 143, 993, 110, 995, 6071, 5222, 8636)]),
    "memcached": Part(
        ["carbonio-memcached"], ["carbonio-memcached.service"], ["carbonio-memcached"],
        ["tcp 127.0.0.1 11211 memcached", "tcp 127.0.1.1 11211 memcached"]),
    "mailstore": Part(
        ["carbonio-core", "carbonio-appserver"],
        ["carbonio-appserver.target", "carbonio-appserver.service", "carbonio-appserver-db.service",
         "carbonio-mailbox-sidecar.service", "carbonio-mailbox-admin-sidecar.service",
         "carbonio-mailbox-nslookup-sidecar.service"],
        ["carbonio-mailbox", "carbonio-mailbox-admin", "carbonio-mailbox-nslookup"],
        [f"tcp :: {port} java" for port in (7025, 7071, 7072, 7073, 7110, 7143, 7993, 7995, 8080, 8443)]
        + ["tcp 127.0.0.1 7306 mysqld"]),
    "mesh-server": Part(["service-discover-server"], ["service-discover.service"], sockets=[
        "tcp {address} 8300 consul", "tcp {address} 8302 consul", "udp {address} 8302 consul"]),
    "mesh-agent": Part(["service-discover-agent"], ["service-discover.service"]),
}  # fmt: skip
EVERYWHERE = Part(
    ["service-discover-base"], ["service-discover.target"], sockets=[
        "tcp {address} 8301 consul", "udp {address} 8301 consul", "tcp 127.0.0.1 8500 consul",
        "tcp 127.0.0.1 8600 consul", "udp 127.0.0.1 8600 consul", "tcp 127.0.0.1 8502 consul",
        "tcp 127.0.0.1 8503 consul", "tcp 127.0.0.1 7171 configd", "tcp 0.0.0.0 22 sshd", "tcp :: 22 sshd"],
)  # fmt: skip

PARTS = {
    "user-management": Part(["carbonio-user-management"],
                            ["carbonio-user-management.service", "carbonio-user-management-sidecar.service"],
                            ["carbonio-user-management"], ["tcp 127.78.0.5 10000 java"]),
    "message-broker": Part(
        ["carbonio-message-broker", "carbonio-erlang"],
        ["carbonio-message-broker.service", "carbonio-message-broker-sidecar.service", "epmd.socket", "epmd.service"],
        ["carbonio-message-broker"],
        ["tcp 127.78.0.18 10000 beam.smp", "tcp :: 4369 epmd", "tcp :: 25672 beam.smp", "tcp :: 15692 beam.smp"]),
    "postgresql": Part(["postgresql-16"], ["postgresql.service", "postgresql@16-main.service"],
                       sockets=["tcp 0.0.0.0 5432 postgres", "tcp :: 5432 postgres"]),
    **{f"{name}-db": _connector(name) for name in DATABASES},
    "storages": Part(["carbonio-storages-ce"], ["carbonio-storages.service", "carbonio-storages-sidecar.service"],
                     ["carbonio-storages"], ["tcp 127.78.0.3 10000 java"]),
    "storages-advanced": Part(["carbonio-storages"], ["carbonio-storages.service", "carbonio-storages-sidecar.service"],
                              ["carbonio-storages"], ["tcp 127.78.0.3 10000 java", "tcp 0.0.0.0 21501 envoy"],
                              {"carbonio-storages": 21501}),
    "files": Part(["carbonio-files-ce"], ["carbonio-files.service", "carbonio-files-sidecar.service"],
                  ["carbonio-files"], ["tcp 127.78.0.2 10000 java", "tcp 0.0.0.0 21500 envoy"]),
    "docs-connector": Part(["carbonio-docs-connector-ce"],
                           ["carbonio-docs-connector.service", "carbonio-docs-connector-sidecar.service"],
                           ["carbonio-docs-connector"], ["tcp 127.78.0.13 10000 java"]),
    "docs-editor": Part(["carbonio-docs-editor"],
                        ["carbonio-docs-editor.service", "carbonio-docs-editor-sidecar.service"],
                        ["carbonio-docs-editor"], ["tcp 127.0.0.1 10000 coolwsd"]),
    "preview": Part(["carbonio-preview-ce"], ["carbonio-preview.service", "carbonio-preview-sidecar.service"],
                    ["carbonio-preview"], ["tcp 127.78.0.6 10000 python3"]),
    "tasks": Part(["carbonio-tasks-ce"], ["carbonio-tasks.service", "carbonio-tasks-sidecar.service"],
                  ["carbonio-tasks"], ["tcp 127.78.0.16 10000 java"]),
    "catalog": Part(["carbonio-catalog"], ["carbonio-catalog.service", "carbonio-catalog-sidecar.service"],
                    ["carbonio-catalog"], ["tcp 127.78.0.28 10000 catalog", "tcp 0.0.0.0 21512 envoy"]),
    "ws-collaboration": Part(
        ["carbonio-ws-collaboration-ce"],
        ["carbonio-ws-collaboration.service", "carbonio-ws-collaboration-sidecar.service"],
        ["carbonio-ws-collaboration"], ["tcp 127.78.0.4 10000 java"]),
    "message-dispatcher": Part(
        ["carbonio-message-dispatcher-ce", "carbonio-erlang"],
        ["carbonio-message-dispatcher.service", "carbonio-message-dispatcher-sidecar.service", "epmd.socket"],
        ["carbonio-message-dispatcher", "carbonio-message-dispatcher-http", "carbonio-message-dispatcher-xmpp"],
        ["tcp 127.78.0.10 10000 beam.smp", "tcp 127.78.0.11 10000 beam.smp", "tcp :: 4369 epmd"]),
    "videoserver": Part(
        ["carbonio-videoserver-ce"], ["carbonio-videoserver.service", "carbonio-videoserver-sidecar.service"],
        ["carbonio-videoserver"],
        ["tcp 0.0.0.0 8188 janus", "tcp 127.0.0.1 8088 janus", "tcp 127.0.0.1 7088 janus"]),
    "videoserver-advanced": Part(
        ["carbonio-videoserver-advanced"], ["carbonio-videoserver.service", "carbonio-videoserver-sidecar.service"],
        ["carbonio-videoserver"],
        ["tcp 0.0.0.0 8188 janus", "tcp 127.0.0.1 8088 janus", "tcp 127.0.0.1 7088 janus"]),
    "videorecorder": Part(["carbonio-videorecorder"], ["carbonio-videorecorder.service"],
                          ["carbonio-videoserver-recorder"], ["tcp 127.0.0.1 8090 java"]),
    "advanced": Part(["carbonio-advanced"], ["carbonio-advanced-sidecar.service"],
                     ["carbonio-advanced", "carbonio-address-book"],
                     ["tcp :: 8742 java", "tcp :: 8743 java", "tcp :: 8735 java"]),
    "prometheus": Part(["carbonio-prometheus"], ["carbonio-prometheus.service"], ["carbonio-prometheus"],
                       ["tcp :: 9090 prometheus"]),
    "alertmanager": Part(["carbonio-prometheus-alertmanager"], ["carbonio-prometheus-alertmanager.service"],
                         ["carbonio-prometheus-alertmanager"], ["tcp :: 9093 alertmanager"]),
    "grafana": Part(["grafana"], ["grafana-server.service"], sockets=["tcp :: 3000 grafana"]),
    **{f"{name}-exporter": _exporter(name, port) for name, port in EXPORTERS.items()},
}  # fmt: skip


def of_node(roles, components, product="carbonio"):
    """The parts of a node: those of its roles, and its components. Of a Zimbra only the deployment itself tells."""
    if product != "carbonio":
        return []
    mesh = [] if "mesh-server" in roles else ["mesh-agent"]
    own = [ROLE_PARTS[r] for r in [*roles, *mesh] if r in ROLE_PARTS]
    return own + [PARTS[c] for c in components] + [EVERYWHERE]


def mesh_of(own):
    """{name: Service} that these parts register, in the order in which sidecars get their ports."""
    exposed = {name: port for part in own for name, port in part.exposed.items()}
    names = sorted({name for part in own for name in part.mesh})
    return {n: dataclasses.replace(SERVICES[n], exposed=exposed.get(n, SERVICES[n].exposed)) for n in names}


# What the catalogue calls them, where that is another name.
CATALOGUE = {
    "postgresql": ["database"],
    "videoserver": ["video-server", "sidecar-service"],
    "videoserver-advanced": ["video-server", "sidecar-service"],
    "videorecorder": ["video-recorder", "sidecar-service"],
    "advanced": ["advanced", "address-book", "sidecar-service"],
    "storages-advanced": ["storages", "sidecar-service"],
    "message-broker": ["message-broker", "rabbit-exporter", "sidecar-service"],
    "prometheus": ["monitoring"],
    **{f"{name}-db": ["db-connector", "sidecar-service"] for name in DATABASES},
    **{name: [name, "sidecar-service"] for name in ("storages", "files", "docs-editor", "catalog", "message-dispatcher")},
    **{name: ["sidecar-service"] for name in ("user-management", "docs-connector", "preview", "tasks", "ws-collaboration")},
}


def catalogue_ids(roles, components):
    """What a policy calls the parts of a node."""
    ids = {i for component in components for i in CATALOGUE.get(component, [component])}
    return sorted(ids | ({"memcached"} if "memcached" in roles else set()))
