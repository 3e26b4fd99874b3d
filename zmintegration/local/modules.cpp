#include <zmintegration/local/modules.hpp>

#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <system_error>
#include <zmintegration/facts/json_tree.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

using Services = std::map<std::string, bool, std::less<>>;

constexpr std::chrono::milliseconds k_deadline{30'000};
constexpr std::size_t k_output_limit = 4 * 1024 * 1024;
constexpr std::size_t k_max_depth = 32;
constexpr std::size_t k_most_values = 100'000;
constexpr std::string_view k_whole_module = "module";
constexpr const char* k_advanced_cli = "usr/share/carbonio-advanced-cli/carbonio-advanced-cli.jar";

void add_services(const JsonNode& node, Services& into) {
    for (std::size_t i = 0; i < node.children.size(); ++i) {
        const auto& child = node.children[i];
        const auto* running = child.type == JsonNode::Type::object ? child.member("running") : nullptr;
        if (i < node.names.size() && running != nullptr && running->type == JsonNode::Type::boolean) {
            auto& runs = into[node.names[i]];
            runs = runs || running->truth;
        }
        add_services(child, into);
    }
}

bool is_word(std::string_view text) {
    return !text.empty() && text.front() != '-' && std::all_of(text.begin(), text.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

class ModuleAsker {
public:
    ModuleAsker(std::filesystem::path program, const std::filesystem::path& home, ProcessRunner& processes)
        : m_program(std::move(program)), m_home(home), m_processes(processes) {}

    [[nodiscard]] Expected<Services> ask(const std::string& module) {
        const auto what = fmt::format("{} --json {} getServices", m_program.string(), module);
        if (!is_word(module)) return failure(ErrorKind::data, zmi::quoted(module) + " is no name of a module");
        Command command;
        command.program = m_program;
        command.arguments = {"--json", module, "getServices"};
        command.environment = {
            {"PATH", (m_home / "bin").string() + ":/usr/bin:/bin"}, {"HOME", m_home.string()}, {"LC_ALL", "C.UTF-8"}};
        command.deadline = k_deadline;
        command.output_limit = k_output_limit;
        const auto outcome = m_processes.run(command);
        if (!outcome) return failure(ErrorKind::knowledge, fmt::format("{}: {}", what, outcome.error().what));
        if (!outcome->ok())
            return failure(ErrorKind::knowledge, fmt::format("{}: {}", what, outcome->describe(command)));
        auto services = parse_module_services(outcome->out);
        if (!services) return tl::unexpected(std::move(services.error()).within(what));
        return services;
    }

private:
    std::filesystem::path m_program;
    std::filesystem::path m_home;
    ProcessRunner& m_processes;
};

bool module_runs(const Services& services) {
    const auto whole = services.find(k_whole_module);
    if (whole != services.end()) return whole->second;
    return std::any_of(services.begin(), services.end(), [](const auto& one) { return one.second; });
}

/// The program to ask; empty where the product has no modules here.
std::filesystem::path suite_program(std::string_view product, const std::filesystem::path& home,
                                    const std::filesystem::path& system_root, SuiteModules& found) {
    const bool carbonio = product == "carbonio";
    const auto program = home / "bin" / (carbonio ? "carbonio" : "zxsuite");
    // What must be there: carbonio alone is the provisioning command, which knows no modules.
    const auto sign = carbonio ? system_root / k_advanced_cli : program;
    found.path = sign.string();
    std::error_code code;
    const bool there = std::filesystem::exists(sign, code);
    if (code) found.problem = fmt::format("{}: {}", sign.string(), code.message());
    if (!there) return {};
    found.path = program.string();
    if (::access(program.c_str(), X_OK) != 0) found.problem = program.string() + ": may not be run";
    return program;
}

}  // namespace

Expected<Services> parse_module_services(std::string_view text) {
    // What a Java program logs comes first.
    const auto begin = text.find('{');
    if (begin == std::string_view::npos) return failure(ErrorKind::knowledge, "the answer is no JSON");
    const auto tree = parse_json(trim(text.substr(begin)), k_max_depth, k_most_values);
    if (!tree) return failure(ErrorKind::knowledge, "the answer: " + tree.error().what);
    const auto* ok = tree->member("ok");
    if (ok != nullptr && ok->type == JsonNode::Type::boolean && !ok->truth) {
        return failure(ErrorKind::knowledge, "it reports an error");
    }
    Services services;
    add_services(*tree, services);
    if (services.empty()) return failure(ErrorKind::knowledge, "the answer names no service");
    return services;
}

SuiteModules read_modules(std::string_view product, const std::filesystem::path& home,
                          const std::filesystem::path& system_root, const std::set<std::string, std::less<>>& wanted,
                          ProcessRunner& processes) {
    SuiteModules found;
    const auto program = suite_program(product, home, system_root, found);
    if (program.empty() || !found.problem.empty()) return found;
    ModuleAsker asker(program, home, processes);
    std::map<std::string, Expected<Services>> answers;
    for (const auto& name : wanted) {
        const auto slash = name.find('/');
        const auto module = name.substr(0, slash);
        const auto [at, is_new] = answers.try_emplace(module, Services());
        if (is_new) at->second = asker.ask(module);
        if (!at->second) {
            if (found.problem.empty()) found.problem = at->second.error().what;
            continue;
        }
        const auto& services = *at->second;
        if (slash == std::string::npos) {
            found.states[name] = module_runs(services) ? "running" : "stopped";
        } else if (const auto service = services.find(name.substr(slash + 1)); service != services.end()) {
            found.states[name] = service->second ? "running" : "stopped";
        }
    }
    return found;
}

}  // namespace zmi
