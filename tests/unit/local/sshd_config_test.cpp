#include <gtest/gtest.h>
#include <tests/unit/support/temporary_tree.hpp>
#include <zmintegration/local/sshd_config.hpp>

namespace {

class SshdConfig : public testing::Test {
protected:
    void write(const std::string& text) { m_tree.write("etc/ssh/sshd_config", text); }
    void write(const std::string& name, const std::string& text) { m_tree.write("etc/ssh/" + name, text); }

    /// "line address port" of each listener and then the problem, or the error; without the folder of the test.
    [[nodiscard]] std::string listeners() const {
        const auto found = zmi::load_sshd_config(m_tree.root());
        std::string result;
        if (!found) return without_root(found.error().what);
        for (const auto& listener : found->listeners) {
            EXPECT_EQ(listener.file, "sshd_config");
            result += std::to_string(listener.line) + " " + listener.service + " [" + listener.address + "] " +
                      std::to_string(listener.port) + "\n";
        }
        return result + without_root(found->problem);
    }

    [[nodiscard]] std::string listeners_of(const std::string& text) {
        write(text);
        return listeners();
    }

    [[nodiscard]] std::string without_root(std::string text) const {
        const auto root = m_tree.root().string();
        for (auto at = text.find(root); at != std::string::npos; at = text.find(root)) text.erase(at, root.size());
        return text;
    }

