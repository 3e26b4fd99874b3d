"""Admin SOAP without the network: a request body and a state in, a status and a response body out."""

import hashlib
import itertools
import os
import time
import xml.etree.ElementTree as ET
from xml.sax.saxutils import escape, quoteattr

import deployment as deployments
import misbehaviour

SOAP12 = "http://www.w3.org/2003/05/soap-envelope"
SOAP11 = "http://schemas.xmlsoap.org/soap/envelope/"
ADMIN = "urn:zimbraAdmin"
MAX_REQUEST = 15360000


class Fault(Exception):
    def __init__(self, code, text, receiver=False, bare=False):
        super().__init__(text)
        self.code, self.text, self.receiver, self.bare = code, text, receiver, bare

    def xml(self, request_id=None, inline=False):
        attribute = f" requestId={quoteattr(request_id)}" if request_id is not None else ""
        namespace = "" if inline else ' xmlns="urn:zimbra"'
        return (
            f"<soap:Fault{attribute}><soap:Code><soap:Value>soap:{'Receiver' if self.receiver else 'Sender'}"
            f"</soap:Value></soap:Code><soap:Reason><soap:Text>{escape(self.text)}</soap:Text></soap:Reason>"
            f"<soap:Detail><Error{namespace}><Code>{self.code}</Code><Trace>{trace()}</Trace></Error></soap:Detail>"
            "</soap:Fault>"
        )


_traces = itertools.count(13)


def trace():
    return f"qtp-{13 + next(_traces) % 10}:{int(time.time() * 1000)}:26b51d14d0db5fdf"


def auth_required():
    return Fault("service.AUTH_REQUIRED", "no valid authtoken present")


def auth_expired():
    return Fault("service.AUTH_EXPIRED", "auth credentials have expired", bare=True)


def shuffled(attributes):
    """The engine gives attributes in the order of a hash table: any, but the same each time."""
    return sorted(attributes, key=lambda name: hashlib.md5(name.encode(), usedforsecurity=False).digest())


def a_elements(attributes, hidden=()):
    out = []
    for name in shuffled(attributes):
        for value in ["VALUE-BLOCKED"] if name == "zimbraSSLPrivateKey" else attributes[name]:
            if name in hidden:
                out.append(f'<a pd="1" n="{name}"/>')
            else:
                out.append(f'<a n="{name}">{escape(value)}</a>')
    return "".join(out)


def local(tag):
    return tag.rsplit("}", 1)[-1]


def namespace(tag):
    return tag[1:].split("}", 1)[0] if tag.startswith("{") else ""


