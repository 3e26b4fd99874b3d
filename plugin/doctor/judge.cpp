#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <plugin/doctor/doctor.hpp>

namespace zmfw {
namespace {

using namespace std::chrono_literals;

// A clock before this release is wrong.
constexpr std::chrono::sys_seconds k_not_before{std::chrono::seconds(1735689600)};  // 2025-01-01
constexpr auto k_tolerated_future = 5min;

/// What is left of the other product decides nothing, but may be what somebody looks at by mistake.
Check check_product(const Symptoms& symptoms) {
    if (symptoms.product_problem)
        return {"product", Health::failed, symptoms.product_problem->what, symptoms.product_problem->hint};
    const auto& product = symptoms.product;
    Check check{"product", Health::ok, zmi::describe(product), {}};
    if (!product.leftovers.empty()) check.found += fmt::format("; left over: {}", fmt::join(product.leftovers, ", "));
    if (!product.evidence.empty()) return check;
    check.health = Health::failed;
    check.fix = "run it on a mail server, or name the installation with --zimbra-home";
    return check;
}

Check check_user(const Symptoms& symptoms) {
    Check check{"user", Health::ok, fmt::format("running as {}", symptoms.user), {}};
    const auto& user = symptoms.product.user;
    if (symptoms.user == user) return check;
    check.health = symptoms.localconfig ? Health::failed : Health::warning;
    check.found += fmt::format(", not as {}", user);
    check.fix =
        fmt::format("su - {}, and run it there; only apply, confirm, rollback, remove and status are for root", user);
    return check;
}

Check check_data(const DataSymptoms& data) {
    if (!data.problem) return {data.name, Health::ok, data.found, {}};
    return {
        data.name, Health::failed, data.problem->what,
        data.problem->hint.empty() ? "correct what is named there, or install zmfirewall again" : data.problem->hint};
}

Check check_localconfig(const Symptoms& symptoms) {
    if (!symptoms.localconfig) return {"localconfig.xml", Health::ok, symptoms.localconfig_path, {}};
    return {"localconfig.xml", Health::failed, symptoms.localconfig->what,
            symptoms.localconfig->hint.empty()
                ? fmt::format("run as {0} (su - {0}), or name the home with --zimbra-home", symptoms.product.user)
                : symptoms.localconfig->hint};
}

/// What it means that a file is not there, and what to do where it may not be read.
struct FileMeaning {
    std::string_view name;
    Health absent;
    std::string_view when_absent;
    std::string_view fix_absent;
    std::string_view fix_unreadable;
};
constexpr FileMeaning k_files[] = {
    {"master.cf", Health::ok, "no mta on this node, or never configured", "",
     "let USER read it: chown root:USER FILE; chmod 640 FILE (or: zmfixperms)"},
    {"main.cf", Health::ok, "no mta on this node, or never configured", "",
     "let USER read it: chown root:USER FILE; chmod 640 FILE (or: zmfixperms)"},
    {"sshd_config", Health::warning, "no sshd here, or it is configured elsewhere",
     "tell its ports in the policy: <server name=\"...\"><sshd port=\"22\"/></server>",
     "as root: chmod a+r FILE and what it includes; or tell the ports in the policy: <sshd port=\"22\"/>"},
    {"ca.pem", Health::warning, "certificates are checked against the system's CAs alone",
     "as root: zmcertmgr createca, or name a file with --tls-ca",
     "let USER read it: zmfixperms; or name a file with --tls-ca"},
    {"resolv.conf", Health::warning, "this node has no nameserver of its own", "write nameserver lines to it",
     "as root: chmod a+r FILE"},
};

std::string replaced(std::string text, std::string_view word, const std::string& by) {
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + by.size())) {
        text.replace(at, word.size(), by);
    }
    return text;
}

