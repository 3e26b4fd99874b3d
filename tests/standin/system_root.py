"""The files of a host around its installation, below a system root: users, packages, units, the mesh, sockets.

What programs of the host answer (systemctl, rpm) is in .standin of the root; a test may change it there."""

import ipaddress
import json
import pathlib
import sys

import parts

HERE = pathlib.Path(__file__).resolve().parent
FIRST_SIDECAR = 21000
USERS = {"zimbra": 998, "zextras": 997}
INSTALLED = "install ok installed"


def write(root, deployment, node):
    facts = deployment.nodes.get(node, {})
    own = parts.of_node(facts.get("roles", []), facts.get("components", []), deployment.product)
    for folder in ("etc", "usr/bin", ".standin"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    (root / "bin").symlink_to("usr/bin")
    passwd(root, facts.get("users", ["zextras" if deployment.product == "carbonio" else "zimbra"]))
    packages = {name: INSTALLED for part in own for name in part.packages} | facts.get("packages", {})
    if facts.get("packaging", "dpkg") == "dpkg":
        dpkg(root, packages, deployment.version)
    else:
        write_state(root, "rpm.json", [name for name, state in packages.items() if state == INSTALLED])
        program(root, "rpm")
    write_state(root, "units.json", {u: "active" for part in own for u in part.units} | facts.get("units", {}))
    program(root, "systemctl")
    if deployment.product == "carbonio":
        mesh(root, parts.mesh_of(own), facts)
    for name, text in facts.get("files", {}).items():
        put(root, name, text)
    if "sockets" in facts or deployment.product == "carbonio":
        sockets(root, listening(deployment, node))


def put(root, name, text):
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def write_state(root, name, value):
    put(root, f".standin/{name}", json.dumps(value, indent=1))


def program(root, name):
    path = root / "usr" / "bin" / name
    path.write_text(
        f"#!{sys.executable}\n"
        "import pathlib, sys\n"
        "sys.dont_write_bytecode = True\n"
        f"sys.path.insert(0, {str(HERE)!r})\n"
        "import host_programs\n"
        f"host_programs.{name}(pathlib.Path(__file__).resolve().parents[2])\n",
        encoding="utf-8",
    )
    path.chmod(0o755)


def passwd(root, users):
    lines = ["root:x:0:0:root:/root:/bin/bash", "daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin"]
    lines += [f"{user}:x:{USERS[user]}:{USERS[user]}::/opt/{user}:/bin/bash" for user in users]
    put(root, "etc/passwd", "\n".join(lines) + "\n")


def dpkg(root, packages, version):
    """var/lib/dpkg/status: the packages among others, with the fields that have lines of their own."""
    text = ""
    for name, state in sorted({"adduser": INSTALLED, "libc6": INSTALLED, **packages}.items()):
        text += f"Package: {name}\nStatus: {state}\nPriority: optional\nSection: mail\nInstalled-Size: 4711\n"
        text += f"Architecture: amd64\nVersion: {version.split('_')[0]}-1jammy\n"
        text += f"Conffiles:\n /etc/{name}.conf d41d8cd98f00b204e9800998ecf8427e\n"
        text += f"Description: {name}\n Package: not-a-package\n .\n Status: install ok installed\n\n"
    put(root, "var/lib/dpkg/status", text)


def hcl(name, service):
    """A registration in the words and with the liberties of the packages: commas and equal signs come and go."""
    if not service.sidecar:
        return (
            f'service = {{\n  name = "{name}"\n  port = {service.port}\n  tags = ["prometheus-exporter"]\n\n'
            f'  check = {{\n    id       = "{name}-health"\n    name     = "Health Check"\n'
            f'    http     = "http://localhost:{service.port}/metrics"\n    interval = "30s"\n  }}\n}}\n'
        )
    inner = f'        local_service_address = "{service.address}"\n' if service.address != "127.0.0.1" else ""
    if service.exposed:
        inner += (
            "        expose {\n          paths = [\n            {\n              path = \"/metrics\",\n"
            f"              local_path_port = {service.port}\n              listener_port = {service.exposed}\n"
            "            }\n          ]\n        }\n"
        )
    if service.upstreams:
        listed = "".join(
            f'          {{\n            destination_name   = "{upstream}"\n            local_bind_port    = {20000 + i}\n'
            f'            local_bind_address = "{service.address}"\n          }},\n'
            for i, upstream in enumerate(service.upstreams)
        )
        inner += f"        upstreams = [\n{listed}        ]\n"
    proxy = f"      proxy {{\n{inner}      }}\n" if inner else ""
    return (
        "# SPDX-License-Identifier: AGPL-3.0-only\n\nservices {\n  check {\n"
        f'    tcp      = "{service.address}:{service.port}",\n    timeout  = "1s"\n    interval = "5s"\n  }}\n'
        f"  connect {{\n    sidecar_service {{\n{proxy}    }}\n  }}\n\n"
        f'  name = "{name}"\n  port = {service.port}\n}}'
    )


def mesh(root, services, facts):
    folder = root / "etc" / "zextras" / "service-discover"
    folder.mkdir(parents=True)
    for name, service in services.items():
        (folder / f"{name}.hcl").write_text(hcl(name, service), encoding="utf-8")
    address = (facts.get("addresses") or ["127.0.0.1"])[0]
    for name, value in (
        ("main.json", {"datacenter": "dc1", "server": "mesh-server" in facts.get("roles", []), "log_level": "INFO",
                       "ports": {"grpc": 8502, "grpc_tls": 8503}, "acl": {"enabled": True, "default_policy": "deny"}}),
        ("config.json", {"bind_addr": address, "advertise_addr": address}),
    ):  # fmt: skip
        (folder / name).write_text(json.dumps(value), encoding="utf-8")
        (folder / name).chmod(0o600)
    done = root / "etc" / "zextras" / "pending-setups.d" / "done"
    done.mkdir(parents=True)
    for name in services:
        (done / f"{name}.sh").write_text("#!/bin/bash\n", encoding="utf-8")


def listening(deployment, node):
    """The sockets of a node: (protocol, address, port, process)."""
    facts = deployment.nodes.get(node, {})
    address = (facts.get("addresses") or ["127.0.0.1"])[0]
    own = parts.of_node(facts.get("roles", []), facts.get("components", []), deployment.product)
    lines = [line for part in own for line in part.sockets] + facts.get("sockets", [])
    with_sidecar = [service for service in parts.mesh_of(own).values() if service.sidecar]
    lines += [f"tcp 0.0.0.0 {FIRST_SIDECAR + i} envoy" for i, _ in enumerate(with_sidecar)]
    found = {}
    for line in lines:
        protocol, bound, port, process = line.replace("{address}", address).split()
        found.setdefault((protocol, bound, int(port)), process)
    return [(*key, process) for key, process in found.items()]


def kernel_address(address):
    """As /proc/net has it: 32-bit words, the bytes of each the other way round."""
    packed = ipaddress.ip_address(address).packed
    return "".join(packed[i : i + 4][::-1].hex().upper() for i in range(0, len(packed), 4))


def sockets(root, wanted):
    """proc/net and a process for each name; replaces what was there."""
    tables = {name: [] for name in ("tcp", "tcp6", "udp", "udp6")}
    inodes = {}
    for number, (protocol, address, port, process) in enumerate(wanted):
        version6 = ":" in address
        rows = tables[protocol + ("6" if version6 else "")]
        nothing = "0" * (32 if version6 else 8)
        state = "0A" if protocol == "tcp" else "07"
        inode = 11300000 + number
        rows.append(
            f"{len(rows):4d}: {kernel_address(address)}:{port:04X} {nothing}:0000 {state} 00000000:00000000 "
            f"00:00000000 00000000     0        0 {inode} 1 000000002515cda2 100 0 0 10 0"
        )
        inodes.setdefault(process, []).append(inode)
    net = root / "proc" / "net"
    net.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        head = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode"
        (net / name).write_text("\n".join([head.ljust(149), *rows]) + "\n", encoding="utf-8")
    ports = root / "proc" / "sys" / "net" / "ipv4" / "ip_local_port_range"
    put(root, ports.relative_to(root), "32768\t60999\n")
    for number, (process, own) in enumerate(sorted(inodes.items())):
        folder = root / "proc" / str(1000 + number)
        (folder / "fd").mkdir(parents=True, exist_ok=True)
        (folder / "comm").write_text(f"{process[:15]}\n", encoding="utf-8")
        (folder / "cmdline").write_text(f"{process}\0", encoding="utf-8")
        for fd, inode in enumerate(own, start=3):
            link = folder / "fd" / str(fd)
            link.unlink(missing_ok=True)
            link.symlink_to(f"socket:[{inode}]")
