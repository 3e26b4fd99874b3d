"""Receives mail over SMTP or LMTP: as much of both as postfix says."""

import re
import socketserver


class Session(socketserver.StreamRequestHandler):
    timeout = 60

    def say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self):
        self.say("220 lab")
        recipients, lmtp = [], False
        while line := self.rfile.readline():
            verb = line.decode("utf-8", "replace").split(" ")[0].strip().upper()
            if verb in ("EHLO", "LHLO", "HELO"):
                lmtp = verb == "LHLO"
                self.say("250 lab")
            elif verb in ("MAIL", "RSET", "NOOP"):
                recipients = []
                self.say("250 ok")
            elif verb == "RCPT":
                recipients.append(re.search("<(.*)>", line.decode()).group(1))
                self.say("250 ok")
            elif verb == "DATA":
                self.say("354 go on")
                self.take(recipients, lmtp)
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("502 no")

    def take(self, recipients, lmtp):
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line[1:] if line.startswith(b".") else line)
        try:
            self.server.deliver(recipients, b"".join(lines))
            answer = "250 delivered"
        except OSError as problem:
            answer = f"451 {problem}"
        for _ in recipients if lmtp else [None]:  # LMTP answers for each recipient
            self.say(answer)


class Server(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 64

    def __init__(self, address, deliver):
        """`deliver(recipients, message)`; an OSError defers the mail."""
        super().__init__(address, Session)
        self.deliver = deliver

    def handle_error(self, *_):
        pass  # clients of the tests come and go as they like
