"""What every machine of the lab knows: the nodes, the users and where their mailbox is."""

import json
import pathlib

SHARED = pathlib.Path("/srv/shared")
CERTIFICATE = SHARED / "certificate.pem"
KEY = SHARED / "key.pem"
_FACTS = json.loads((SHARED / "facts.json").read_text(encoding="utf-8"))
NODES = _FACTS["nodes"]
USERS = _FACTS["users"]


def password_of(user):
    return USERS.get(user, {}).get("password")
