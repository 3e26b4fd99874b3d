"""The stand-in for bin/zmprov: answers from the deployment, in the words and with the exit status of the real one."""

import contextlib
import os
import pathlib
import signal
import sys
import time

import deployment
import misbehaviour

DATA = pathlib.Path(__file__).resolve().parent / "data"
BINARY = {"zimbraSSLDHParam", "zimbraAPNSCertificate"}
COMMANDS = {
    "gas": "gas", "getAllServers": "gas", "gs": "gs", "getServer": "gs", "gcf": "gcf", "getConfig": "gcf",
    "gacf": "gacf", "getAllConfig": "gacf", "ms": "ms", "modifyServer": "ms",
    "mcf": "mcf", "modifyConfig": "mcf", "help": "help", "exit": "exit",
    "quit": "exit",
}  # fmt: skip
USAGES = {
    "gas": "getAllServers(gas) [-v] [-e] [service]",
    "gs": "getServer(gs) [-e] {name|id} [attr1 [attr2...]]",
    "gcf": "getConfig(gcf) {name}",
    "gacf": "getAllConfig(gacf) [attr1 [attr2...]]",
    "ms": "modifyServer(ms) {name|id} [attr1 value1 [attr2 value2...]]",
    "mcf": "modifyConfig(mcf) attr1 value1 [attr2 value2...]",
}
OPTIONS_WITH_VALUE = {"-f", "--file", "-s", "--server", "-a", "--account", "-p", "--password", "-P", "--passfile",
                      "-y", "--authtoken", "-Y", "--authtokenfile", "-L", "--logpropertyfile"}  # fmt: skip
OPTIONS = {"-l", "--ldap", "-v", "--verbose", "-d", "--debug", "-m", "--master", "-z", "--zadmin", "-r", "--replace",
           "-fd", "--forcedisplay", "-t", "--temp"}  # fmt: skip


class ServiceError(Exception):
    def __init__(self, code, message, cause=""):
        super().__init__(f"ERROR: {code} ({message})" + (f" (cause: {cause})" if cause else ""))


class UsageError(Exception):
    """Text goes to stdout."""


class Fatal(Exception):
    """`error: ...` on stderr ends even a batch, with status 2."""


def parse_line(line):
    """Words of a batch line: blanks separate, ' and " quote where a word begins and end it where it ends, a backslash
    escapes (before a blank or a quote; of anything else it only goes away)."""
    words, word, end = [], "", None  # end: what ends the word that we are in; " " stands for any blank
    i = 0
    while i < len(line):
        c, escaped = line[i], False
        i += 1
        if c == "\\" and i < len(line):
            c = line[i]
            i += 1
            escaped = c in "ntr'\"" or c.isspace()
            c = {"n": "\n", "t": "\t", "r": "\r"}.get(c, c)
        if end is not None:
            if not escaped and (c == end or (end == " " and c.isspace())):
                words.append(word)
                word, end = "", None
            else:
                word += c
        elif not escaped and c in "'\"":
            end = c
        elif escaped or not c.isspace():
            end = " "
            word = c
    if word:
        words.append(word)
    return words


def attribute_lines(attributes, wanted=None):
    wanted = {w.lower() for w in wanted} if wanted else None
    out = []
    for name in sorted(attributes):
        if wanted is not None and name.lower() not in wanted:
            continue
        for value in attributes[name]:
            if name in BINARY:
                chunks = "\r\n".join(value[i : i + 76] for i in range(0, len(value), 76))
                out.append(f"{name}:: {chunks}\n")
            else:
                out.append(f"{name}: {value}\n")
    return "".join(out)


