"""Which deployment a word means."""

import json
import os
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import deployment  # noqa: E402


class Read(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.addCleanup(os.chdir, os.getcwd())
        os.chdir(folder.name)

    def test_a_name_means_the_deployment_whatever_the_current_folder_holds(self):
        named = deployment.read("cluster")
        os.mkdir("cluster")
        pathlib.Path("single").write_text("not a deployment", encoding="utf-8")
        self.assertEqual(deployment.read("cluster"), named)
        self.assertIn("servers", deployment.read("single"))

    def test_a_json_file_means_itself(self):
        pathlib.Path("mine.json").write_text(json.dumps({"servers": {"a.example.com": {}}}), encoding="utf-8")
        self.assertEqual(deployment.read("mine.json"), {"servers": {"a.example.com": {}}})
        self.assertEqual(deployment.read(pathlib.Path("mine.json").resolve()), {"servers": {"a.example.com": {}}})

    def test_a_folder_is_never_read(self):
        os.mkdir("mine.json")
        with self.assertRaises(FileNotFoundError):
            deployment.read("mine.json")


if __name__ == "__main__":
    unittest.main()
