"""A mailstore of the lab, where no Debian daemon can stand in for mailboxd: LMTP, admin and user SOAP, the web client, the
route lookup for nginx, IMAPS and POP3S. One store of messages behind all of them. Usage: mailstore.py NAME"""

import http.server
import json
import pathlib
import re
import socketserver
import ssl
import sys
import threading

import facts
import mail_listener

NAME = sys.argv[1]
STORE = pathlib.Path("/var/lib/lab/store")
TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
TLS.load_cert_chain(facts.CERTIFICATE, facts.KEY)


def messages(user):
    return sorted(path.name for path in (STORE / user).glob("*"))


def keep(recipients, message):
    """Under the name that the message has in its X-Lab-Token; appears at once and whole."""
    token = re.search(rb"(?im)^x-lab-token: *(\w+)", message).group(1).decode()
    for recipient in recipients:
        folder = STORE / recipient.split("@")[0]
        folder.mkdir(parents=True, exist_ok=True)
        new = STORE / f"{token}.new"
        new.write_bytes(message)
        new.rename(folder / token)


class TlsServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    """Shakes hands in the connection's own thread, so that a slow client holds nobody up."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def get_request(self):
        connection, address = super().get_request()
        connection.settimeout(20)
        return TLS.wrap_socket(connection, server_side=True, do_handshake_on_connect=False), address

    def handle_error(self, *_):
        pass  # clients of the tests come and go as they like


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, text, **headers):
        body = text.encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(body), "Connection": "close", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        home = re.fullmatch(r"/home/(\w+)/inbox", self.path)
        if self.path == "/service/extension/nginx-lookup":
            self.look_up()
        elif home:
            self.answer(200, json.dumps({"server": NAME, "messages": messages(home[1])}))
        else:
            self.answer(200, f"{self.path} of {NAME}")

    def look_up(self):
        """As the extension of mailboxd answers nginx."""
        user = self.headers.get("Auth-User", "").split("@")[0]
        if facts.password_of(user) != self.headers.get("Auth-Pass"):
            self.answer(200, "", Auth_Status="login failed")
            return
        address = facts.NODES[facts.USERS[user]["server"]]["address"]
        port = {"imap": 7993, "pop3": 7995}[self.headers.get("Auth-Protocol")]
        self.answer(200, "", Auth_Status="OK", Auth_Server=address, Auth_Port=port)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        user = re.search("<account[^>]*>([^<@]*)", body)
        password = re.search("<password>([^<]*)", body)
        if user and password and facts.password_of(user[1]) == password[1]:
            self.answer(200, f"<AuthResponse><authToken>{NAME}</authToken></AuthResponse>")
        else:
            self.answer(500, "<Fault>account.AUTH_FAILED</Fault>")


class Imap(socketserver.StreamRequestHandler):
    """As much as nginx and imaplib say: LOGIN with literals, SELECT, LOGOUT."""

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def command(self):
        """One command; its literals become words."""
        line = self.rfile.readline().decode().rstrip("\r\n")
        while match := re.search(r"\{(\d+)\}$", line):
            self.say("+ go on")
            literal = self.rfile.read(int(match[1])).decode()
            line = line[: match.start()] + literal + self.rfile.readline().decode().rstrip("\r\n")
        return [word.strip('"') for word in line.split()]

    def handle(self):
        self.say(f"* OK IMAP4rev1 {NAME}")
        user = None
        while words := self.command():
            tag, verb, *rest = words
            verb = verb.upper()
            status = "OK"
            if verb == "CAPABILITY":
                self.say("* CAPABILITY IMAP4rev1")
            elif verb == "LOGIN":
                user = rest[0].split("@")[0] if facts.password_of(rest[0].split("@")[0]) == rest[1] else None
                status = "OK" if user else "NO"
            elif verb == "SELECT" and user:
                self.say(f"* {len(messages(user))} EXISTS")
            elif verb == "LOGOUT":
                self.say("* BYE")
            else:
                status = "BAD"
            self.say(f"{tag} {status} {verb} of {NAME}")
            if verb == "LOGOUT":
                return


class Pop3(socketserver.StreamRequestHandler):
    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say(f"+OK {NAME}")
        user = known = None
        while words := self.rfile.readline().decode().split():
            verb = words[0].upper()
            if verb == "USER":
                user = words[1].split("@")[0]
                self.say("+OK")
            elif verb == "PASS":
                known = user if facts.password_of(user) == words[1] else None
                self.say("+OK" if known else "-ERR no")
            elif verb == "STAT" and known:
                self.say(f"+OK {len(messages(known))} 0")
            elif verb == "QUIT":
                self.say("+OK")
                return
            else:
                self.say("-ERR")


def main():
    STORE.mkdir(parents=True)
    lmtp = mail_listener.Server(("", 7025), keep)
    servers = [TlsServer(("", port), Web) for port in (7071, 7072, 7073, 8443)]
    servers += [TlsServer(("", 7993), Imap), TlsServer(("", 7995), Pop3)]
    for server in servers:
        threading.Thread(target=server.serve_forever, daemon=True).start()
    lmtp.serve_forever()


main()