    TemporaryTree m_tree;
};

TEST_F(SshdConfig, WithoutAPortMeansPort22) {
    EXPECT_EQ(listeners_of("PermitRootLogin no\n#Port 2222\n"), "0 Port [] 22\n");
}

TEST_F(SshdConfig, GivesEveryPort) {
    EXPECT_EQ(listeners_of("Port 22\nPort 2222\n"), "1 Port [] 22\n2 Port [] 2222\n");
}

TEST_F(SshdConfig, ReadsKeywordsAsSshdDoes) {
    EXPECT_EQ(listeners_of("  pOrT=2222 # comment\n"), "1 Port [] 2222\n");
    EXPECT_EQ(listeners_of("PORT = \"2222\"\n"), "1 Port [] 2222\n");
    EXPECT_EQ(listeners_of("Port\t'2222'\r\n"), "1 Port [] 2222\n");
    EXPECT_EQ(listeners_of("Port\"2222\"\n"), "1 Port [] 2222\n");
    EXPECT_EQ(listeners_of("Port ssh\n"), "1 Port [] 22\n");
}

TEST_F(SshdConfig, ReadsEveryFormOfListenAddress) {
    EXPECT_EQ(listeners_of("ListenAddress 10.0.0.5\nListenAddress 10.0.0.6:2022\nListenAddress ::1\n"
                           "ListenAddress [fd00::1]\nListenAddress [fd00::2]:2023 rdomain blue\n"
                           "ListenAddress mail.example.com:2024\nListenAddress fe80::1%eth0\n"),
              "1 ListenAddress [10.0.0.5] 22\n2 ListenAddress [10.0.0.6] 2022\n3 ListenAddress [::1] 22\n"
              "4 ListenAddress [fd00::1] 22\n5 ListenAddress [fd00::2] 2023\n"
              "6 ListenAddress [mail.example.com] 2024\n7 ListenAddress [fe80::1%eth0] 22\n");
}

TEST_F(SshdConfig, UsesEveryPortForAnAddressWithoutOne) {
    EXPECT_EQ(listeners_of("ListenAddress 10.0.0.5\nPort 22\nPort 2222\n"),
              "1 ListenAddress [10.0.0.5] 22\n1 ListenAddress [10.0.0.5] 2222\n");
}

TEST_F(SshdConfig, ForgetsThePortWhereEveryAddressHasItsOwn) {
    EXPECT_EQ(listeners_of("Port 22\nListenAddress 10.0.0.5:2222\n"), "2 ListenAddress [10.0.0.5] 2222\n");
}

TEST_F(SshdConfig, NamesTheSamePlaceOnce) {
    EXPECT_EQ(listeners_of("Port 22\nPort 22\n"), "1 Port [] 22\n");
}

TEST_F(SshdConfig, IgnoresMatchBlocks) {
    EXPECT_EQ(listeners_of("Port 22\nMatch User backup\n  Port 2222\n  Include x\n"), "1 Port [] 22\n");
}

TEST_F(SshdConfig, ReadsIncludedFilesInOrder) {
    write("Include /etc/ssh/sshd_config.d/*.conf\nPort 22\n");
    write("sshd_config.d/20-b.conf", "Port 2220\n");
    write("sshd_config.d/10-a.conf", "\nPort 2210\n");
    write("sshd_config.d/30-c.other", "Port 2230\n");
    EXPECT_EQ(listeners(), "2 Port [] 2210\n1 Port [] 2220\n2 Port [] 22\n");
}

TEST_F(SshdConfig, IncludesRelativeToItsFolder) {
    write("Include extra/one \"extra/two\"\n");
    write("extra/one", "Port 1\n");
    write("extra/two", "Port 2\n");
    EXPECT_EQ(listeners(), "1 Port [] 1\n1 Port [] 2\n");
}

TEST_F(SshdConfig, GoesOnAfterAMatchInsideOfAnIncludedFile) {
    write("Include a\nPort 22\n");
    write("a", "Match User x\nPort 1\n");
    EXPECT_EQ(listeners(), "2 Port [] 22\n");
}

TEST_F(SshdConfig, MayIncludeNothing) {
    EXPECT_EQ(listeners_of("Include conf.d/*.conf\nPort 22\n"), "2 Port [] 22\n");
}

TEST_F(SshdConfig, StopsAFileThatIncludesItself) {
    EXPECT_EQ(listeners_of("Include sshd_config\n"), "/etc/ssh/sshd_config: too many Include files");
}

TEST_F(SshdConfig, NamesTheLineItCannotUnderstand) {
    EXPECT_EQ(listeners_of("\nPort 0\n"), "/etc/ssh/sshd_config:2: Port '0' is not a port");
    EXPECT_EQ(listeners_of("Port\n"), "/etc/ssh/sshd_config:1: port without a value");
    EXPECT_EQ(listeners_of("Port \"22\n"), "/etc/ssh/sshd_config:1: a quote is not closed");
    EXPECT_EQ(listeners_of("ListenAddress a_b\n"), "/etc/ssh/sshd_config:1: ListenAddress 'a_b' is not an address");
    for (const auto* wrong : {"10.0.0.256", "[::1]22", "[::1", "10.0.0.5:", "10.0.0.5:x", ":22"}) {
        EXPECT_EQ(listeners_of("ListenAddress " + std::string(wrong)).find("/etc/ssh/sshd_config:1: Listen"), 0u);
    }
}

TEST_F(SshdConfig, NamesTheIncludedFileThatIsWrong) {
    write("Include a\n");
    write("a", "\n\nPort x\n");
    EXPECT_EQ(listeners(), "/etc/ssh/a:3: Port 'x' is not a port");
}

TEST_F(SshdConfig, KeepsWhatIsKnownBesideAnIncludeThatCannotBeRead) {
    write("Include sshd_config.d/*.conf\nPort 2222\n");
    write("sshd_config.d/10-a.conf", "Port 2210\n");
    std::filesystem::create_directories(m_tree.root() / "etc/ssh/sshd_config.d/20-folder.conf");
    write("sshd_config.d/30-c.conf", "Port 2230\n");
    EXPECT_EQ(listeners(),
              "1 Port [] 2210\n1 Port [] 2230\n2 Port [] 2222\n"
              "cannot read /etc/ssh/sshd_config.d/20-folder.conf: not a regular file");
}

TEST_F(SshdConfig, NamesEveryIncludeThatCannotBeRead) {
    for (const auto* name : {"a", "b"}) std::filesystem::create_directories(m_tree.root() / "etc/ssh" / name);
    EXPECT_EQ(listeners_of("Include a b\n"),
              "0 Port [] 22\ncannot read /etc/ssh/a: not a regular file; cannot read /etc/ssh/b: not a regular file");
}

TEST_F(SshdConfig, AnIncludeThatDanglesIsNotTakenForAnAbsentSshdConfig) {
    std::filesystem::create_directories(m_tree.root() / "etc/ssh");
    std::filesystem::create_symlink("nowhere", m_tree.root() / "etc/ssh/a.conf");
    EXPECT_EQ(listeners_of("Port 22\nInclude *.conf\n"),
              "1 Port [] 22\ncannot read /etc/ssh/a.conf: No such file or directory");
}

TEST_F(SshdConfig, ListensInTheAddressFamilyThatItNames) {
    EXPECT_EQ(listeners_of("AddressFamily inet\nPort 22\n"), "2 Port [0.0.0.0] 22\n");
    EXPECT_EQ(listeners_of("Port 2222\naddressfamily INET6\n"), "1 Port [::] 2222\n");
    EXPECT_EQ(listeners_of("AddressFamily any\n"), "0 Port [] 22\n");
    EXPECT_EQ(listeners_of("AddressFamily inet6\nAddressFamily inet\n"), "0 Port [::] 22\n");
    EXPECT_EQ(listeners_of("AddressFamily inet\nListenAddress 10.0.0.5\n"), "2 ListenAddress [10.0.0.5] 22\n");
    EXPECT_EQ(listeners_of("AddressFamily ipx\n"),
              "/etc/ssh/sshd_config:1: AddressFamily 'ipx' is not any, inet or inet6");
}

TEST_F(SshdConfig, ThatIsAbsentIsTold) {
    EXPECT_EQ(listeners(), zmi::k_no_such_file);
}

TEST_F(SshdConfig, ThatCannotBeReadListsNothing) {
    std::filesystem::create_directories(m_tree.root() / "etc/ssh/sshd_config");
    EXPECT_EQ(listeners(), "cannot read /etc/ssh/sshd_config: not a regular file");
}

}  // namespace
