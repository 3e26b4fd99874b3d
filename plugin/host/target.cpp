#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <plugin/host/target.hpp>
#include <plugin/xml/strict_xml.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

constexpr std::size_t k_file_limit = 256 * 1024;

std::vector<long> numbers_of(std::string_view version) {
    std::vector<long> numbers;
    for (const auto part : zmi::split(version, '.')) {
        long number = -1;
        const auto* end = part.data() + part.size();
        if (part.size() > 6 || std::from_chars(part.data(), end, number).ptr != end || number < 0) return {};
        numbers.push_back(number);
    }
    return numbers;
}

std::string version_of(const XmlElement& element) {
    auto version = element.required("version");
    if (numbers_of(version).empty()) element.fail("version must be numbers with dots between");
    return version;
}

Target::Os read_os(const XmlElement& element) {
    element.allow_attributes({"id", "like", "version"});
    element.allow_children({});
    Target::Os os{element.value_or("id", ""), element.value_or("like", ""), version_of(element)};
    if (os.id.empty() == os.like.empty()) element.fail("an <os> has either id or like");
    return os;
}

Target::Program read_program(const XmlElement& element) {
    element.allow_attributes({"name", "version"});
    element.allow_children({});
    Target::Program program{element.required("name"), "", element.text()};
    if (element.optional("version")) program.version = version_of(element);
    if (program.version.empty() == program.absent.empty())
        element.fail("a <program> has either a version or a text that says why it is not there");
    return program;
}

Target read_target(const XmlElement& element) {
    element.allow_attributes({"name", "title"});
    element.allow_children({"os", "program", "note"});
    Target target{element.required("name"), element.required("title"), {}, {}, {}};
    for (const auto& child : element.children("os")) target.systems.push_back(read_os(child));
    for (const auto& child : element.children("program")) target.programs.push_back(read_program(child));
    for (const auto& child : element.children("note")) {
        child.allow_attributes({"format"});
        child.allow_children({});
        target.notes.push_back({child.required("format"), child.text()});
        if (target.notes.back().text.empty() || target.notes.back().text.size() > 200 ||
            !zmi::is_printable_ascii(target.notes.back().text))
            child.fail("a <note> is one line of printable ASCII, 200 characters at most");
    }
    if (target.systems.empty() || target.programs.empty()) element.fail("a <target> has <os> and <program>");
    return target;
}

bool fits(const Target::Os& wanted, const Distribution& os) {
    if (os.version != wanted.version && !os.version.starts_with(wanted.version + ".")) return false;
    if (!wanted.id.empty()) return os.id == wanted.id;
    return os.id == wanted.like || std::find(os.like.begin(), os.like.end(), wanted.like) != os.like.end();
}

}  // namespace

bool is_older(std::string_view version, std::string_view than) {
    auto a = numbers_of(version);
    auto b = numbers_of(than);
    a.resize(std::max(a.size(), b.size()));
    b.resize(a.size());
    return a < b;
}

zmi::Expected<std::vector<Target>> parse_targets(std::string_view xml, const std::string& file) {
    std::vector<Target> targets;
    const auto read = read_xml(xml, file, "targets", [&](const XmlElement& root) {
        root.allow_attributes({});
        root.allow_children({"target"});
        for (const auto& element : root.children("target")) {
            auto target = read_target(element);
            const auto same = [&](const Target& other) { return other.name == target.name; };
            if (std::any_of(targets.begin(), targets.end(), same)) element.fail("this target is there already");
            targets.push_back(std::move(target));
        }
    });
    if (!read) return tl::unexpected(read.error());
    return targets;
}

zmi::Expected<std::vector<Target>> read_targets(const std::filesystem::path& file) {
    const auto text = zmi::read_file(file, k_file_limit);
    if (!text) return zmi::failure(zmi::ErrorKind::data, text.error().what);
    return parse_targets(*text, file.string());
}

zmi::Expected<Target> find_target(const std::vector<Target>& targets, std::string_view name) {
    std::vector<std::string> known;
    for (const auto& target : targets) {
        if (target.name == name) return target;
        known.push_back(target.name);
    }
    return zmi::failure(zmi::ErrorKind::usage, fmt::format("there is no target {}", zmi::quoted(name)),
                        fmt::format("known targets: {}", fmt::join(known, ", ")));
}

const Target* match_target(const std::vector<Target>& targets, const Distribution& os) {
    for (const auto& target : targets) {
        const auto is_it = [&](const Target::Os& wanted) { return fits(wanted, os); };
        if (std::any_of(target.systems.begin(), target.systems.end(), is_it)) return &target;
    }
    return nullptr;
}

zmi::Expected<void> check_target(const Target& target, const Format& format) {
    for (const auto& need : format.needs) {
        const auto same = [&](const Target::Program& program) { return program.name == need.program; };
        const auto found = std::find_if(target.programs.begin(), target.programs.end(), same);
        // What no target tells of is a site's own affair.
        if (found == target.programs.end()) continue;
        if (found->version.empty()) {
            return zmi::failure(zmi::ErrorKind::usage,
                                fmt::format("the format {} needs {}, which {} does not have: {}", format.name,
                                            need.program, target.title, found->absent),
                                "`zmfirewall formats` lists which format is for which target");
        }
        if (is_older(found->version, need.version)) {
            return zmi::failure(zmi::ErrorKind::usage,
                                fmt::format("the format {} needs {} {} or later, {} has {}", format.name, need.program,
                                            need.version, target.title, found->version),
                                "`zmfirewall formats` lists which format is for which target");
        }
    }
    return {};
}

Target most_conservative(const std::vector<Target>& targets) {
    Target oldest{"unknown", "an unknown system", {}, {}, {}};
    for (const auto& target : targets) {
        for (const auto& program : target.programs) {
            if (program.version.empty()) continue;
            const auto same = [&](const Target::Program& other) { return other.name == program.name; };
            const auto found = std::find_if(oldest.programs.begin(), oldest.programs.end(), same);
            if (found == oldest.programs.end())
                oldest.programs.push_back(program);
            else if (is_older(program.version, found->version))
                found->version = program.version;
        }
    }
    return oldest;
}

std::vector<std::string> notes_for(const Target& target, std::string_view format) {
    std::vector<std::string> lines;
    for (const auto& note : target.notes) {
        if (note.format == format) lines.push_back(note.text);
    }
    return lines;
}

}  // namespace zmfw
