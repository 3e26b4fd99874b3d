#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>
#include <zmintegration/discovery/discovery.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi::testing {

using Reply = tl::expected<HttpResponse, HttpFailure>;

/// Answers each post by a rule on the endpoint and the body.
class FakeTransport final : public HttpTransport {
public:
    std::function<Reply(const HttpEndpoint&, const std::string&)> answer = [](const auto&, const auto&) {
        return Reply(tl::unexpected(HttpFailure{HttpFailure::Kind::connect, "connection refused"}));
    };
    std::vector<HttpEndpoint> posts;

    Reply post(const HttpEndpoint& endpoint, const std::string& /*content_type*/, const std::string& body,
               const HttpLimits& /*limits*/) override {
        posts.push_back(endpoint);
        return answer(endpoint, body);
    }
    std::function<Reply(const HttpEndpoint&, const std::vector<HttpHeader>&)> answer_get = [](const auto&,
                                                                                              const auto&) {
        return Reply(tl::unexpected(HttpFailure{HttpFailure::Kind::connect, "connection refused"}));
    };
    std::vector<std::string> gets;  ///< URLs

    Reply get(const HttpEndpoint& endpoint, const std::vector<HttpHeader>& headers,
              const HttpLimits& /*limits*/) override {
        gets.push_back(endpoint.url);
        return answer_get(endpoint, headers);
    }
};

/// Knows the names it was told; keeps what it was asked.
class FakeResolver final : public Resolver {
public:
    std::map<std::string, std::vector<std::string>> known;
    std::vector<std::string> asked;    ///< that were needed
    std::vector<std::string> welcome;  ///< that were good to know

    std::map<std::string, Resolution, std::less<>> resolve(const std::vector<std::string>& names,
                                                           std::chrono::milliseconds /*deadline*/,
                                                           const std::vector<std::string>& nice_to_know) override {
        std::map<std::string, Resolution, std::less<>> result;
        asked.insert(asked.end(), names.begin(), names.end());
        welcome.insert(welcome.end(), nice_to_know.begin(), nice_to_know.end());
        auto all = names;
        all.insert(all.end(), nice_to_know.begin(), nice_to_know.end());
        for (const auto& name : all) {
            auto& entry = result[name];
            if (!entry.addresses.empty()) continue;
            for (const auto& address : known[name]) entry.addresses.push_back(*parse_address(address));
            if (entry.addresses.empty()) entry.problem = "does not resolve: unknown";
        }
        return result;
    }
};

/// A zmprov that knows some servers, or fails.
class FakeZmprov final : public ProcessRunner {
public:
    std::vector<std::string> servers;          ///< of both ways; empty: it fails
    std::vector<std::string> servers_of_ldap;  ///< with -l, where it differs
    std::vector<Command> commands;

    Expected<Outcome> run(const Command& command) override {
        commands.push_back(command);
        const bool ldap = !command.arguments.empty() && command.arguments.front() == "-l";
        const auto& names = ldap && !servers_of_ldap.empty() ? servers_of_ldap : servers;
        if (names.empty()) return Outcome{Outcome::End::exited, 1, "", "ERROR: zclient.IO_ERROR (refused)\n"};
        Outcome outcome;
        if (command.stdin_text.empty()) {
            for (const auto& name : names) outcome.out += name + "\n";
            return outcome;
        }
        for (const auto line : split_lines(command.stdin_text)) {
            outcome.out += "prov> ";
            if (line.substr(0, 6) != "gs -e ") continue;
            const auto name = std::string(split_words(line)[2]);
            outcome.out += "# name " + name + "\nzimbraServiceHostname: " + name + "\n\n";
        }
        return outcome;
    }
};

class FixedClock final : public Clock {
public:
    std::chrono::sys_seconds now() const override { return std::chrono::sys_seconds(std::chrono::seconds(0)); }
};

/// A folder that is gone at the end.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "zmfirewall-test-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no temporary folder");
        path = pattern;
    }
    ~TemporaryFolder() {
        std::error_code code;
        std::filesystem::remove_all(path, code);
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;

    void write(const std::string& name, const std::string& text) const {
        std::filesystem::create_directories((path / name).parent_path());
        std::ofstream(path / name) << text;
    }
    std::filesystem::path path;
};

/// localconfig.xml with these keys.
inline std::string localconfig(const std::map<std::string, std::string>& keys) {
    std::string text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<localconfig>\n";
    for (const auto& [key, value] : keys) {
        text += "  <key name=\"" + key + "\">\n    <value>" + value + "</value>\n  </key>\n";
    }
    return text + "</localconfig>\n";
}

}  // namespace zmi::testing
