#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/discovery/discovery.hpp>
#include <zmintegration/support/error.hpp>

/// Is this installation fit for zmfirewall: what was looked at, what is missing, and how to mend it.
namespace zmfw {

enum class Health { ok, warning, failed, unknown };
[[nodiscard]] std::string_view to_string(Health health);  ///< "ok", "warning", "failed", "not known"

struct Check {
    std::string subject;  ///< "user", "source soap", "program nft": one place each, for programs
    Health health = Health::ok;
    std::string found;  ///< one line
    std::string fix;    ///< the next step; empty where there is nothing to mend
    bool operator==(const Check&) const = default;
};

/// How one source answered.
struct SourceSymptoms {
    std::string name;     ///< "soap"
    bool asked = false;   ///< it could not even be asked where localconfig.xml cannot be read
    std::string answer;   ///< "https://localhost:7071, 6 servers"; empty where none
    std::string problem;  ///< why there is no answer
    std::string hint;
    std::vector<std::string> warnings;  ///< what it told meanwhile: a certificate that was not verified
};

/// One file that is read.
struct FileSymptoms {
    std::string name;  ///< "master.cf"
    std::string path;
    std::string problem;  ///< empty: it was read; zmi::k_no_such_file: it is not there
};

/// What zmfirewall brings itself, or the site wrote for it: the catalogue, the templates, the policy.
struct DataSymptoms {
    std::string name;
    std::string found;  ///< "78 endpoints"
    std::optional<zmi::Error> problem;
};

/// A program, and what is lost without it.
struct ProgramSymptoms {
    std::string name;
    std::string used_for;  ///< "emit nftables --check"
    bool there = false;
};

/// All that is looked at: values alone, so that judging can be tried without a machine that is broken that way.
struct Symptoms {
    std::string user;
    zmi::Product product;
    std::optional<zmi::Error> product_problem;  ///< why it cannot be told
    std::vector<DataSymptoms> data;
    std::string localconfig_path;
    std::optional<zmi::Error> localconfig;  ///< why it cannot be read
    std::string own_name;                   ///< zimbra_server_hostname
    std::string ldap_url;                   ///< without credentials; empty where localconfig has none
    std::vector<FileSymptoms> files;
    std::vector<SourceSymptoms> sources;
    std::string servers_from;                                      ///< whose list of servers `resolved` is
    std::map<std::string, zmi::Resolution, std::less<>> resolved;  ///< by host name; our own is among them
    std::vector<ProgramSymptoms> programs;
    std::string namespaces;  ///< why they are not permitted; empty if they are
    std::string state_folder;
    std::string state_problem;
    std::chrono::sys_seconds now{};
    std::chrono::sys_seconds newest_file{};  ///< when the youngest of the files was written
    bool clock_synchronised = true;
};

/// Pure: what the symptoms mean, in the order in which to mend them.
[[nodiscard]] std::vector<Check> judge(const Symptoms& symptoms);

struct DoctorOptions {
    zmi::DiscoveryOptions discovery;
    std::optional<zmi::Error> product_problem;  ///< why discovery.product is none that was found
    std::string inventory;                      ///< a saved one instead of the sources; empty: ask
};

/// Looks at this node and asks each source; fills all but `data` and `programs`. Each source takes no longer than the
/// deadline of the options, all the rest half a minute at most.
[[nodiscard]] Symptoms examine(const DoctorOptions& options, const zmi::Wanted& wanted, zmi::Outside outside,
                               const std::function<void(const std::string& step)>& begins);

}  // namespace zmfw
