"""Secrets and long values that look like the real ones and are nobody's: derived from a name, the same every time."""

import base64
import hashlib


def _bytes(seed, count):
    out = b""
    block = 0
    while len(out) < count:
        out += hashlib.sha256(f"{seed}/{block}".encode()).digest()
        block += 1
    return out[:count]


def password(name):
    """A localconfig password."""
    return "pw-" + base64.urlsafe_b64encode(_bytes(f"password {name}", 15)).decode()


def pem(kind, seed, size):
    """A PEM block of made-up bytes: several lines, the last one shorter."""
    text = base64.b64encode(_bytes(f"{kind} {seed}", size)).decode()
    lines = [text[i : i + 64] for i in range(0, len(text), 64)]
    return "\n".join([f"-----BEGIN {kind}-----", *lines, f"-----END {kind}-----"])


def hex_key(name, size=32):
    return f"0:1795499024169:{_bytes(name, size).hex()}"


def uuid(name):
    h = _bytes(f"uuid {name}", 16).hex()
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


SIEVE = """require ["fileinto", "reject"];
# name not-a-server.example.com
if header :contains "subject" "zimbraServiceEnabled: proxy" {
    fileinto "Junk";
}

keep;"""

DISCLAIMER = """This message is confidential.
zimbraMailMode: http

prov> # name other.example.com
zimbraServiceEnabled: mta"""
