#!/usr/bin/env python3
"""apply, confirm, status and remove on a node of Carbonio: its plan has ranges of ports, of which TCP and UDP overlap."""

import json
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
import root  # noqa: E402

root.enter("nft")


class VideoServer(root.Case):
    """LDAP does not know it: it runs nothing classic."""

    deployment = "carbonio-ce-five"
    server = "srv5.example.com"

    def test_its_ranges_are_loaded_kept_and_taken_away(self):
        opened = next(one["open"] for one in json.loads(self.plan_text)["servers"] if one["name"] == self.server)
        ranges = {(one["protocol"], one["endpoint"]) for one in opened if "-" in str(one["port"])}
        self.assertEqual(ranges, {("tcp", "c-sidecar"), ("udp", "c-rtp")})
        self.apply()
        self.do("confirm")
        table = self.table()
        self.assertRegex(table, r"tcp dport 21000-21255 ")
        self.assertRegex(table, r"udp dport 20000-40000 ")
        self.assertIn("same: nftables", self.do("status"))
        self.apply(self.other)
        self.assertIn("10050", self.table())
        self.do("rollback")
        self.assertEqual(self.table(), table)
        self.do("remove")
        self.assertEqual(self.table(), "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
