"""The HTTPS admin SOAP server of the stand-in."""

import email.utils
import gzip
import http.server
import os
import pathlib
import signal
import socket
import ssl
import threading
import time
import zlib

import home as homes
import misbehaviour
import soap_answers
import zmlocalconfig

ERROR_PAGE = """<html>
<head>
<meta http-equiv="Content-Type" content="text/html;charset=ISO-8859-1"/>
<title>Error {status} {reason}</title>
</head>
<body><h2>HTTP ERROR {status} {reason}</h2>
<table>
<tr><th>URI:</th><td>{path}</td></tr>
<tr><th>STATUS:</th><td>{status}</td></tr>
<tr><th>MESSAGE:</th><td>{reason}</td></tr>
<tr><th>SERVLET:</th><td>AdminServlet</td></tr>
</table>

</body>
</html>
"""
BUFFER = 32768  # Jetty: an answer that does not fit its output buffer is chunked
GZIP_FROM = 2048


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 256 * 1024

    def log_message(self, *_arguments):
        pass

    def do_GET(self):
        self.page(405, f"HTTP method {self.command} is not supported by this URL")

    do_PUT = do_DELETE = do_HEAD = do_GET

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        modes = self.server.modes()
        self.server.note(body)
        if not self.path.startswith("/service/admin/soap"):
            self.page(405, "HTTP method POST is not supported by this URL")
        elif "evil" in (self.headers.get("Referer") or ""):
            self.page(403, "Forbidden")
        elif not self.misbehave(body, modes):
            self.answer(body, modes)

    def answer(self, body, modes):
        if body.strip() and not body.lstrip().startswith(b"<"):
            return self.send(500, soap_answers.json_fault(body).encode(), "text/javascript; charset=utf-8", modes)
        with self.server.lock:
            status, text = self.server.engine.handle(body, modes)
        data = text.encode()
        cookie = text.split("<authToken>")[1].split("<")[0] if "<AuthResponse" in text[:300] else None
        if "truncate-xml" in modes and not cookie:
            data = data[: len(data) * 2 // 3]
        if "doctype" in modes and not cookie:
            data = b'<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>' + data.replace(b"25</a>", b"&e;</a>")
        return self.send(status, data, "text/xml;charset=utf-8", modes, cookie)

    def page(self, status, reason):
        data = ERROR_PAGE.format(status=status, reason=reason, path=self.path).encode("latin-1", "replace")
        self.send_response_only(status, reason.split(" is not")[0] if status != 405 else "Method Not Allowed")
        self.send_header("Cache-Control", "must-revalidate,no-cache,no-store")
        self.send_header("Content-Type", "text/html;charset=iso-8859-1")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def send(self, status, data, content_type, modes, cookie=None):
        self.send_response_only(status, "OK" if status == 200 else "Server Error")
        self.send_header("Date", email.utils.formatdate(usegmt=True))
        if cookie:
            self.send_header("Set-Cookie", f"ZM_ADMIN_AUTH_TOKEN={cookie}; Path=/; Secure; HttpOnly")
            self.send_header("Expires", "Thu, 01 Jan 1970 00:00:00 GMT")
        self.send_header("Content-Type", content_type)
        self.send_header("Cache-Control", "no-store, no-cache")
        chunked = len(data) > BUFFER
        if status == 200:
            self.send_header("Vary", "Accept-Encoding, User-Agent")
            if "gzip" in (self.headers.get("Accept-Encoding") or "") and len(data) >= GZIP_FROM:
                data = self.server.compressed(data)
                self.send_header("Content-Encoding", "gzip")
        if chunked:
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for start in range(0, len(data), BUFFER):
                self.chunk(data[start : start + BUFFER])
            self.chunk(b"")
        else:
            self.send_header("Content-Length", str(len(data) + (400 if "truncate" in modes and not cookie else 0)))
            self.end_headers()
            self.wfile.write(data)
        self.wfile.flush()
        if "truncate" in modes and not cookie:
            self.cut()

    def chunk(self, data):
        self.wfile.write(f"{len(data):x}\r\n".encode() + data + b"\r\n")

    def cut(self):
        """Ends the connection without a word."""
        self.close_connection = True
        try:
            self.wfile.flush()
            self.connection.close()
        except OSError:
            pass

    def misbehave(self, body, modes):
        """True where the request needs no right answer any more."""
        login = b"AuthRequest" in body
        only = next((modes[m] for m in ("hang", "slow", "html-error", "redirect") if m in modes), "")
        if only == "batch" and login:
            return False
        if "slow" in modes:
            time.sleep(float(modes["slow"]) if modes["slow"] not in ("", "batch") else 0.3)
        if "hang" in modes:
            time.sleep(3600)
        if "trickle" in modes:
            return self.trickle()
        if "die" in modes and not login:
            self.start_raw("Content-Length: 100000\r\n", b"<soap:Envelope")
            os.kill(os.getpid(), signal.SIGKILL)
        if "close" in modes and not login:
            self.cut()
            return True
        if "truncate" in modes and not login:
            self.start_raw("Content-Length: 100000\r\n", b'<soap:Envelope xmlns:soap="x">')
            self.cut()
            return True
        if "flood" in modes and not login:
            return self.flood()
        if "gzip-bomb" in modes and not login:
            return self.bomb()
        return self.wrong_kind(modes, login)

    def wrong_kind(self, modes, login):
        if "html-error" in modes:
            self.page(502, "Bad Gateway")
        elif "html-ok" in modes and not login:
            self.send(200, b"<html><body><h1>It works</h1></body></html>", "text/html", {})
        elif "json" in modes and not login:
            self.send(200, b'{"Body":{}}', "text/javascript; charset=utf-8", {})
        elif "empty" in modes and not login:
            self.send(200, b"", "text/xml;charset=utf-8", {})
        elif "redirect" in modes:
            self.send_response_only(302, "Found")
            self.send_header("Location", modes["redirect"] or f"https://127.0.0.1:{self.server.server_port}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
        else:
            return False
        return True

    def start_raw(self, header, first):
        self.wfile.write(f"HTTP/1.1 200 OK\r\nContent-Type: text/xml;charset=utf-8\r\n{header}\r\n".encode() + first)
        self.wfile.flush()

    def trickle(self):
        self.start_raw("Content-Length: 1000000\r\n", b"<")
        try:
            while True:
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.05)
        except OSError:
            return True

    def flood(self):
        self.start_raw("Transfer-Encoding: chunked\r\n", b"")
        junk = b'<a n="zimbraServiceEnabled">mailbox</a>' * 1600
        try:
            while True:
                self.chunk(junk)
        except OSError:
            return True

    def bomb(self):
        """A few hundred kilobytes that unpack to several hundred megabytes."""
        self.start_raw("Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", b"")
        packer = zlib.compressobj(9, zlib.DEFLATED, 31)
        blank = b" " * 1048576
        try:
            self.chunk(packer.compress(b"<soap:Envelope>") + packer.flush(zlib.Z_SYNC_FLUSH))
            for _ in range(400):
                self.chunk(packer.compress(blank) + packer.flush(zlib.Z_SYNC_FLUSH))
            self.chunk(packer.flush())
            self.chunk(b"")
        except OSError:
            pass
        return True


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, home, port):
        super().__init__(("127.0.0.1", port), Handler)
        self.home = home
        self.lock = threading.Lock()
        self.engine = soap_answers.Engine(home)
        pki = home / ".standin" / "pki"
        self.right = self.context(pki / "server.pem", pki / "server.key")
        self.wrong = self.context(pki / "other.pem", pki / "other.key")
        self.packed = {}

    @staticmethod
    def context(certificate, key):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        return context

    def modes(self):
        return misbehaviour.read(self.home, "soap")

    def note(self, body):
        """Each document asked for, a line each, so that tests can count round trips."""
        names = [n for n in ("AuthRequest", "BatchRequest", "GetAllServersRequest") if f"<{n}".encode() in body]
        with open(self.home / "soap.requests", "a", encoding="utf-8") as f:
            f.write(" ".join(names) + "\n")

    def compressed(self, data):
        """Gzipped, remembered: the benchmark asks for the same long answer again and again."""
        if len(self.packed) > 16:
            self.packed.clear()
        if data not in self.packed:
            self.packed[data] = gzip.compress(data, 6)
        return self.packed[data]

    def finish_request(self, request, client_address):
        """TLS in the thread of the connection, so that a slow handshake holds nobody up."""
        modes = self.modes()
        if "hang-tls" in modes:
            time.sleep(3600)
        context = self.wrong if "wrong-certificate" in modes else self.right
        request.settimeout(120)
        try:
            with context.wrap_socket(request, server_side=True) as secure:
                Handler(secure, client_address, self)
        except (ssl.SSLError, OSError):
            pass

    def shutdown_request(self, request):
        try:
            request.shutdown(socket.SHUT_WR)
        except OSError:
            pass
        request.close()


def serve(home, port=0):
    """Serves until it is ended; tells the port in localconfig.xml and on stdout."""
    home = homes.find(home)
    server = Server(home, port)
    keys = zmlocalconfig.read(home / "conf" / "localconfig.xml")
    keys["zimbra_admin_service_port"] = str(server.server_port)
    homes.write_localconfig(home, keys)
    print(f"ready {server.server_port}", flush=True)
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    server.serve_forever(poll_interval=3600)
