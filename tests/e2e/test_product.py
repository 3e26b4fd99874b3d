"""Which product is here, told from the files of whole hosts; and all that follows from it."""

import json
import os
import shutil
import unittest

from support import BINARY, Case, Home, need_binary, run


class Product(Case):
    def home(self, name, **more):
        home = Home(name, **more)
        self.addCleanup(home.close)
        return home

    def without_policy(self, home):
        """What LDAP does not know of is no matter here."""
        os.remove(home.path / "conf/zmfirewall.xml")

    def discovered(self, home, *more):
        result = home.run("discover", "--json", source="zmprov-ldap", more=more)
        self.assert_done(result)
        return json.loads(result.out)

    def test_a_carbonio_is_told_with_its_edition_release_and_evidence(self):
        home = self.home("carbonio-ce-five")
        self.without_policy(home)
        inventory = self.discovered(home)
        self.assertEqual((inventory["product"], inventory["edition"], inventory["version"]), ("carbonio", "ce", "26.6.0"))
        evidence = "\n".join(inventory["product_evidence"])
        for sign in ("opt/zextras/conf/localconfig.xml", "opt/zextras/bin/carbonio", "user zextras", "package carbonio-core"):
            self.assertIn(sign, evidence)
        text = home.run("discover", source="zmprov-ldap")
        self.assertIn("this is Carbonio (ce) 26.6.0 in ", text.err)
        self.assertNotIn("left over", text.err)

    def test_what_is_left_of_a_zimbra_is_told_and_decides_nothing(self):
        home = self.home("mixed-up")
        self.assertEqual(self.discovered(home)["product"], "carbonio")
        text = home.run("discover", source="zmprov-ldap")
        self.assertIn("this is Carbonio", text.err)
        self.assertRegex(text.err, "left over, and of no account: Zimbra: .*/opt/zimbra/conf/localconfig.xml")
        self.assertNotIn("old.example.com", text.out + text.err)
        checks = json.loads(home.run("doctor", "--json", source="zmprov-ldap").out)["checks"]
        product = next(check for check in checks if check["subject"] == "product")
        self.assertEqual(product["health"], "ok")
        self.assertIn("left over: Zimbra", product["found"])

    def test_a_zimbra_with_the_suite_is_told_from_one_without(self):
        self.assertEqual(self.discovered(self.home("suite-8815"))["edition"], "suite")
        plain = self.discovered(self.home("single"))
        self.assertEqual((plain["product"], plain.get("edition", "")), ("zimbra", ""))

    def test_of_two_whole_installations_somebody_has_to_name_one(self):
        home = self.home("mixed-up")
        (home.root / "opt/zimbra/bin").mkdir()
        shutil.copy(home.path / "bin/zmprov", home.root / "opt/zimbra/bin/zmprov")
        for command in ("discover", "plan", "recompute", "catalogue"):
            refused = home.run(command)
            self.assert_refused(refused)
            self.assertIn("both Zimbra", refused.err)
            self.assertIn("--product zimbra or --product carbonio", refused.err)
        self.assertFalse((home.root / "opt/zimbra/data").exists(), "no state in a product that nobody named")
        doctor = home.run("doctor")
        self.assertRegex(doctor.out, "failed +product +both Zimbra")
        self.assertEqual(self.discovered(home, "--product", "carbonio")["product"], "carbonio")
        zimbra = home.run("discover", source="zmprov-ldap", more=["--product", "zimbra"])
        self.assertIn("this is Zimbra in ", zimbra.err)

    def test_where_nothing_is_the_way_out_is_told(self):
        home = self.home("carbonio-ce-single")
        empty = home.root / "nothing"
        empty.mkdir()
        refused = run([BINARY, "--system-root", empty, "discover"])
        self.assert_refused(refused)
        self.assertIn("nothing of Zimbra was found", refused.err)
        self.assertIn("--zimbra-home", refused.err)
        self.assertEqual(run([BINARY, "--system-root", empty, "catalogue"]).status, 0)

    def test_a_product_that_is_none_is_a_slip_of_the_command_line(self):
        self.assert_refused(run([BINARY, "--product", "exchange", "formats"]), statuses=(2,))

    def test_home_is_another_name_of_zimbra_home(self):
        home = self.home("single")
        result = run([BINARY, "--home", home.path, "--system-root", home.root, "--source", "zmprov-ldap", "discover"])
        self.assert_done(result)

    def test_a_saved_inventory_brings_its_product_along(self):
        home = self.home("carbonio-ce-single")
        saved = home.root / "saved.json"
        saved.write_text(json.dumps(self.discovered(home)), encoding="utf-8")
        elsewhere = self.home("single")
        listed = elsewhere.run("catalogue", more=["--inventory", saved])
        self.assert_done(listed)
        self.assertIn("\nc-", listed.out)
        self.assertNotIn("\nc-", elsewhere.run("catalogue").out)
        wrong = elsewhere.run("plan", more=["--inventory", saved, "--product", "zimbra"])
        self.assert_refused(wrong, statuses=(5,))
        self.assertIn("the inventory is of 'carbonio', the catalogue of zimbra", wrong.err)

    def test_carbonio_prov_is_asked_where_there_is_no_zmprov(self):
        home = self.home("carbonio-ce-single")
        by_zmprov = self.discovered(home)
        os.remove(home.path / "bin/zmprov")
        by_carbonio = self.discovered(home)
        self.assertEqual(by_carbonio["source"]["server"], "carbonio prov -l")
        self.assertEqual(by_carbonio["servers"], by_zmprov["servers"])
        self.assertEqual(by_carbonio["global"], by_zmprov["global"])

    def test_attributes_of_carbonio_come_over_soap_as_over_ldap(self):
        home = self.home("carbonio-ce-single").serve()
        self.assertEqual(home.run("discover", "--json", source="soap").status, 0)
        over_soap = json.loads(home.run("discover", "--json", source="soap").out)
        self.assertEqual(over_soap["global"], self.discovered(home)["global"])

    def test_a_node_without_a_mailbox_asks_ldap_in_the_end(self):
        home = self.home("carbonio-split", node="proxy1.example.com")
        self.without_policy(home)
        home.misbehave("zmprov refused")
        result = home.run("discover", "--json", timeout=10)
        self.assert_done(result)
        self.assertEqual(json.loads(result.out)["source"]["kind"], "zmprov-ldap")

    def recompute(self, home):
        return home.run("recompute", source="zmprov-ldap")

    def test_recompute_does_not_plan_while_setups_of_carbonio_are_pending(self):
        home = self.home("carbonio-ce-single")
        (home.path / "data").mkdir(exist_ok=True)
        pending = home.root / "etc/zextras/pending-setups.d/carbonio-tasks.sh"
        pending.write_text("#!/bin/bash\n", encoding="utf-8")
        refused = self.recompute(home)
        self.assert_refused(refused)
        self.assertIn("setup is pending: carbonio-tasks.sh", refused.err)
        self.assertIn("pending-setups -a", refused.err)
        os.rename(pending, pending.parent / "done" / pending.name)
        self.assertNotIn("pending", self.recompute(home).err)
        pending.write_text("#!/bin/bash\n", encoding="utf-8")
        os.utime(pending, (0, 0))
        self.assertIn("setup is pending", self.recompute(home).err, "when it was put there counts, not its own time")


if __name__ == "__main__":
    need_binary()
    unittest.main(verbosity=2)
