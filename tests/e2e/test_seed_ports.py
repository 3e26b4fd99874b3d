"""`explain PORT` answers every port of the table that people copy, for each product: opened to whom and why, or closed
and why, or never existed."""

import re
import unittest

import support
from expected_seed_ports import PRODUCTS, TABLE

OPEN = re.compile(r"  open (\S+)/(?:tcp|udp) (\S+): .*\((\w+)\)$")
CLOSED = re.compile(r"  closed (?:\S+/\S+ )?(\S+): (.*)$")
CANDIDATE = "      a candidate; settled by "


class Answers:
    """What `explain PORT --all` printed: entries by server, each with the lines below it."""

    def __init__(self, text):
        self.text = text
        self.open, self.closed, self.candidates = {}, {}, {}
        self.reasons = []  # lines below each open one
        server, below, last = None, [], ""
        for line in text.splitlines():
            at = re.match(r"on (\S+)$", line)
            opened, closed = OPEN.match(line), CLOSED.match(line)
            if at:
                server = at.group(1).split(".")[0]
            elif opened and server:
                self.open.setdefault((opened.group(2), opened.group(3)), set()).add(server)
                below = []
                self.reasons.append((opened.group(2), below))
            elif closed and server:
                last = closed.group(1)
                self.closed.setdefault(last, {})[server] = closed.group(2)
            elif line.startswith(CANDIDATE):
                self.candidates.setdefault(last, {})[server] = line.removeprefix(CANDIDATE)
            elif line.startswith("      "):
                below.append(line.strip())
            elif not line.strip():
                server = None


class Seed(support.Case):
    def check(self, product, column):
        name = PRODUCTS[product]
        with support.Home(name) as home:
            saved = home.run("discover", "--json", source="zmprov-ldap")
            self.assert_done(saved)
            file = home.path / "saved.json"
            file.write_text(saved.out, encoding="utf-8")
            for port, cells in TABLE.items():
                with self.subTest(port=port):
                    result = home.run("explain", str(port), "--all", more=["--inventory", file])
                    self.assert_done(result)
                    self.compare(Answers(result.out), cells[column])

    def compare(self, found, cell):
        wanted_open, wanted_candidates = {}, {}
        for word, endpoint, *more in (part.split() for part in cell.split(";")):
            if word == "open":
                wanted_open[endpoint, more[0]] = set(more[1:])
            elif word == "candidate":
                wanted_candidates[endpoint] = set(more)
            elif word == "closed":
                reasons = found.closed.get(endpoint, {})
                if reasons:
                    self.assertTrue(all(reasons.values()), found.text)
                else:  # on no server at all: then the catalogue says what it is
                    self.assertRegex(found.text, rf"(?m)^{re.escape(endpoint)} \(", found.text)
            else:
                self.assertEqual(word, "never")
                self.assertTrue(found.closed.get(endpoint), found.text)
                self.assertTrue(all(found.closed[endpoint].values()), found.text)
        self.assertEqual(found.open, wanted_open, found.text)
        self.assertEqual({e: set(s) for e, s in found.candidates.items()}, wanted_candidates, found.text)
        for endpoint, below in found.reasons:
            self.assertTrue(any(line.startswith("because ") for line in below), f"{endpoint}: {found.text}")

    def test_the_table_is_whole(self):
        outside = "25 80 110 143 443 587 993 995 5222 5223 9071"
        inside = (
            "389 636 3310 5269 7025 7047 7071 7072 7073 7110 7143 7171 7306 7780 7993 7995 8080 8443 8735 8736 10024 "
            "10025 10026 10028 10029 10032 23232 23233 11211"
        )
        self.assertEqual(list(TABLE), [int(p) for p in f"{outside} {inside}".split()])
        self.assertEqual({len(cells) for cells in TABLE.values()}, {len(PRODUCTS)})


for number, one in enumerate(PRODUCTS):
    setattr(Seed, f"test_of_{one.replace(' ', '_')}", lambda self, p=one, c=number: self.check(p, c))


if __name__ == "__main__":
    support.need_binary()
    unittest.main(verbosity=1)