class Engine:
    """The state of one admin SOAP server: who is logged in, and the global config as it was when last flushed."""

    def __init__(self, home):
        self.home = home
        self.path = home / ".standin" / "deployment.json"
        self.tokens = {}
        self.seen = None
        self.cached = {}
        self.ldap = None
        self.config = None
        self.refresh(frozenset(), {})
        self.flush()

    def refresh(self, key, modes):
        """Reads the deployment again where the file or the wished misbehaviour changed."""
        state = (self.path.stat().st_mtime_ns, key)
        if state == self.seen:
            return
        self.ldap = deployments.Deployment.from_file(self.path)
        self.names, _ = misbehaviour.mutate(self.ldap.names(), self.ldap, modes)
        self.seen = state
        self.cached = {}

    def flush(self):
        self.config = self.ldap.config
        self.cached = {}

    def applied(self, name):
        out = {a: v for a, v in self.config.items() if a not in self.ldap.not_inherited}
        out.update(self.ldap.own(name))
        return out

    def new_token(self, lifetime):
        token = f"0_{os.urandom(20).hex()}_{os.urandom(60).hex()}"
        self.tokens[token] = time.time() + lifetime
        return token

    def check_token(self, token):
        """True where the token is good; an old one is a fault whatever is asked."""
        if token is None or token not in self.tokens:
            return False
        if self.tokens[token] < time.time():
            raise auth_expired()
        return True

    def handle(self, body, modes):
        """(status, response body). Same request, same state: the same string object, so callers may cache by it."""
        self.refresh(frozenset(modes.items()), modes)
        soap = SOAP11 if SOAP11.encode() in body[:400] else SOAP12
        try:
            header, request = self.parse(body)
            context_element = header.find("{urn:zimbra}context") if header is not None else None
            token = context_element.findtext("{urn:zimbra}authToken") if context_element is not None else None
            authorised = self.check_token(token)
            if "auth-expired" in modes and local(request.tag) != "AuthRequest":
                raise auth_expired()
            return 200, envelope(self.document(request, authorised, modes), soap)
        except Fault as fault:
            return 500, envelope(fault.xml(), soap, not fault.bare)

    def parse(self, body):
        if not body.strip():
            raise Fault("service.PARSE_ERROR", "parse error: empty request payload", bare=True)
        if len(body) > MAX_REQUEST:
            text = f"invalid request: Request size {len(body)} exceeded limit of {MAX_REQUEST} bytes"
            raise Fault("service.INVALID_REQUEST", text + " set for zimbraSoapRequestMaxSize.", bare=True)
        failed = Fault("service.PARSE_ERROR", "Document parse failed", bare=True)
        if b"<!DOCTYPE" in body:
            raise failed
        try:
            root = ET.fromstring(body)
        except ET.ParseError:
            raise failed from None
        soap = namespace(root.tag)
        content = root.find(f"{{{soap}}}Body")
        if soap not in (SOAP11, SOAP12):
            raise Fault("service.INVALID_REQUEST", "invalid request: unable to determine SOAP version", bare=True)
        if content is None or len(content) == 0:
            raise Fault("service.INVALID_REQUEST", "invalid request: No SOAP body", bare=True)
        return root.find(f"{{{soap}}}Header"), content[0]

    def document(self, request, authorised, modes):
        if request.tag == "{urn:zimbra}BatchRequest":
            return self.batch(request, authorised, modes)
        return self.one(request, authorised, modes, None)

    def batch(self, request, authorised, modes):
        children = []
        for child in request:
            request_id = child.get("requestId")
            try:
                children.append(self.one(child, authorised, modes, request_id))
            except Fault as fault:
                children.append(fault.xml(request_id, inline=True))
                if request.get("onerror") == "stop":
                    break
        if "missing-response" in modes:
            children = [c for c in children if not c.startswith("<" + (modes["missing-response"] or "GetAllConfig"))]
        inner = "".join(children)
        if not inner:
            return '<BatchResponse xmlns="urn:zimbra"/>'
        return f'<BatchResponse xmlns="urn:zimbra">{inner}</BatchResponse>'

    def one(self, request, authorised, modes, request_id):
        name = local(request.tag)
        handler = getattr(self, "do_" + name.removesuffix("Request"), None)
        if name == "AuthRequest":
            return self.do_Auth(request, modes, authorised)
        if handler is None or not name.endswith("Request"):
            raise Fault("service.UNKNOWN_DOCUMENT", f"unknown document: {name}")
        if not authorised:
            raise auth_required()
        if "auth-expired-inline" in modes:
            raise Fault("service.AUTH_EXPIRED", "auth credentials have expired")
        inner = handler(request, modes)
        response = name.removesuffix("Request") + "Response"
        attribute = f" requestId={quoteattr(request_id)}" if request_id is not None else ""
        start = f'<{response}{attribute} xmlns="{namespace(request.tag)}"'
        return f"{start}>{inner}</{response}>" if inner else f"{start}/>"

    def do_Auth(self, request, modes, authorised):
        given = {local(c.tag): c.text or "" for c in request}
        name = request.get("name") or given.get("name") or given.get("account")
        password = request.get("password") or given.get("password")
        if "authToken" in given:
            authorised = self.check_token(given["authToken"])
        if "servers-failure" in modes and modes["servers-failure"] == "auth":
            raise Fault("service.FAILURE", "system failure: unable to refresh entry", receiver=True)
        if name is None and not authorised:
            raise Fault("service.INVALID_REQUEST", "invalid request: invalid request parameter")
        if "auth-failed" in modes:
            raise Fault("account.AUTH_FAILED", f"authentication failed for [{name}]")
        if not password and not authorised:
            raise auth_required()
        if password and name != self.ldap.auth["name"]:
            raise Fault("service.PERM_DENIED", "permission denied: Error in Authentication")
        if password and password != self.ldap.auth["password"]:
            raise Fault("account.AUTH_FAILED", f"authentication failed for [{name}]")
        token = given.get("authToken") or self.new_token(43200)
        return (
            f'<AuthResponse xmlns="{ADMIN}"><lifetime>43199998</lifetime>'
            f"<authToken>{token}</authToken></AuthResponse>"
        )

    def do_NoOp(self, _request, _modes):
        return ""

    def do_FlushCache(self, request, modes):
        if "flush-refused" in modes:
            raise Fault("service.PERM_DENIED", "permission denied: need right: flushCache for server")
        cache = request.find(f"{{{ADMIN}}}cache")
        if cache is None:
            raise Fault("service.INVALID_REQUEST", "invalid request: missing required element: cache")
        if "config" in (cache.get("type") or "").split(",") and self.config is not self.ldap.config:
            self.flush()
        return ""

    def do_GetVersionInfo(self, _request, _modes):
        numbers = self.ldap.version.split("_")[0].split(".")
        return (
            f'<info majorversion="{numbers[0]}" minorversion="{numbers[1]}" release="20241024201221" '
            f'host="{self.ldap.this_node}" buildDate="20241024-2012" type="FOSS" microversion="{numbers[2]}" '
            f'version="{self.ldap.version}.FOSS" platform="UBUNTU22_64"/>'
        )

    def do_GetAllServers(self, request, modes):
        if "servers-failure" in modes:
            raise Fault("service.FAILURE", "system failure: unable to list all servers", receiver=True)
        if "perm-denied" in modes:
            raise Fault("service.PERM_DENIED", "permission denied: need adequate rights")
        if "empty-list" in modes:
            return ""
        apply = request.get("applyConfig") not in ("0", "false")
        service = request.get("service")
        key = ("servers", apply, service)
        if key not in self.cached:
            names = [n for n in self.names if not service or service in self.ldap.own(n)["zimbraServiceEnabled"]]
            hidden = ["zimbraServiceEnabled"] if "hidden-attribute" in modes else []
            self.cached[key] = "".join(self.server_element(n, apply, hidden) for n in names)
        return self.cached[key]

    def server_element(self, name, apply, hidden=(), wanted=None):
        attributes = self.applied(name) if apply else self.ldap.own(name)
        if wanted is not None:
            attributes = {a: v for a, v in attributes.items() if a in wanted}
        identity = attributes.get("zimbraId") or self.ldap.own(name).get("zimbraId", [""])
        return f"<server name={quoteattr(name)} id={quoteattr(identity[0])}>{a_elements(attributes, hidden)}</server>"

    def do_GetServer(self, request, modes):
        element = request.find(f"{{{ADMIN}}}server")
        if element is None:
            raise Fault("service.INVALID_REQUEST", "invalid request: missing required element: server")
        if element.get("by") not in ("name", "id", "serviceHostname"):
            raise Fault("service.INVALID_REQUEST", f"invalid request: unknown key: {element.get('by')}")
        if not element.text:
            raise Fault("service.INVALID_REQUEST", "invalid request: must specify a value for a server")
        name = self.ldap.find(element.text)
        if name is None:
            raise Fault("account.NO_SUCH_SERVER", f"no such server: {element.text}")
        wanted = request.get("attrs").split(",") if request.get("attrs") else None
        known = set(self.ldap.config) | {a for o in self.ldap.servers.values() for a in o}
        unknown = next((a for a in wanted or [] if a not in known), None)
        if unknown:
            text = f"invalid request: requested attribute {unknown} is not on server"
            raise Fault("service.INVALID_REQUEST", text)
        return self.server_element(name, request.get("applyConfig") not in ("0", "false"), wanted=wanted)

    def do_GetAllConfig(self, _request, modes):
        if "config-failure" in modes:
            raise Fault("service.FAILURE", "system failure: unable to get config", receiver=True)
        if "config" not in self.cached:
            self.cached["config"] = a_elements(self.config)
        return self.cached["config"]

    def do_GetConfig(self, request, _modes):
        element = request.find(f"{{{ADMIN}}}a")
        if element is None:
            raise Fault("service.INVALID_REQUEST", "invalid request: missing required element: a")
        wanted = (element.get("n") or "").lower()
        return a_elements({a: v for a, v in self.config.items() if a.lower() == wanted})


def envelope(content, soap, context=True):
    header = '<soap:Header><context xmlns="urn:zimbra"/></soap:Header>' if context else ""
    return f'<soap:Envelope xmlns:soap="{soap}">{header}<soap:Body>{content}</soap:Body></soap:Envelope>'


def json_fault(body):
    """What a body that is not XML gets."""
    first = body[:1].decode("latin-1")
    text = f"parse error: expected character: {{ found:{first}: {body[:200].decode('latin-1')}"
    quoted = text.replace("\\", "\\\\").replace('"', '\\"')
    return (
        '{"Body":{"Fault":{"Code":{"Value":"soap:Sender"},"Reason":{"Text":"' + quoted + '"},"Detail":{"Error":{"Code":'
        '"service.PARSE_ERROR","Trace":"' + trace() + '","_jsns":"urn:zimbra"}}}},"_jsns":"urn:zimbraSoap"}'
    )
