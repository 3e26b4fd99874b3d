"""Stands in for a program that listens. Usage: inside_listen.py NAME PROTOCOL,ADDRESS,PORT... ; prints "ready"."""

import pathlib
import signal
import socket
import sys

IP_FREEBIND = 15


def listen(text):
    protocol, address, port = text.split(",")
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM if protocol == "tcp" else socket.SOCK_DGRAM)
    if family == socket.AF_INET6:
        listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    listener.setsockopt(socket.IPPROTO_IP, IP_FREEBIND, 1)
    listener.bind((address, int(port)))
    if protocol == "tcp":
        listener.listen(1)
    return listener


sockets = [listen(text) for text in sys.argv[2:]]
pathlib.Path("/proc/self/comm").write_text(sys.argv[1], encoding="utf-8")
print("ready", flush=True)
signal.pause()
