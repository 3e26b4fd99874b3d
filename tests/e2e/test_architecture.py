"""What ARCHITECTURE.md promises, read from the #include lines and the sources."""

import pathlib
import re
import sys
import unittest

from support import SOURCE

COMMENT = re.compile(r"//.*")
UNNAMED = re.compile(r"\nnamespace \{\n.*?\n\}  // namespace\n", re.DOTALL)
TYPE = re.compile(r"(?m)^(?:struct|class|enum class|enum|union) (\w+)[^;{\n]*\{|^using (\w+) =")


def sources(root):
    return sorted(path for path in (SOURCE / root).rglob("*") if path.suffix in (".cpp", ".hpp"))


def includes(path):
    return re.findall(r'(?m)^#include [<"]([^>"]+)[>"]', path.read_text(encoding="utf-8"))


def files_that_include(prefix):
    found = set()
    for root in ("plugin", "zmintegration"):
        found |= {str(path.relative_to(SOURCE)) for path in sources(root) if any(i.startswith(prefix) for i in includes(path))}
    return found


class Architecture(unittest.TestCase):
    def test_zmintegration_knows_nothing_of_the_plugin(self):
        for path in sources("zmintegration"):
            self.assertFalse([i for i in includes(path) if i.startswith("plugin/")], path)

    def test_each_library_of_the_outside_world_stays_behind_its_seam(self):
        self.assertEqual(files_that_include("boost/"), {"zmintegration/process/boost_process_runner.cpp"})
        self.assertEqual(files_that_include("curl/"), {"zmintegration/http/curl_transport.cpp"})
        self.assertEqual(files_that_include("CLI/"), {"plugin/cli/application.cpp", "plugin/cli/pages/command_tree.cpp"})

    def test_the_derivation_does_no_input_or_output(self):
        forbidden = ("fstream", "filesystem", "unistd.h", "sys/", "zmintegration/process", "zmintegration/http", "chrono")
        for path in sources("plugin/plan"):
            self.assertFalse([i for i in includes(path) if i.startswith(forbidden)], path)

    def test_attribute_names_live_in_the_catalogue(self):
        for path in sources("plugin"):
            for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                self.assertNotRegex(COMMENT.sub("", line), r"\bzimbra[A-Z]\w+", f"{path}:{number}")

    def test_no_two_types_of_a_namespace_have_one_name(self):
        """The linker would take them for the same, and templates of one would work on the other."""
        for root in ("plugin", "zmintegration"):
            places = {}
            for path in sources(root):
                for first, second in TYPE.findall(UNNAMED.sub("\n", path.read_text(encoding="utf-8"))):
                    places.setdefault(first or second, []).append(str(path.relative_to(SOURCE)))
            self.assertGreater(len(places), 50)
            self.assertEqual({name: where for name, where in places.items() if len(where) > 1}, {})

    def test_every_source_file_fits_its_purpose(self):
        for root in ("plugin", "zmintegration"):
            for path in sources(root):
                self.assertLess(len(path.read_text(encoding="utf-8").splitlines()), 600, path)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], "-v"])
