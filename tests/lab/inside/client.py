"""One exchange with a server, from the machine this runs in. Usage: client.py DO JSON-ARGUMENTS
Prints what came of it as JSON; fails, with one line, where it did not come about."""

import email.message
import imaplib
import json
import poplib
import selectors
import smtplib
import socket
import ssl
import sys
import time
import urllib.error
import urllib.request

TLS = ssl._create_unverified_context()  # the lab's own certificate, for all nodes


def imap(host, port, tls, user, password, seconds):
    """The number of messages in the inbox."""
    if tls == "implicit":
        client = imaplib.IMAP4_SSL(host, port, ssl_context=TLS, timeout=seconds)
    else:
        client = imaplib.IMAP4(host, port, timeout=seconds)
        client.starttls(TLS)
    client.login(user, password)
    status, data = client.select("INBOX")
    client.logout()
    assert status == "OK", data
    return int(data[0])


def pop3(host, port, tls, user, password, seconds):
    if tls == "implicit":
        client = poplib.POP3_SSL(host, port, context=TLS, timeout=seconds)
    else:
        client = poplib.POP3(host, port, timeout=seconds)
        client.stls(TLS)
    client.user(user)
    client.pass_(password)
    count = client.stat()[0]
    client.quit()
    return count


def smtp(host, port, tls, to, token, seconds, user=None, password=None):
    """Sends one mail."""
    message = email.message.EmailMessage()
    sender = user or "someone@elsewhere.example"
    message["From"], message["To"], message["Subject"], message["X-Lab-Token"] = sender, to, "lab", token
    message.set_content("Hello")
    kind = smtplib.SMTP_SSL if tls == "implicit" else smtplib.SMTP
    more = {"context": TLS} if tls == "implicit" else {}
    with kind(host, port, local_hostname="client.example", timeout=seconds, **more) as client:
        if tls == "starttls":
            client.starttls(context=TLS)
        if password:
            client.login(user, password)
        client.send_message(message, sender, [to])
    return True


class NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


def web(url, seconds, body=None):
    """[status, where it redirects to, text]"""
    opener = urllib.request.build_opener(NoRedirect, urllib.request.HTTPSHandler(context=TLS))
    try:
        with opener.open(url, data=body.encode() if body else None, timeout=seconds) as answer:
            return [answer.status, None, answer.read().decode()]
    except urllib.error.HTTPError as answer:
        return [answer.code, answer.headers.get("Location"), answer.read().decode()]


def remember(host, key, value, seconds):
    """Stores a value in a memcached."""
    with socket.create_connection((host, 11211), timeout=seconds) as client:
        client.sendall(f"set {key} 0 0 {len(value)}\r\n{value}\r\n".encode())
        assert client.recv(100) == b"STORED\r\n"
    return True


def reach(targets, seconds):
    """Those of the [host, port] to which a connection comes about."""
    selector = selectors.DefaultSelector()
    reached = []
    waiting = {}
    for host, port in targets:
        sock = socket.socket()
        sock.setblocking(False)
        sock.connect_ex((socket.gethostbyname(host), port))
        waiting[sock] = [host, port]
        selector.register(sock, selectors.EVENT_WRITE)
    end = time.monotonic() + seconds
    while waiting and time.monotonic() < end:
        for key, _ in selector.select(0.1):
            selector.unregister(key.fileobj)
            target = waiting.pop(key.fileobj)
            if key.fileobj.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                reached.append(target)
            key.fileobj.close()
    return sorted(reached)


if __name__ == "__main__":
    try:
        print(json.dumps(globals()[sys.argv[1]](**json.loads(sys.argv[2]))))
    except Exception as problem:  # pylint: disable=broad-except # told to the caller, who reports it
        print(f"{type(problem).__name__}: {problem}")
        sys.exit(1)
