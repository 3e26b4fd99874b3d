"""What iptables-restore cuts without a word: python3 check.py zmfirewall.rules4 (or zmfirewall.rules6)"""

import shlex
import sys

# Bytes that the kernel keeps.
MOST = {"--comment": 255, "--log-prefix": 29}


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            if not line.startswith("-A"):
                continue
            words = shlex.split(line)
            for option, value in zip(words, words[1:]):
                size = len(value.encode())
                if size > MOST.get(option, size):
                    sys.exit(f"line {number}: {option} of {size} bytes, {MOST[option]} at most")


main()
