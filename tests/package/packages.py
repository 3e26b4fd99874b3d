"""Packages for the tests: ours, from this build, and small ones that stand in for those of the mail server."""

import os
import pathlib
import shutil
import subprocess
import tempfile

BUILD = pathlib.Path(os.environ["ZMFIREWALL_BUILD"])


def packed(generator, version=None):
    """A package of this build, in a folder of its own; as if it were of another version, where one is given."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="zmfirewall-package-"))
    command = ["cpack", "-G", generator, "--config", BUILD / "CPackConfig.cmake", "-B", folder]
    command += ["-R", version] if version else []
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode != 0:
        shutil.rmtree(folder)
        raise AssertionError(done.stdout)
    (package,) = folder.glob(f"*.{generator.lower()}")
    return package


def stand_in_package(folder):
    """A zimbra-core that holds one file, made in the folder."""
    tree = folder / "tree"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "opt/zimbra/libexec").mkdir(parents=True)
    (tree / "opt/zimbra/libexec/zmthing").write_text("#!/bin/sh\n", encoding="utf-8")
    (tree / "DEBIAN/control").write_text(
        "Package: zimbra-core\nVersion: 10.1\nArchitecture: all\nMaintainer: test <test@example.com>\n"
        "Description: stands in\n", encoding="utf-8")  # fmt: skip
    command = ["dpkg-deb", "--root-owner-group", "-b", tree, folder / "core.deb"]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return folder / "core.deb"


def stand_in_rpm(folder):
    """The same for rpm."""
    spec = folder / "core.spec"
    spec.write_text(
        "Name: zimbra-core\nVersion: 10.1\nRelease: 1\nSummary: stands in\nLicense: none\nBuildArch: noarch\n"
        "%description\nstands in\n%install\nmkdir -p %{buildroot}/opt/zimbra/libexec\n"
        "echo '#!/bin/sh' >%{buildroot}/opt/zimbra/libexec/zmthing\n%files\n/opt/zimbra/libexec/zmthing\n",
        encoding="utf-8")  # fmt: skip
    command = ["rpmbuild", "-bb", "--define", f"_topdir {folder}", spec]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    (package,) = folder.rglob("zimbra-core*.rpm")
    return package
