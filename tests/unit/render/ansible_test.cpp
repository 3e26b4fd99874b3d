#include <gtest/gtest.h>

#include <fstream>

#include "run_program.hpp"
#include "sample_plans.hpp"

namespace zmfw {
namespace {

/// All files, below a scratch folder.
std::filesystem::path written() {
    const auto folder = std::filesystem::path(ZMFIREWALL_BINARY_DIR) / "scratch" / "ansible";
    std::filesystem::remove_all(folder);
    const auto format = find_format({sample::templates()}, "ansible").value();
    auto files = render(format, sample::mixed_plan(), sample::source(), {"1.2.3"}).value();
    const auto shared = render_cluster(format, {sample::mixed_plan()}, sample::source(), {"1.2.3"}).value();
    files.insert(files.end(), shared.begin(), shared.end());
    for (const auto& file : files) {
        std::filesystem::create_directories((folder / file.name).parent_path());
        std::ofstream(folder / file.name) << file.content;
    }
    return folder;
}

TEST(Ansible, BringsTheRulesOfTheNftablesFormat) {
    const auto rules = sample::rendered("nftables", sample::mixed_plan()).at(0).content;
    const auto own = sample::rendered("ansible", sample::mixed_plan()).at(0);
    EXPECT_EQ(own.name, "files/mail.example.com/zmfirewall.nft");
    EXPECT_EQ(own.content.substr(own.content.find("\nadd table")), rules.substr(rules.find("\nadd table")));
}

TEST(Ansible, WritesYaml) {
    if (sample::run_shell("/usr/bin/python3 -c 'import yaml'").status != 0)
        GTEST_SKIP() << "python3-yaml is not installed";
    const auto folder = written().string();
    const auto read =
        sample::run_shell("cd " + folder +
                          " && find . -name '*.yml' | /usr/bin/python3 -c 'import sys, yaml\n"
                          "for name in sys.stdin: print(yaml.safe_load(open(name.strip())) is not None)'");
    EXPECT_EQ(read.status, 0) << read.output;
    EXPECT_EQ(read.output, "True\nTrue\nTrue\nTrue\nTrue\nTrue\n");
}

TEST(Ansible, IsReadByAnsible) {
    if (sample::run_shell("command -v ansible-playbook").status != 0)
        GTEST_SKIP() << "ansible-playbook is not installed";
    const auto folder = written().string();
    for (const std::string book : {"zmfirewall.yml", "zmfirewall-undo.yml"}) {
        const auto read =
            sample::run_shell("ansible-playbook --syntax-check -i " + folder + "/inventory.yml " + folder + "/" + book);
        EXPECT_EQ(read.status, 0) << read.output;
    }
}

}  // namespace
}  // namespace zmfw
