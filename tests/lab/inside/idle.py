"""Something that listens on every port named, so that a closed port is closed by the rules alone. Usage: idle.py ADDRESS PORT..."""

import selectors
import socket
import sys

selector = selectors.DefaultSelector()
for port in sys.argv[2:]:
    selector.register(socket.create_server((sys.argv[1], int(port)), backlog=16), selectors.EVENT_READ)
while True:
    for key, _ in selector.select():
        key.fileobj.accept()[0].close()
