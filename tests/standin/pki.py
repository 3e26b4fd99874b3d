"""A private CA and certificates, made with the openssl command."""

import subprocess

_SUBJECT = "/O=CA/OU=Zimbra Collaboration Server/CN="


def _openssl(*arguments):
    subprocess.run(["openssl", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def make(directory, hostname):
    """Writes ca.pem, server.key, server.pem (for `hostname`), other.key, other.pem (self-signed, another name)."""
    directory.mkdir(parents=True, exist_ok=True)
    curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    _openssl("req", "-x509", *curve, "-keyout", directory / "ca.key", "-out", directory / "ca.pem", "-days", "3650",
             "-subj", _SUBJECT + "stand-in CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign")  # fmt: skip
    _openssl("req", *curve, "-keyout", directory / "server.key", "-out", directory / "server.csr",
             "-subj", _SUBJECT + hostname)  # fmt: skip
    extensions = directory / "server.ext"
    extensions.write_text(f"subjectAltName=DNS:{hostname}\nbasicConstraints=CA:FALSE\n", encoding="utf-8")
    _openssl("x509", "-req", "-in", directory / "server.csr", "-CA", directory / "ca.pem", "-CAkey",
             directory / "ca.key", "-CAcreateserial", "-days", "3650", "-extfile", extensions,
             "-out", directory / "server.pem")  # fmt: skip
    _openssl("req", "-x509", *curve, "-keyout", directory / "other.key", "-out", directory / "other.pem",
             "-days", "3650", "-subj", "/CN=other.example.org",
             "-addext", "subjectAltName=DNS:other.example.org")  # fmt: skip
