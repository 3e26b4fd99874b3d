#!/usr/bin/env python3
"""The product's sources are C++20 as the oldest compiler and libraries of docs/building.md know it.

g++ 11 (Ubuntu 22.04, Rocky 9) is in Debian 12, so it reads every source. The older libraries are not: what they lack is
looked for by name, and nlohmann-json is told to leave out what it has only had since 3.11."""

import concurrent.futures
import json
import os
import pathlib
import re
import shlex
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ["ZMFIREWALL_SOURCE_DIR"])
COMPILER = "g++-11"
# For reading only: nothing is generated, so nothing is optimized.
LEFT_OUT = re.compile(r"-O\d|-g|-D_FORTIFY_SOURCE=\d|-W.*")
# What is younger than the oldest version of each library, by the version that brought it.
TOO_NEW = {
    "libstdc++ 10 (Ubuntu 20.04 with g++-10)": [
        r"#include <(barrier|expected|format|generator|latch|print|semaphore|source_location|spanstream|stacktrace|"
        r"syncstream)>",
        r"\busing enum\b",
        r"\bstd::(bit_cast|byteswap|expected|format|format_to|print|println|jthread|make_unique_for_overwrite|"
        r"move_only_function|source_location|to_underlying|unreachable)\b",
        r"\bstd::chrono::(current_zone|get_tzdb|locate_zone|parse|sys_days|utc_clock|weekday|year|year_month_day|zoned_time)\b",
        r"\bstd::ranges::(contains|to|starts_with|fold_left)\b",
        r"\bstd::views::(chunk|enumerate|join_with|slide|zip)\b",
    ],
    "fmt 6.1 (Ubuntu 20.04), 6.2 (EPEL 8)": [
        r"#include <fmt/(args|std|xchar)\.h>",
        r"\bfmt::(runtime|println|streamed|underlying|group_digits|format_string|dynamic_format_arg_store|nested)\b",
        r"\bformat_as\b",
    ],
    "nlohmann-json 3.6 (EPEL 8), 3.7 (Ubuntu 20.04)": [
        r"\bnlohmann::ordered_(json|map)\b",
        r"\bNLOHMANN_(DEFINE|JSON_SERIALIZE)_",
        r"\bjson::(binary|patch_inplace)\b",
        r"\.(is_binary|patch_inplace)\(",
    ],
    "CLI11 1.8 (EPEL 8)": [
        r"\bCLI::(AsNumberWithUnit|FileOnDefaultPath|TypeValidator|EscapedString)\b",
        r"->(default_str_function|run_callback_for_default|force_callback|trigger_on_parse|set_version_flag|"
        r"usage|validate_optional_arguments)\(",
        r"\.(set_version_flag|ensure_utf8|usage)\(",
        r"\bMultiOptionPolicy::(Sum|Reverse)\b",
    ],
    "pugixml 1.10 (Ubuntu 20.04)": [r"\.remove_(children|attributes)\("],
    "tl-expected 1.0 (Ubuntu 22.04)": [r"\.(transform|transform_error)\("],
}  # fmt: skip

# CMake 3.16 is Ubuntu 20.04's.
TOO_NEW_FOR_CMAKE = re.compile(
    r"COMMAND_ERROR_IS_FATAL|\bcmake_(path|language)\b|ZIP_LISTS|string\(JSON|file\((REAL_PATH|CONFIGURE|ARCHIVE_)|"
    r"find_(program|file|path|library)\([^)]*REQUIRED|configure_file\([^)]*PERMISSIONS|\bblock\(|\bFILE_SET\b|"
    r"PROJECT_IS_TOP_LEVEL|cmake_dependent_option\(.*\bAND\b", re.I)  # fmt: skip


def sources():
    return [path for folder in ("zmintegration", "plugin") for path in sorted((SOURCE / folder).rglob("*.[ch]pp"))]


def commands():
    """What CMake would run for each source, with the preset "oldest"; for reading only."""
    with tempfile.TemporaryDirectory(prefix="zmfirewall-oldest-") as folder:
        configure = ["cmake", "--preset", "oldest", "-G", "Unix Makefiles", "-B", folder]
        done = subprocess.run(configure, cwd=SOURCE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(done.stdout)
        entries = json.loads((pathlib.Path(folder) / "compile_commands.json").read_text(encoding="utf-8"))
    for entry in entries:
        words = shlex.split(entry["command"])
        words = words[: words.index("-o")]
        yield [*(word for word in words if not LEFT_OUT.fullmatch(word)), "-fsyntax-only", entry["file"]]


def read(command):
    done = subprocess.run(command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return "" if done.returncode == 0 else f"{command[-1]}:\n{done.stdout[:3000]}"


class Oldest(unittest.TestCase):
    def test_compiler_reads_every_source(self):
        if not shutil.which(COMPILER):
            self.skipTest(f"{COMPILER} is not installed")
        all_commands = list(commands())
        self.assertGreater(len(all_commands), 100)
        self.assertTrue(all(COMPILER in command[0] and "-std=c++20" in command for command in all_commands))
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            complaints = [text for text in pool.map(read, all_commands) if text]
        self.assertEqual(complaints, [], "\n".join(complaints))

    def test_libraries_have_what_is_used_of_them(self):
        for library, patterns in TOO_NEW.items():
            pattern = re.compile("|".join(patterns))
            for path in sources():
                for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
                    code = line.partition("//")[0]
                    self.assertIsNone(pattern.search(code), f"{path}:{number}: {library} does not have it: {line.strip()}")

    def test_cmake_has_what_is_used_of_it(self):
        for path in [SOURCE / "CMakeLists.txt", *(SOURCE / "cmake").glob("*.cmake"),
                     *(p for f in ("zmintegration", "plugin") for p in (SOURCE / f).rglob("CMakeLists.txt"))]:  # fmt: skip
            found = TOO_NEW_FOR_CMAKE.search(path.read_text(encoding="utf-8"))
            self.assertIsNone(found, f"{path}: CMake 3.16 does not have it")

    def test_names_of_what_is_too_new_are_found_where_they_are(self):
        found = [any(re.search(p, line) for patterns in TOO_NEW.values() for p in patterns)
                 for line in ("using enum Kind;", "nlohmann::ordered_json x;", "fmt::print(fmt::runtime(x));",
                              "#include <source_location>", "app.ensure_utf8(argv);")]  # fmt: skip
        self.assertEqual(found, [True] * 5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