Check check_file(const FileSymptoms& file, const std::string& user) {
    const auto* meaning = std::find_if(std::begin(k_files), std::end(k_files),
                                       [&](const FileMeaning& known) { return known.name == file.name; });
    const bool known = meaning != std::end(k_files);
    if (file.problem.empty()) return {file.name, Health::ok, file.path, {}};
    if (file.problem == zmi::k_no_such_file) {
        return {file.name, known ? meaning->absent : Health::warning,
                fmt::format("{} is not there: {}", file.path, known ? meaning->when_absent : "nothing is read from it"),
                known ? std::string(meaning->fix_absent) : std::string()};
    }
    // The problem names the file itself where it is about an included one.
    const auto found = file.problem.find('/') == std::string::npos ? file.path + ": " + file.problem : file.problem;
    return {file.name, Health::failed, found,
            replaced(replaced(std::string(known ? meaning->fix_unreadable : "as root: chmod a+r FILE"), "USER", user),
                     "FILE", file.path)};
}

Check check_source(const SourceSymptoms& source, bool another_answers) {
    Check check{"source " + source.name, Health::ok, source.answer, {}};
    if (!source.asked) {
        check.health = Health::unknown;
        check.found = source.problem.empty() ? "not asked" : source.problem;
        check.fix = source.hint;
    } else if (source.answer.empty()) {
        check.health = another_answers ? Health::warning : Health::failed;
        check.found = source.problem;
        check.fix = source.hint.empty() ? "see zmcontrol status: mailboxd for soap and zmprov, ldap for zmprov-ldap"
                                        : source.hint;
    } else if (!source.warnings.empty()) {
        check.health = Health::warning;
        check.found = source.warnings.front();
        check.fix = "see the check tls, or README, Sources";
    }
    return check;
}

bool is_about_certificates(const std::string& text) {
    return text.find("certificate") != std::string::npos;
}

/// Apart from the answer: who answers unverified is somebody, perhaps not our mailbox server.
Check check_tls(const Symptoms& symptoms) {
    for (const auto& source : symptoms.sources) {
        if (source.name != "soap" || !source.asked) continue;
        for (const auto& warning : source.warnings) {
            if (!is_about_certificates(warning)) continue;
            return {"tls", Health::warning, warning,
                    "renew it with zmcertmgr deploycrt self, or name the CA with --tls-ca FILE"};
        }
        if (!source.answer.empty()) {
            const bool verified = source.answer.starts_with("https");
            return {"tls",
                    Health::ok,
                    verified ? "the certificate of the admin service is verified" : "plain http over loopback",
                    {}};
        }
        if (is_about_certificates(source.problem)) {
            return {"tls", Health::failed, source.problem,
                    "renew it with zmcertmgr deploycrt self, or name the CA with --tls-ca FILE"};
        }
    }
    return {"tls", Health::unknown, "the admin service did not answer, so no certificate was seen", {}};
}

Check check_ldap_url(const Symptoms& symptoms) {
    if (symptoms.localconfig) return {"ldap_url", Health::unknown, "localconfig.xml cannot be read", {}};
    if (!symptoms.ldap_url.empty()) return {"ldap_url", Health::ok, symptoms.ldap_url, {}};
    return {"ldap_url", Health::warning, "localconfig.xml has no ldap_url: zmprov -l cannot answer",
            "zmlocalconfig -e ldap_url=ldap://HOST:389"};
}

void add_names(const Symptoms& symptoms, std::vector<Check>& checks) {
    const std::string fix = "add it to DNS or /etc/hosts, or tell its <address> in the policy";
    const auto own = symptoms.resolved.find(symptoms.own_name);
    if (symptoms.own_name.empty() || own == symptoms.resolved.end()) {
        checks.push_back({"resolver", Health::unknown, "the name of this node is not known", {}});
    } else if (own->second.addresses.empty()) {
        checks.push_back({"resolver", Health::failed,
                          fmt::format("{}, this node, does not resolve: {}", own->first, own->second.problem), fix});
    } else {
        checks.push_back({"resolver",
                          Health::ok,
                          fmt::format("{} is {}", own->first, own->second.addresses.front().to_string()),
                          {}});
    }
    if (symptoms.servers_from.empty()) {
        checks.push_back(
            {"peers", Health::unknown, "no source told of the other servers, and there is no last inventory", {}});
        return;
    }
    std::size_t good = 0;
    for (const auto& [name, resolution] : symptoms.resolved) {
        if (name == symptoms.own_name) continue;
        if (!resolution.addresses.empty()) {
            ++good;
            continue;
        }
        checks.push_back(
            {"peers", Health::failed, fmt::format("{} does not resolve: {}", name, resolution.problem), fix});
    }
    if (good > 0 || symptoms.resolved.size() <= 1) {
        checks.push_back(
            {"peers", Health::ok, fmt::format("{} other servers resolve (of {})", good, symptoms.servers_from), {}});
    }
}

