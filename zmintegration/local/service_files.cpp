#include <zmintegration/local/service_files.hpp>

#include <fmt/format.h>
#include <fnmatch.h>
#include <algorithm>
#include <functional>
#include <iterator>
#include <set>
#include <system_error>
#include <utility>
#include <zmintegration/local/node_file.hpp>
#include <zmintegration/local/product.hpp>
#include <zmintegration/local/service_lines.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t k_most_files = 2000;
constexpr std::size_t k_deepest = 8;

using Parse = std::function<Expected<ServiceFile>(std::string_view text, const std::string& path)>;

/// Of files that name listeners and nothing else.
Parse listeners_alone(std::function<FileListeners(std::string_view, const std::string&)> parse) {
    return [parse = std::move(parse)](std::string_view text, const std::string& path) {
        return parse(text, path).map([](std::vector<FileListener>&& found) {
            return ServiceFile{std::move(found), {}, {}};
        });
    };
}

void add_file(const std::string& key, const fs::path& path, const Parse& parse, ServiceFiles& into) {
    auto& state = into.files[key];
    state.path = path.string();
    const auto text = read_node_file(path);
    auto found = text ? parse(*text, state.path) : Expected<ServiceFile>(tl::unexpected(text.error()));
    if (!found) {
        state.problem = found.error().what;
        return;
    }
    state.settings = std::move(found->settings);
    for (const auto& why : found->unknown) state.problem += (state.problem.empty() ? "" : "; ") + why;
    std::move(found->listeners.begin(), found->listeners.end(), std::back_inserter(into.listeners));
}

/// nginx.conf and what it includes, each file once.
class NginxReader {
public:
    NginxReader(const fs::path& home, ServiceFiles& into) : m_home(home), m_into(into) {}

    void read(const std::string& key, const fs::path& path, std::size_t depth) {
        if (!m_seen.insert(path.lexically_normal()).second) return;
        auto& state = m_into.files[key];
        state.path = path.string();
        if (depth > k_deepest || m_seen.size() > k_most_files) {
            state.problem = depth > k_deepest ? "included too deeply" : "too many files are included";
            return;
        }
        const auto text = read_node_file(path);
        const auto file =
            text ? parse_nginx_conf(*text, state.path) : Expected<NginxFile>(tl::unexpected(text.error()));
        if (!file) {
            state.problem = file.error().what;
            return;
        }
        m_into.listeners.insert(m_into.listeners.end(), file->listeners.begin(), file->listeners.end());
        for (const auto& [name, line] : file->includes) include(fmt::format("{}:{}", state.path, line), name, depth);
    }

private:
    /// The product writes its packaged home into them, wherever that is for us.
    [[nodiscard]] fs::path where(const std::string& name) const {
        for (const auto family : {ProductFamily::zimbra, ProductFamily::carbonio}) {
            const auto packaged = packaged_home(family).string() + "/";
            if (name.starts_with(packaged)) return m_home / name.substr(packaged.size());
        }
        return name;
    }

    /// A name, or a pattern in the last part of one.
    void include(const std::string& from, const std::string& name, std::size_t depth) {
        auto path = where(name);
        if (path.is_relative()) path = m_home / "conf" / path;
        const auto pattern = path.filename().string();
        if (pattern.find_first_of("*?[") == std::string::npos) {
            read(path.string(), path, depth + 1);
            return;
        }
        std::vector<fs::path> found;
        std::error_code code;
        for (fs::directory_iterator at(path.parent_path(), code), end; !code && at != end; at.increment(code)) {
            if (::fnmatch(pattern.c_str(), at->path().filename().c_str(), FNM_PERIOD) == 0) found.push_back(at->path());
            if (found.size() > k_most_files) break;
        }
        if (code && code != std::errc::no_such_file_or_directory) {
            m_into.files[path.string()] = {path.string(), fmt::format("{}: {}", from, code.message()), {}};
        }
        std::sort(found.begin(), found.end());
        for (const auto& one : found) read(one.string(), one, depth + 1);
    }

    const fs::path& m_home;
    ServiceFiles& m_into;
    std::set<fs::path> m_seen;
};

}  // namespace

ServiceFiles read_service_files(const fs::path& zimbra_home) {
    const auto conf = zimbra_home / "conf";
    ServiceFiles found;
    NginxReader(zimbra_home, found).read("nginx.conf", conf / "nginx.conf", 0);
    for (const auto* name : {"my.cnf", "antispam-my.cnf"}) {
        const std::string key = name;
        add_file(key, conf / key,
                 listeners_alone([&](auto text, const auto& path) { return parse_my_cnf(text, key, path); }), found);
    }
    add_file("httpd.conf", conf / "httpd.conf", listeners_alone(parse_httpd_conf), found);
    add_file("opendkim.conf", conf / "opendkim.conf", listeners_alone(parse_opendkim_conf), found);
    add_file("cbpolicyd.conf", conf / "cbpolicyd.conf", listeners_alone(parse_cbpolicyd_conf), found);
    add_file("unbound.conf", conf / "unbound.conf", parse_unbound_conf, found);
    add_file("amavisd.conf", conf / "amavisd.conf", listeners_alone(parse_amavisd_conf), found);
    add_file("jetty.xml", zimbra_home / "mailboxd/etc/jetty.xml", parse_jetty_xml, found);
    return found;
}

}  // namespace zmi
