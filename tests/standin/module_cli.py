"""The stand-ins for bin/carbonio and bin/zxsuite: `carbonio prov` is zmprov; the rest asks modules of the extension.

The shape of the answers is that of the documentation where it has one; nobody has seen a genuine record."""

import json
import pathlib
import sys
import time

import deployment
import misbehaviour
import zmprov


def main(home):
    arguments = sys.argv[1:]
    program = pathlib.Path(sys.argv[0]).name
    if arguments[:1] == ["prov"] and program == "carbonio":
        sys.argv[1:] = arguments[1:]
        zmprov.main(home)
    with open(home / "modules.starts", "a", encoding="utf-8") as f:
        f.write(f"{program} {' '.join(arguments)}\n")
    facts = deployment.Deployment.from_file(home / ".standin" / "deployment.json")
    node = (home / ".standin" / "node").read_text(encoding="utf-8")
    text, status = answer(facts, node, program, arguments)
    finish(home, text, status)


def answer(facts, node, program, arguments):
    """(text, exit status)."""
    words = [a for a in arguments if not a.startswith("--")]
    if program == "carbonio" and "advanced" not in facts.nodes[node].get("components", []):
        return "Unknown command. Type: 'help commands' for a list\n", 1  # CE has nothing but prov
    modules = facts.suite.get("modules", {})
    if len(words) < 2 or words[0] not in modules and words[0] != "core":
        return _json({"ok": False, "error": {"message": f"No such command: {' '.join(words)}"}}), 1
    if words[1] == "getServices":
        services = facts.suite.get("services", {}).get(words[0], {words[0]: modules.get(words[0], "running")})
        listed = {name: {"could_not_start_because": "", "running": state == "running"}
                  for name, state in services.items()}  # fmt: skip
        return _json({"response": {"services": listed}, "ok": True}), 0
    if words[:2] == ["docs", "status"]:
        return _json({"response": {"servers": facts.suite.get("docs", [])}, "ok": True}), 0
    return _json({"ok": False, "error": {"message": f"No such command: {' '.join(words)}"}}), 1


def _json(value):
    return json.dumps(value) + "\n"


def finish(home, text, status):
    modes = misbehaviour.read(home, "modules")
    if "slow" in modes:
        time.sleep(float(modes["slow"] or "0.3"))
    if "hang" in modes:
        time.sleep(3600)
    if "refused" in modes:
        text, status = "Unable to connect to the server: Connection refused\n", 2
    if "truncate" in modes:
        text = text[: len(text) // 2]
    if "flood" in modes:
        zmprov.flood(sys.stdout)
    if "empty" in modes:
        text = ""
    zmprov.write(sys.stdout, text)
    sys.exit(status)