/// The package of a program, where it is not called the same.
std::string package_of(const std::string& program) {
    static const std::map<std::string, std::string> packages = {
        {"nft", "nftables"},
        {"iptables-restore", "iptables"},
        {"ip6tables-restore", "iptables"},
        {"firewall-cmd", "firewalld"},
        {"firewall-offline-cmd", "firewalld"},
        {"ansible-playbook", "ansible-core"},
        {"ip", "iproute2 (iproute)"},
        {"unshare", "util-linux"},
        {"sh", "dash or bash"},
    };
    const auto at = packages.find(program);
    return at == packages.end() ? program : at->second;
}

Check check_program(const ProgramSymptoms& program) {
    const auto subject = "program " + program.name;
    if (program.there) return {subject, Health::ok, "for " + program.used_for, {}};
    // A host needs the programs of its own firewall only, and we do not know which that is to be.
    return {subject, Health::unknown, fmt::format("not installed: {} is not possible here", program.used_for),
            fmt::format("install {} where you want that", package_of(program.name))};
}

Check check_namespaces(const Symptoms& symptoms) {
    if (symptoms.namespaces.empty()) return {"namespaces", Health::ok, "emit --prove can try rules here", {}};
    return {"namespaces", Health::warning, symptoms.namespaces + ": emit --prove tries nothing here",
            "as root: sysctl user.max_user_namespaces=1000 kernel.unprivileged_userns_clone=1 (what there is of them); "
            "or prove elsewhere, from a saved inventory"};
}

Check check_state(const Symptoms& symptoms) {
    if (symptoms.state_problem.empty()) return {"state", Health::ok, symptoms.state_folder, {}};
    return {"state", Health::failed, fmt::format("{}: {}", symptoms.state_folder, symptoms.state_problem),
            fmt::format("as root: install -d -o {0} -g {0} -m 0750 {1}", symptoms.product.user, symptoms.state_folder)};
}

Check check_clock(const Symptoms& symptoms) {
    const std::string fix = "set it, and keep it with chrony or systemd-timesyncd (timedatectl set-ntp true)";
    const auto now = zmi::to_rfc3339(symptoms.now);
    if (symptoms.now < k_not_before) return {"clock", Health::failed, now + " is in the past", fix};
    if (symptoms.newest_file > symptoms.now + k_tolerated_future) {
        return {"clock", Health::warning,
                fmt::format("it is {}, and a file was written at {}", now, zmi::to_rfc3339(symptoms.newest_file)), fix};
    }
    if (!symptoms.clock_synchronised) {
        return {"clock", Health::warning, "nothing keeps it right; apply refuses plans that seem old or of the future",
                fix};
    }
    return {"clock", Health::ok, now, {}};
}

}  // namespace

std::string_view to_string(Health health) {
    switch (health) {
        case Health::ok: return "ok";
        case Health::warning: return "warning";
        case Health::failed: return "failed";
        case Health::unknown: return "not known";
    }
    return "not known";
}

std::vector<Check> judge(const Symptoms& symptoms) {
    std::vector<Check> checks = {check_product(symptoms), check_user(symptoms)};
    for (const auto& data : symptoms.data) checks.push_back(check_data(data));
    checks.push_back(check_localconfig(symptoms));
    for (const auto& file : symptoms.files) checks.push_back(check_file(file, symptoms.product.user));
    const bool any = std::any_of(symptoms.sources.begin(), symptoms.sources.end(),
                                 [](const SourceSymptoms& source) { return !source.answer.empty(); });
    for (const auto& source : symptoms.sources) checks.push_back(check_source(source, any));
    checks.push_back(check_tls(symptoms));
    checks.push_back(check_ldap_url(symptoms));
    add_names(symptoms, checks);
    for (const auto& program : symptoms.programs) checks.push_back(check_program(program));
    checks.push_back(check_namespaces(symptoms));
    checks.push_back(check_state(symptoms));
    checks.push_back(check_clock(symptoms));
    return checks;
}

}  // namespace zmfw
