"""The manual page and the completions say what --help says, and the shells understand them."""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

from support import BINARY, Case, need_binary, run

KINDS = ("man", "bash", "zsh", "fish")


def commands():
    """The commands of --help, with the options of each: what every page must have."""
    listed = run([BINARY, "--help"]).out.split("Subcommands:")[1].split("Examples:")[0]
    names = re.findall(r"(?m)^  ([a-z][a-z-]*) ", listed)
    return {name: sorted(set(re.findall(r"(?m)^  (?:-\w,)?(--[a-z-]+)", run([BINARY, name, "--help"]).out))) for name in names}


class Pages(Case):
    @classmethod
    def setUpClass(cls):
        cls.commands = commands()
        cls.folder = tempfile.TemporaryDirectory()
        cls.files = {}
        for kind in KINDS:
            done = run([BINARY, "help-pages", kind])
            assert done.status == 0, done.err
            cls.files[kind] = pathlib.Path(cls.folder.name) / ("_zmfirewall" if kind == "zsh" else f"zmfirewall.{kind}")
            cls.files[kind].write_text(done.out, encoding="utf-8")

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def text(self, kind):
        return self.files[kind].read_text(encoding="utf-8")

    def test_help_lists_commands_at_all(self):
        for name in ("discover", "plan", "emit", "apply", "doctor"):
            self.assertIn(name, self.commands)
        self.assertIn("--prove", self.commands["emit"])
        self.assertNotIn("help-pages", self.commands)
        self.assertNotIn("help-pages", self.text("man"))

    def test_every_command_and_option_is_in_the_manual_page(self):
        page = self.text("man").replace("\\-", "-")
        for name, options in self.commands.items():
            section = re.search(rf"(?ms)^\.SS \\fB{name}\\fR.*?(?=^\.S[SH] )", page)
            self.assertIsNotNone(section, name)
            for option in options:
                self.assertIn(f"\\fB{option}\\fR", section.group(), f"{name} {option}")
        for heading in ("NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "COMMANDS", "FILES", "EXIT STATUS", "EXAMPLES"):
            self.assertIn(f"\n.SH {heading}\n", page)
        for status in ("0", "1", "2", "3", "4", "5", "70"):
            self.assertIn(f".TP\n\\fB{status}\\fR\n", page)

    def test_the_readers_of_manual_pages_have_no_complaint(self):
        readers = [["groff", "-man", "-Tutf8", "-ww", "-z"], ["mandoc", "-T", "lint", "-W", "warning"]]
        there = [reader for reader in readers if shutil.which(reader[0])]
        if not there:
            self.skipTest("neither groff nor mandoc is installed")
        for reader in there:
            done = run([*reader, self.files["man"]])
            complaints = [line for line in (done.out + done.err).splitlines() if "missing date" not in line]
            self.assertEqual(complaints, [], reader)

    def complete(self, *words):
        """What a person gets who types these words and Tab after the last one."""
        with tempfile.NamedTemporaryFile("w", suffix=".sh") as script:
            script.write(
                f"PATH={pathlib.Path(BINARY).parent}:$PATH\nsource {self.files['bash']}\ncomplete -p zmfirewall >/dev/null || exit 9\n"
                'COMP_WORDS=(zmfirewall "$@"); COMP_CWORD=$#\n_zmfirewall\nprintf "%s\\n" "${COMPREPLY[@]}"\n'
            )
            script.flush()
            done = subprocess.run(["bash", "--norc", "-u", script.name, *words], capture_output=True, text=True, check=False,
                                  stdin=subprocess.DEVNULL, cwd=self.folder.name, timeout=60)  # fmt: skip
        self.assertEqual((done.returncode, done.stderr), (0, ""), words)
        return [word for word in done.stdout.splitlines() if word]

    def test_bash_completes_commands_options_and_values(self):
        done = run(["bash", "-n", self.files["bash"]])
        self.assertEqual((done.status, done.err), (0, ""))
        self.assertEqual(self.complete(""), list(self.commands))
        self.assertIn("plan", self.complete("pl"))
        self.assertIn("plan", self.complete("--source", "soap", "pl"))
        self.assertEqual(self.complete("plan", "--fail-on", ""), ["info", "warning", "blocker"])
        self.assertEqual(self.complete("plan", "--outb"), ["--outbound"])
        self.assertEqual(self.complete("help-pages", "--timeo"), ["--timeout"])
        self.assertIn("nftables", self.complete("emit", ""))
        self.assertEqual(self.complete("emit", "nftab"), ["nftables"])
        self.assertIn("memcached", self.complete("explain", "memc"))
        self.assertEqual(self.complete("apply", "zmfirewall.ba"), ["zmfirewall.bash"])

    def test_bash_completes_every_option_of_every_command(self):
        for name, options in self.commands.items():
            offered = self.complete(name, "--")
            for option in options:
                self.assertIn(option, offered, name)

    def test_zsh_and_fish_understand_theirs(self):
        shells = [shell for shell in ("zsh", "fish") if shutil.which(shell)]
        if not shells:
            self.skipTest("neither zsh nor fish is installed")
        for shell in shells:
            done = run([shell, "-n", self.files[shell]])
            self.assertEqual((done.status, done.err), (0, ""), shell)

    def test_fish_completes_commands_and_values(self):
        if not shutil.which("fish"):
            self.skipTest("fish is not installed")

        def offered(line):
            done = run(["fish", "--no-config", "-c", f"source {self.files['fish']}; complete -C '{line}'"])
            self.assertEqual(done.status, 0, done.err)
            return [row.split("\t")[0] for row in done.out.splitlines()]

        self.assertTrue(set(self.commands) <= set(offered("zmfirewall ")), offered("zmfirewall "))
        self.assertIn("blocker", offered("zmfirewall plan --fail-on "))
        for name, options in self.commands.items():
            self.assertTrue(set(options) <= set(offered(f"zmfirewall {name} --")), name)

    def test_zsh_completes_what_it_is_asked(self):
        if not shutil.which("zsh"):
            self.skipTest("zsh is not installed")
        script = (
            f"fpath=({self.folder.name} $fpath); autoload -Uz compinit; compinit -D -u\n"
            "_describe() { print -l -- ${(P)4} }\n_arguments() { print -l -- $@ }\n"
            "typeset -A compstate; autoload +X _zmfirewall; print ${_comps[zmfirewall]}\n"
        )
        done = run(["zsh", "-f", "-c", script])
        self.assertEqual(done.out.strip(), "_zmfirewall", done.err)
        for name, options in self.commands.items():
            for option in options:
                self.assertIn(f"'{option}[", self.text("zsh"), name)


if __name__ == "__main__":
    need_binary()
    unittest.main(argv=[sys.argv[0], "-v"])