class Provisioning:
    """The commands. `ldap` says whether secrets come in clear, as they do with -l."""

    def __init__(self, facts, names, ldap, modes):
        self.facts = facts
        self.names = names
        self.ldap = ldap
        self.modes = modes

    def run(self, words):
        command = COMMANDS.get(words[0])
        if command is None:
            raise UsageError("unknown")
        return getattr(self, "do_" + command)(words[1:])

    def _block(self, name, own_only, wanted=None):
        attributes = dict(self.facts.own(name) if own_only else self.facts.applied(name))
        if not self.ldap and "zimbraSSLPrivateKey" in attributes:
            attributes["zimbraSSLPrivateKey"] = ["VALUE-BLOCKED"]
        return f"# name {name}\n{attribute_lines(attributes, wanted)}\n"

    def do_gas(self, words):
        verbose, own_only = "-v" in words, "-e" in words
        services = [w for w in words if not w.startswith("-")]
        if own_only and not verbose:
            raise UsageError("error: -e requires -v\n" + usage_of("gas"))
        names = self.names
        if services:
            names = [n for n in names if services[0] in self.facts.own(n).get("zimbraServiceEnabled", [])]
        if not verbose:
            return "".join(n + "\n" for n in names)
        return "".join(self._block(n, own_only) for n in names)

    def do_gs(self, words):
        own_only = "-e" in words
        words = [w for w in words if w != "-e"]
        if not words:
            raise UsageError(usage_of("gs"))
        name = self.facts.find(words[0])
        if name is None:
            raise ServiceError("account.NO_SUCH_SERVER", f"no such server: {words[0]}")
        if self.modes.get("missing-block") == name:
            return ""
        return self._block(name, own_only, words[1:])

    def do_gcf(self, words):
        if len(words) != 1:
            raise UsageError(usage_of("gcf"))
        return attribute_lines(self.facts.config, words)

    def do_gacf(self, words):
        return attribute_lines(self.facts.config, words)

    def do_help(self, _words):
        return " zmprov is used for provisioning. Try:\n\n     zmprov help commands        help on all commands\n\n"

    def do_ms(self, words):
        """Kept for this session only."""
        if len(words) < 3 or len(words) % 2 == 0:
            raise UsageError(usage_of("ms"))
        name = self.facts.find(words[0])
        if name is None:
            raise ServiceError("account.NO_SUCH_SERVER", f"no such server: {words[0]}")
        modify(self.facts.own(name), words[1:])
        return ""

    def do_mcf(self, words):
        if len(words) < 2 or len(words) % 2 == 1:
            raise UsageError(usage_of("mcf"))
        modify(self.facts.config, words)
        return ""


def modify(entry, words):
    """name value ..., +name value, -name value; an empty value takes the attribute away."""
    pairs = list(zip(words[::2], words[1::2]))
    changed = {}
    for word, value in pairs:
        name = word.lstrip("+-")
        if word != name and name in words[::2]:
            raise ServiceError("service.INVALID_REQUEST", f"can't mix +attrName/-attrName with attrName: {name}")
        if name.endswith("Port") and value and not value.isdigit():
            raise ServiceError("account.INVALID_ATTR_VALUE", f"{name} must be a valid port: {value}")
        values = changed.setdefault(name, list(entry.get(name, [])))
        if word.startswith("+"):
            values.append(value)
        elif word.startswith("-"):
            changed[name] = [one for one in values if one != value]
        elif len(values) > 1 and value:
            raise Fatal("error: cannot replace multi-valued attr value unless -r is specified")
        else:
            changed[name] = [value] if value else []
    for name, values in changed.items():
        entry[name] = values
        if not values:
            del entry[name]


def usage_of(command):
    return f"usage:  {USAGES[command]}\nFor general help, type : zmprov --help\n"


def read_options(arguments):
    options = {}
    rest = list(arguments)
    while rest and rest[0].startswith("-"):
        option = rest.pop(0)
        if option in OPTIONS_WITH_VALUE and rest:
            options[option] = rest.pop(0)
        elif option in OPTIONS:
            options[option] = True
        else:
            raise UsageError("options")
    return options, rest


