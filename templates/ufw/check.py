"""Reads what the script gives ufw with ufw's own reader and parser, as any user: python3 check.py zmfirewall-apply.sh

ufw itself works for root only, and skips with a warning what it cannot use: a later "ufw allow" then means something
else, a service of /etc/services for instance."""

import builtins
import configparser
import os
import shlex
import sys
import tempfile

sys.path.append("/usr/lib/python3/dist-packages")
builtins._ = lambda text: text
try:
    from ufw import applications, frontend
except ImportError as problem:
    sys.exit(f"the modules of ufw cannot be read by this python3: {problem}")


def wrong(text):
    sys.exit(f"{sys.argv[1]}: {text}")


def one_profile(name, section):
    """What ufw makes of a profile that stands alone; None if it skips it."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "zmfirewall"), "w", encoding="utf-8") as file:
            file.write(f"[{name}]\n" + "".join(f"{key}={value}\n" for key, value in section.items()))
        return applications.get_profiles(folder).get(name)


def check_profiles(text):
    sections = configparser.RawConfigParser()
    try:
        sections.read_string(text)
    except configparser.Error as problem:
        wrong(f"ufw would skip the whole file of profiles: {problem}")
    for name in sections.sections():
        if one_profile(name, sections[name]) is None:
            wrong(f"ufw would skip the profile {name}")
        for ports in sections[name]["ports"].split("|"):
            if not ports.endswith(("/tcp", "/udp")):
                wrong(f"ports of the profile {name} without a protocol: {ports}")
    return set(sections.sections())


def check_rule(line, profiles):
    words = shlex.split(line)
    try:
        frontend.parse_command(list(words))
    except (Exception, SystemExit):
        wrong(f"ufw does not take: {line}")
    if "app" not in words or words[words.index("app") + 1] not in profiles:
        wrong(f"the rule names no profile of this file: {line}")
    if "to" not in words or words.index("to") > words.index("app"):
        wrong(f"ufw would take the ports for those of the source: {line}")


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        script = file.read()
    if "<<'END_OF_PROFILES'\n" not in script:
        wrong("there are no profiles in it")
    profiles = check_profiles(script.split("<<'END_OF_PROFILES'\n", 1)[1].split("END_OF_PROFILES\n", 1)[0])
    for line in script.splitlines():
        if line.startswith("ufw allow "):
            check_rule(line, profiles)


main()
