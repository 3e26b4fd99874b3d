"""The HTTP API of a Consul agent, with ACLs whose default is deny, as the mesh sets it up.

An unknown token is refused. Without a token, or with one that may not read everything, lists are answered all the
same, filtered, and only a header tells."""

import http.server
import json
import os
import pathlib
import signal
import time
import urllib.parse

import deployment as deployments
import home as homes
import made_up
import misbehaviour
import parts

FILTERED = "X-Consul-Results-Filtered-By-ACLs"


def management_token():
    return made_up.uuid("consul management token")


def narrow_token():
    """Of a service: it reads its own node and nothing else."""
    return made_up.uuid("consul service token")


def name_in_mesh(deployment, node):
    """As service-discover calls its nodes."""
    kind = "server" if "mesh-server" in deployment.nodes[node].get("roles", []) else "agent"
    return f"{kind}-{node.replace('.', '-')}"


class Catalogue:
    """What the mesh knows: every node with its services. Ids and indices are made up."""

    def __init__(self, deployment):
        self.deployment = deployment
        self.nodes = deployment.all_nodes()

    def called(self, name):
        """The node of this name in the mesh; None where there is none."""
        return next((n for n in self.nodes if name_in_mesh(self.deployment, n) == name), None)

    def address(self, node):
        return (self.deployment.nodes[node].get("addresses") or ["127.0.0.1"])[0]

    def parts(self, node):
        facts = self.deployment.nodes[node]
        return parts.of_node(facts.get("roles", []), facts.get("components", []))

    def services(self, node):
        """{service id: what the catalogue says of it}; a sidecar is a service of its own."""
        found = {}
        if "mesh-server" in self.deployment.nodes[node].get("roles", []):
            found["consul"] = {"ID": "consul", "Service": "consul", "Tags": [], "Address": "", "Port": 8300}
        port = 21000
        for name, service in parts.mesh_of(self.parts(node)).items():
            found[name] = {"ID": name, "Service": name, "Tags": [], "Address": "", "Port": service.port}
            if service.sidecar:
                proxy = f"{name}-sidecar-proxy"
                found[proxy] = {"Kind": "connect-proxy", "ID": proxy, "Service": proxy, "Tags": [], "Address": "",
                                "Port": port, "Proxy": {"DestinationServiceName": name}}  # fmt: skip
                port += 1
        return found

    def node(self, name):
        return {"ID": made_up.uuid(f"consul {name}"), "Node": name_in_mesh(self.deployment, name), "Address": self.address(name), "Datacenter": "dc1",
                "TaggedAddresses": {"lan": self.address(name), "wan": self.address(name)},
                "Meta": {"consul-network-segment": ""}}  # fmt: skip

    def members(self, readable):
        return [
            {"Name": name_in_mesh(self.deployment, n), "Addr": self.address(n), "Port": 8301, "Status": 1,
             "Tags": {"role": "consul" if "mesh-server" in self.deployment.nodes[n].get("roles", []) else "node"}}
            for n in readable]  # fmt: skip

    def answer(self, path, readable, this_node):
        """None where there is no such thing."""
        words = path.strip("/").split("/")
        if words[:2] != ["v1", "catalog"] and words[:2] != ["v1", "agent"] or len(words) < 3:
            return None
        kind, what, *rest = words[1:]
        if (kind, what) == ("agent", "members"):
            return self.members(readable)
        if (kind, what) == ("agent", "services"):
            return self.services(this_node) if this_node in readable else {}
        if (kind, what) == ("agent", "self"):
            return {"Config": {"NodeName": name_in_mesh(self.deployment, this_node), "Datacenter": "dc1", "Version": "1.21.4"}}
        if (kind, what) == ("catalog", "nodes"):
            return [self.node(n) for n in readable]
        if (kind, what) == ("catalog", "services"):
            return {s["Service"]: s["Tags"] for n in readable for s in self.services(n).values()}
        if what in ("node", "node-services") and rest:
            node = self.called(rest[0])
            if node not in readable:
                return "null"
            services = self.services(node)
            return {"Node": self.node(node), "Services": services if what == "node" else list(services.values())}
        if (kind, what) == ("catalog", "service") and rest:
            return [{**self.node(n), **{f"Service{k}": v for k, v in s.items() if k != "Service"},
                     "ServiceName": s["Service"]}
                    for n in readable for s in self.services(n).values() if s["Service"] == rest[0]]  # fmt: skip
        return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_arguments):
        pass

    def do_GET(self):
        home = self.server.home
        url = urllib.parse.urlsplit(self.path)
        with open(home / "consul.requests", "a", encoding="utf-8") as f:
            f.write(f"{url.path}\n")
        token = self.headers.get("X-Consul-Token") or ""
        if not token and (self.headers.get("Authorization") or "").startswith("Bearer "):
            token = self.headers["Authorization"].removeprefix("Bearer ")
        modes = misbehaviour.read(home, "consul")
        catalogue = Catalogue(deployments.Deployment.from_file(home / ".standin" / "deployment.json"))
        this_node = (home / ".standin" / "node").read_text(encoding="utf-8")
        if self.misbehave(modes):
            return
        if token not in ("", management_token(), narrow_token()):
            return self.send(403, b"ACL not found", "text/plain")
        if url.path == "/v1/status/leader":
            leader = next((n for n in catalogue.nodes if "mesh-server" in catalogue.deployment.nodes[n]["roles"]), None)
            return self.json(f"{catalogue.address(leader)}:8300" if leader else "")
        readable = catalogue.nodes
        if token != management_token():
            readable = [this_node] if token else []
        if url.path == "/v1/agent/self" and token != management_token():
            return self.send(403, b"Permission denied: anonymous token lacks permission 'agent:read' on \"node\".",
                             "text/plain")  # fmt: skip
        if "missing-node" in modes:
            readable = [n for n in readable if n != modes["missing-node"]]
        answer = catalogue.answer(url.path, readable, this_node)
        if answer is None:
            return self.send(404, b"404 page not found", "text/plain")
        if answer == "null":
            answer = None
        self.json(answer, len(readable) < len(catalogue.nodes) and "missing-node" not in modes, modes)

    def misbehave(self, modes):
        if "hang" in modes:
            time.sleep(3600)
        if "close" in modes:
            self.close_connection = True
            return True
        if "html-error" in modes:
            self.send(500, b"<html><body>No cluster leader</body></html>", "text/html")
            return True
        return False

    def json(self, value, filtered=False, modes=()):
        body = json.dumps(value, indent=4).encode()
        if "truncate" in modes:
            body = body[: len(body) // 2]
        if "server-name" in modes:
            body = body.replace(b'"Node": "', b'"Node": "x;$(id)')
        if "flood" in modes:
            body = b"[" + b'"x",' * (64 * 1024 * 1024 // 4) + b'"x"]'
        self.send(200, body, "application/json", {FILTERED: "true"} if filtered else {})

    def send(self, status, body, kind, more=None):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in (more or {}).items():
            self.send_header(name, value)
        self.send_header("X-Consul-Default-Acl-Policy", "deny")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        try:
            self.wfile.write(body)
        except OSError:
            self.close_connection = True


def serve(home, port=0):
    """Serves on loopback until it is ended; tells the port on stdout."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.home = pathlib.Path(homes.find(home))
    print(f"ready {server.server_port}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server.serve_forever(poll_interval=3600)