class Session:
    """One start of the program. Output is kept back until the end, so that misbehaviour can cut it anywhere."""

    def __init__(self, home, arguments):
        self.home = pathlib.Path(home)
        self.arguments = arguments
        self.out = ""
        self.err = ""

    def run(self):
        # The real one writes nothing; where the system is read only this one cannot either.
        with contextlib.suppress(OSError), open(self.home / "zmprov.starts", "a", encoding="utf-8") as f:
            f.write(" ".join(self.arguments) + "\n")
        try:
            options, words = read_options(self.arguments)
        except UsageError:
            self.out = (DATA / "zmprov-usage.txt").read_text(encoding="utf-8")
            return 1, {}
        ldap = "-l" in options or "--ldap" in options
        modes = misbehaviour.read(self.home, "zmprov-ldap" if ldap else "zmprov")
        if modes.keys() & {"refused", "auth-failed", "perm-denied", "ldap-down"}:
            return self.refuse(modes), modes
        facts = deployment.Deployment.from_file(self.home / ".standin" / "deployment.json")
        names, _ = misbehaviour.mutate(facts.names(), facts, modes)
        provisioning = Provisioning(facts, names, ldap, modes)
        if words:
            status = self.single(provisioning, words)
        else:
            status = self.batch(provisioning, options, modes)
        return status, modes

    def refuse(self, modes):
        if "ldap-down" in modes:
            self.err = (DATA / "zmprov-ldap-down.txt").read_text(encoding="utf-8")
            return 1
        if "refused" in modes:
            self.err = (DATA / "zmprov-log4j.txt").read_text(encoding="utf-8")
            self.err += (
                "ERROR: zclient.IO_ERROR (invoke Connection refused, server: localhost) "
                "(cause: java.net.ConnectException Connection refused)\n"
            )
        elif "auth-failed" in modes:
            self.err = "ERROR: account.AUTH_FAILED (authentication failed for [zimbra])\n"
        else:
            self.err = "ERROR: service.PERM_DENIED (permission denied: Error in Authentication)\n"
        return 2

    def single(self, provisioning, words):
        if COMMANDS.get(words[0]) in (None, "exit"):
            self.out = (DATA / "zmprov-usage.txt").read_text(encoding="utf-8")
            return 1
        try:
            self.out += provisioning.run(words)
            if COMMANDS[words[0]] in ("ms", "mcf"):
                provisioning.facts.save(self.home / ".standin" / "deployment.json")
        except ServiceError as e:
            self.err += f"{e}\n"
            return 2
        except UsageError as e:
            self.out += str(e)
            return 1
        return 0

    def batch(self, provisioning, options, modes):
        file = options.get("-f") or options.get("--file")
        lines = pathlib.Path(file).read_text(encoding="utf-8").splitlines() if file else sys.stdin
        failed = False
        for line in lines:
            line = line.rstrip("\n")
            self.out += "prov> "
            if not file and "no-echo" not in modes:
                self.out += line + "\n"
            words = parse_line(line)
            if not words:
                continue
            command = COMMANDS.get(words[0])
            if command == "exit":
                return 2 if failed else 0
            try:
                if command is None:
                    self.out += "Unknown command. Type: 'help commands' for a list\n"
                else:
                    self.out += provisioning.run(words)
            except ServiceError as e:
                self.err += f"{e}\n"
                failed = True
            except UsageError as e:
                self.out += str(e).replace("For general help, type : zmprov --help\n", "")
            except Fatal as e:
                self.err += f"{e}\n"
                return 2
        self.out += "prov> "
        return 0


def write(stream, text):
    stream.buffer.write(text.encode())
    stream.flush()


def finish(session, status, modes):
    """Writes the output, in whatever way the test wants it spoilt, and exits."""
    batch = any(a in ("-f", "--file") for a in session.arguments) or "prov> " in session.out
    half = session.out[: len(session.out) // 2]
    if "slow" in modes:
        time.sleep(float(modes["slow"] or "0.3"))
    if "not-found" in modes:
        sys.exit(127)
    if "stubborn" in modes:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if "hang" in modes or "stubborn" in modes:
        write(sys.stdout, half)
        time.sleep(3600)
    if "orphan" in modes and os.fork() == 0:
        time.sleep(120)  # holds the pipes open, as a forgotten child does
        os._exit(0)
    if "die" in modes:
        write(sys.stdout, half)
        os.kill(os.getpid(), signal.SIGKILL)
    if "flood" in modes or "flood-stderr" in modes:
        flood(sys.stdout if "flood" in modes else sys.stderr)
    if "truncate" in modes and (batch or modes["truncate"] == "names"):
        session.out = half
    if "empty" in modes:
        session.out = ""
    if "error-line" in modes or ("error-line-late" in modes and batch):
        session.err += "ERROR: service.FAILURE (system failure: unable to refresh entry)\n"
    if "exit-status" in modes:
        status = int(modes["exit-status"] or "2")
    write(sys.stdout, session.out)
    write(sys.stderr, session.err)
    sys.exit(status)


def flood(stream):
    chunk = "zimbraServiceEnabled: mailbox\n" * 2000
    try:
        while True:
            write(stream, chunk)
    except BrokenPipeError:
        os._exit(141)


def main(home):
    session = Session(home, sys.argv[1:])
    status, modes = session.run()
    finish(session, status, modes)
