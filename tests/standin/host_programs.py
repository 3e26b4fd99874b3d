"""The stand-ins for systemctl and rpm of a system root: they answer questions, and change nothing.

ROOT/.standin/misbehave-host holds lines `PROGRAM MODE [ARGUMENT]`: hang, fail, flood, truncate, garbage."""

import json
import os
import sys
import time


def _modes(root, program):
    try:
        lines = (root / ".standin" / "misbehave-host").read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return {}
    words = [line.split(None, 2) for line in lines]
    return {w[1]: (w[2:] or [""])[0] for w in words if len(w) > 1 and w[0] in (program, "all")}


def _answer(root, program, text, status=0):
    with open(root / ".standin" / f"{program}.starts", "a", encoding="utf-8") as f:
        f.write(" ".join(sys.argv[1:]) + "\n")
    modes = _modes(root, program)
    if "hang" in modes:
        time.sleep(3600)
    if "fail" in modes:
        sys.stderr.write(modes["fail"] or "Failed to connect to bus: No such file or directory\n")
        sys.exit(1)
    if "flood" in modes:
        try:
            while True:
                sys.stdout.write("carbonio-flood\n" * 4096)
        except BrokenPipeError:
            os._exit(141)
    if "garbage" in modes:
        text = "\0\x1b[31m;;=\n" + text
    if "truncate" in modes:
        text = text[: len(text) // 2]
    sys.stdout.write(text)
    sys.stdout.flush()
    sys.exit(status)


def rpm(root):
    arguments = sys.argv[1:]
    names = json.loads((root / ".standin" / "rpm.json").read_text(encoding="utf-8"))
    form = next((a.partition("=")[2] for a in arguments if a.startswith(("--qf=", "--queryformat="))), None)
    if form is None:
        form = next((arguments[i + 1] for i, a in enumerate(arguments[:-1]) if a in ("--qf", "--queryformat")), None)
    form = (form or "%{NAME}-%{VERSION}-%{RELEASE}.%{ARCH}\\n").replace("\\n", "\n")
    asked = [a for a in arguments if not a.startswith("-") and "%" not in a]
    if not any(a in ("-qa", "-aq", "--all") or (a == "-q" and asked) for a in arguments):
        _answer(root, "rpm", "", 1)
    out, status = "", 0
    for name in asked or sorted(["bash", "glibc", *names]):
        if asked and name not in names:
            out += f"package {name} is not installed\n"
            status += 1
            continue
        one = form
        for key, value in (("NAME", name), ("VERSION", "26.6.0"), ("RELEASE", "1.el9"), ("ARCH", "x86_64"),
                           ("EPOCH", "(none)")):  # fmt: skip
            one = one.replace("%{" + key + "}", value)
        out += one
    _answer(root, "rpm", out, status)


def _unit(units, name):
    """(load state, active state, sub state, enabled)."""
    name = name if "." in name else name + ".service"
    state = units.get(name)
    if state is None:
        return name, "not-found", "inactive", "dead", ""
    return name, "loaded", state, {"active": "running", "failed": "failed"}.get(state, "dead"), "enabled"


def systemctl(root):
    units = json.loads((root / ".standin" / "units.json").read_text(encoding="utf-8"))
    arguments = sys.argv[1:]
    properties, words, take, values_only = [], [], None, False
    for word in arguments:
        if take:
            properties += word.split(",")
            take = None
        elif word in ("-p", "--property"):
            take = word
        elif word.startswith("--property="):
            properties += word.partition("=")[2].split(",")
        elif word == "--value":
            values_only = True
        elif not word.startswith("-"):
            words.append(word)
    command, names = (words or ["list-units"])[0], words[1:]
    found = [_unit(units, name) for name in names]
    if command == "is-active":
        states = [f[2] for f in found]
        _answer(root, "systemctl", "".join(s + "\n" for s in states), 0 if "active" in states else 3)
    elif command == "is-enabled":
        _answer(root, "systemctl", "".join((f[4] or "not-found") + "\n" for f in found),
                0 if all(f[4] for f in found) else 1)  # fmt: skip
    elif command == "show":
        _answer(root, "systemctl", "\n".join(_shown(f, properties, values_only) for f in found))
    elif command == "list-units":
        every = found or [_unit(units, name) for name in sorted(units)]
        _answer(root, "systemctl", "".join(
            f"{f[0]} {f[1]} {f[2]} {f[3]} {f[0]}\n" for f in every if f[1] == "loaded"))
    elif command == "list-unit-files":
        _answer(root, "systemctl", "".join(f"{name} enabled enabled\n" for name in sorted(units)))
    else:
        sys.stderr.write(f"Unknown command verb {command}.\n")
        _answer(root, "systemctl", "", 1)


def _shown(found, properties, values_only):
    known = {"Id": found[0], "Names": found[0], "LoadState": found[1], "ActiveState": found[2], "SubState": found[3],
             "UnitFileState": found[4]}  # fmt: skip
    wanted = properties or list(known)
    # The real one gives them in its own order.
    return "".join((known[k] if values_only else f"{k}={known[k]}") + "\n" for k in known if k in wanted)
