"""What stands beside postfix on the MTA of the lab: amavis, as a filter that lets everything pass, and saslauthd, as a
server for postfix (in Dovecot's protocol) that asks the mailstore of the user over SOAP as Zimbra's own saslauthd does."""

import base64
import smtplib
import socketserver
import ssl
import threading
import urllib.request

import facts
import mail_listener

SECONDS = 1  # to reach a mailstore
SASL_PORT = 7999


def pass_on(recipients, message):
    try:
        with smtplib.SMTP("127.0.0.1", 10025, timeout=20) as back:
            back.sendmail("", recipients, message)
    except smtplib.SMTPException as problem:
        raise OSError(str(problem)) from problem


def may_log_in(user, password):
    """The mailstore's word."""
    server = facts.USERS.get(user, {}).get("server")
    if not server:
        return False
    body = f"<AuthRequest><account>{user}</account><password>{password}</password></AuthRequest>"
    url = f"https://{server}:7073/service/admin/soap"
    try:
        context = ssl._create_unverified_context()  # the lab's own certificate, for all nodes
        with urllib.request.urlopen(url, data=body.encode(), timeout=SECONDS, context=context) as answer:
            return b"<authToken>" in answer.read()
    except OSError:
        return False


class Sasl(socketserver.StreamRequestHandler):
    def handle(self):
        self.wfile.write(b"VERSION\t1\t2\nMECH\tPLAIN\tplaintext\nSPID\t1\nCUID\t1\nCOOKIE\t" + b"0" * 32 + b"\nDONE\n")
        for line in self.rfile:
            words = line.decode().rstrip("\n").split("\t")
            if words[0] != "AUTH":
                continue
            response = next(w for w in words if w.startswith("resp="))[5:]
            _, user, password = base64.b64decode(response).decode().split("\0")
            if may_log_in(user.split("@")[0], password):
                self.wfile.write(f"OK\t{words[1]}\tuser={user}\n".encode())
            else:
                self.wfile.write(f"FAIL\t{words[1]}\tuser={user}\n".encode())


class SaslServer(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True


sasl = SaslServer(("127.0.0.1", SASL_PORT), Sasl)
threading.Thread(target=sasl.serve_forever, daemon=True).start()
mail_listener.Server(("127.0.0.1", 10024), pass_on).serve_forever()
