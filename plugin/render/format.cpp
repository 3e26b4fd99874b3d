#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <plugin/render/format.hpp>
#include <plugin/render/view_schema.hpp>
#include <pugixml.hpp>
#include <system_error>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

namespace fs = std::filesystem;
using zmi::ErrorKind;
using zmi::Expected;

constexpr std::size_t k_file_limit = 256 * 1024;

/// A manifest while it is read: where we are, for messages.
struct Manifest {
    fs::path path;
    std::map<std::string, fs::path> formats;  ///< all folders: whose templates a file may borrow
    std::string text;
    pugi::xml_document document;

    [[nodiscard]] long line(std::ptrdiff_t offset) const {
        const auto end = text.begin() + std::clamp<std::ptrdiff_t>(offset, 0, static_cast<std::ptrdiff_t>(text.size()));
        return 1 + std::count(text.begin(), end, '\n');
    }
    [[nodiscard]] tl::unexpected<zmi::Error> wrong(std::ptrdiff_t offset, const std::string& what) const {
        return zmi::failure(ErrorKind::data, fmt::format("{}:{}: {}", path.string(), line(offset), what));
    }
    [[nodiscard]] tl::unexpected<zmi::Error> wrong(const pugi::xml_node& node, const std::string& what) const {
        return wrong(node.offset_debug(), what);
    }
};

bool is_file_name(std::string_view name) {
    constexpr std::string_view k_allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    return !name.empty() && name.size() <= 100 && name.front() != '.' &&
           name.find_first_not_of(k_allowed) == std::string_view::npos;
}

bool is_output_name(std::string_view name) {
    std::string plain(name);
    for (const std::string_view word : {"{server}", "{item}"}) {
        for (auto at = plain.find(word); at != std::string::npos; at = plain.find(word)) {
            plain.replace(at, word.size(), "name");
        }
    }
    const auto parts = zmi::split(plain, '/');
    return std::all_of(parts.begin(), parts.end(), is_file_name);
}

bool is_format_name(std::string_view name) {
    constexpr std::string_view k_allowed = "abcdefghijklmnopqrstuvwxyz0123456789-";
    return !name.empty() && name.size() <= 40 && name.front() >= 'a' && name.front() <= 'z' &&
           name.find_first_not_of(k_allowed) == std::string_view::npos;
}

/// Elements and attributes that are not ours are mistakes, not extensions.
Expected<void> only_known(const Manifest& manifest, const pugi::xml_node& node,
                          const std::vector<std::string>& attributes, const std::vector<std::string>& elements) {
    for (const auto& attribute : node.attributes()) {
        if (std::find(attributes.begin(), attributes.end(), attribute.name()) == attributes.end()) {
            return manifest.wrong(node,
                                  fmt::format("<{}> has no attribute {}", node.name(), zmi::quoted(attribute.name())));
        }
    }
    for (const auto& child : node.children()) {
        if (child.type() != pugi::node_element) continue;
        if (std::find(elements.begin(), elements.end(), child.name()) == elements.end()) {
            return manifest.wrong(child,
                                  fmt::format("unknown element {} in <{}>", zmi::quoted(child.name()), node.name()));
        }
    }
    return {};
}

Expected<bool> flag(const Manifest& manifest, const pugi::xml_node& node, const char* name) {
    const std::string_view value = node.attribute(name).as_string("false");
    if (value == "true") return true;
    if (value == "false") return false;
    return manifest.wrong(node, fmt::format("{} must be true or false, not {}", name, zmi::quoted(value)));
}

Expected<Escape> escape_of(const Manifest& manifest, const pugi::xml_node& node) {
    static const std::map<std::string_view, Escape> k_escapes = {
        {"none", Escape::none}, {"csv", Escape::csv}, {"markdown", Escape::markdown},
        {"json", Escape::json}, {"xml", Escape::xml}, {"shell", Escape::shell}};
    const auto found = k_escapes.find(node.attribute("escape").as_string("none"));
    if (found != k_escapes.end()) return found->second;
    return manifest.wrong(node, "escape must be none, csv, markdown, json, xml or shell");
}

/// Lists of the server's view that a file can be for: their items have names.
Expected<std::string> list_of(const Manifest& manifest, const pugi::xml_node& node, const FormatFile& file) {
    const std::string each = node.attribute("each").as_string();
    const bool names_item = file.name.find("{item}") != std::string::npos;
    if (each.empty() && !names_item) return each;
    if (each != "sets" && each != "services" && each != "groups" && each != "outbound") {
        return manifest.wrong(node, "each must be sets, services, groups or outbound");
    }
    if (names_item == (each == "outbound"))
        return manifest.wrong(node,
                              "the name of a file with each=\"...\" holds {item}, except of outbound, which is one");
    if (file.scope != FormatFile::Scope::server) return manifest.wrong(node, "each is for files of scope server");
    return each;
}

/// The folder that holds a file's template.
Expected<fs::path> folder_of(const Manifest& manifest, const pugi::xml_node& node) {
    const std::string format = node.attribute("format").as_string();
    if (format.empty()) return manifest.path.parent_path();
    const auto found = manifest.formats.find(format);
    if (found != manifest.formats.end()) return found->second;
    return manifest.wrong(node, fmt::format("there is no format {}", zmi::quoted(format)));
}

Expected<Template> read_template(const Manifest& manifest, const pugi::xml_node& node, const FormatFile& file) {
    const auto folder = folder_of(manifest, node);
    if (!folder) return tl::unexpected(folder.error());
    const auto escape = escape_of(manifest, node);
    if (!escape) return tl::unexpected(escape.error());
    const auto verbatim = flag(manifest, node, "verbatim");
    if (!verbatim) return tl::unexpected(verbatim.error());
    if (file.source.ends_with(".mustache") == *verbatim) {
        return manifest.wrong(node, "the name of a template ends in .mustache, that of a verbatim file does not");
    }
    const auto path = *folder / file.source;
    const auto text = zmi::read_file(path, k_file_limit);
    if (!text) return manifest.wrong(node, text.error().what);
    if (*verbatim) return Template::verbatim(*text);
    const auto& schema = file.scope == FormatFile::Scope::server ? server_schema() : cluster_schema();
    const auto* items = file.each.empty() ? nullptr : &schema.fields.at(file.each);
    return compile_template(path.string(), *text, schema, *escape, items);
}

Expected<FormatFile> read_file_element(const Manifest& manifest, const pugi::xml_node& node) {
    if (auto known = only_known(
            manifest, node, {"template", "name", "executable", "scope", "escape", "verbatim", "format", "each", "observe"}, {});
        !known) {
        return tl::unexpected(std::move(known).error());
    }
    FormatFile file;
    file.source = node.attribute("template").as_string();
    file.name = node.attribute("name").as_string();
    const std::string_view scope = node.attribute("scope").as_string("server");
    if (!is_file_name(file.source)) return manifest.wrong(node, "template must be the name of a file in this folder");
    if (!is_output_name(file.name)) return manifest.wrong(node, "name must be a relative file name");
    if (scope != "server" && scope != "cluster") return manifest.wrong(node, "scope must be server or cluster");
    file.scope = scope == "cluster" ? FormatFile::Scope::cluster : FormatFile::Scope::server;
    const bool names_server = file.name.find("{server}") != std::string::npos;
    if (names_server != (file.scope == FormatFile::Scope::server)) {
        return manifest.wrong(node,
                              "the name of a file of scope server holds {server}, that of scope cluster does not");
    }
    const auto executable = flag(manifest, node, "executable");
    if (!executable) return tl::unexpected(executable.error());
    file.mode = *executable ? 0755U : 0644U;
    const auto observe = flag(manifest, node, "observe");
    if (!observe) return tl::unexpected(observe.error());
    file.observe = *observe;
    auto each = list_of(manifest, node, file);
    if (!each) return tl::unexpected(std::move(each).error());
    file.each = std::move(*each);
    auto compiled = read_template(manifest, node, file);
    if (!compiled) return tl::unexpected(std::move(compiled).error());
    file.compiled = std::make_shared<const Template>(std::move(*compiled));
    return file;
}

Expected<FormatLimit> read_limit(const Manifest& manifest, const pugi::xml_node& node) {
    if (auto known = only_known(manifest, node, {"value", "most"}, {}); !known) {
        return tl::unexpected(std::move(known).error());
    }
    FormatLimit limit;
    limit.value = node.attribute("value").as_string();
    limit.most = node.attribute("most").as_uint();
    for (const auto word : zmi::split_words(node.child_value())) {
        limit.text += (limit.text.empty() ? "" : " ") + std::string(word);
    }
    const auto& fields = server_schema().fields;
    if (!limit.value.ends_with("_count") || fields.find(limit.value) == fields.end()) {
        return manifest.wrong(node, fmt::format("value {} is no count of the view", zmi::quoted(limit.value)));
    }
    if (limit.most == 0) return manifest.wrong(node, "most must be a number above 0");
    if (limit.text.empty()) return manifest.wrong(node, "a <limit> says what it is that is limited");
    return limit;
}

Expected<FormatNeed> read_need(const Manifest& manifest, const pugi::xml_node& node) {
    if (auto known = only_known(manifest, node, {"program", "version"}, {}); !known) {
        return tl::unexpected(std::move(known).error());
    }
    FormatNeed need{node.attribute("program").as_string(), node.attribute("version").as_string()};
    if (!is_file_name(need.program)) return manifest.wrong(node, "program must be a name without folders");
    const auto parts = zmi::split(need.version, '.');
    const auto is_number = [](std::string_view part) {
        return !part.empty() && part.size() <= 6 && part.find_first_not_of("0123456789") == std::string_view::npos;
    };
    if (!std::all_of(parts.begin(), parts.end(), is_number))
        return manifest.wrong(node, "version must be numbers with dots between");
    return need;
}

Expected<FormatCheck> read_check_element(const Manifest& manifest, const pugi::xml_node& node, const Format& format) {
    if (auto known = only_known(manifest, node, {"program", "needs", "template", "network-namespace"}, {"argument"});
        !known) {
        return tl::unexpected(std::move(known).error());
    }
    FormatCheck check;
    check.program = node.attribute("program").as_string();
    check.source = node.attribute("template").as_string();
    if (!is_file_name(check.program)) return manifest.wrong(node, "program must be a name without folders");
    for (const auto word : zmi::split_words(node.attribute("needs").as_string())) {
        if (!is_file_name(word)) return manifest.wrong(node, "needs holds names of programs without folders");
        check.needs.emplace_back(word);
    }
    const auto same = [&](const FormatFile& file) { return file.source == check.source; };
    if (std::none_of(format.files.begin(), format.files.end(), same)) {
        return manifest.wrong(node, "template must name one of the files above");
    }
    const auto space = flag(manifest, node, "network-namespace");
    if (!space) return tl::unexpected(space.error());
    check.network_namespace = *space;
    for (const auto& argument : node.children("argument")) check.arguments.emplace_back(argument.child_value());
    return check;
}

Expected<std::vector<std::string>> read_lines(const Manifest& manifest, const pugi::xml_node& parent,
                                              const char* name) {
    std::vector<std::string> lines;
    for (const auto& node : parent.children(name)) {
        const std::string line(zmi::trim(node.child_value()));
        if (line.empty() || line.size() > 200 || line.find_first_of("\n\r\t") != std::string::npos) {
            return manifest.wrong(node, fmt::format("<{}> holds one line of text", name));
        }
        lines.push_back(line);
    }
    if (lines.empty()) return manifest.wrong(parent, fmt::format("a format needs at least one <{}> line", name));
    return lines;
}

Expected<Format> read_root(const Manifest& manifest) {
    const auto root = manifest.document.child("format");
    if (!root) return manifest.wrong(0, "the root element must be <format>");
    if (auto known = only_known(manifest, root, {"name", "title", "prover"},
                                {"file", "limit", "needs", "check", "apply", "undo"});
        !known) {
        return tl::unexpected(std::move(known).error());
    }
    Format format;
    format.folder = manifest.path.parent_path();
    format.name = root.attribute("name").as_string();
    format.title = root.attribute("title").as_string();
    if (!is_format_name(format.name) || format.name != format.folder.filename().string()) {
        return manifest.wrong(root, "name must be the folder's name: lower-case letters, digits, hyphens");
    }
    if (format.title.empty()) return manifest.wrong(root, "title is missing");
    format.prover = root.attribute("prover").as_string();
    if (!format.prover.empty() && format.prover != "nft") return manifest.wrong(root, "prover can only be nft");
    for (const auto& node : root.children("file")) {
        auto file = read_file_element(manifest, node);
        if (!file) return tl::unexpected(std::move(file).error());
        format.files.push_back(std::move(*file));
    }
    if (format.files.empty()) return manifest.wrong(root, "a format needs at least one <file>");
    if (format.files.front().observe) return manifest.wrong(root, "the first <file> is one that enforces");
    for (const auto& file : format.files) {
        const auto& names = file.compiled->names();
        format.names.insert(names.begin(), names.end());
        if (!file.each.empty()) format.names.insert({file.each, "id", "name"});
        if (file.scope == FormatFile::Scope::cluster) format.cluster_names.insert(names.begin(), names.end());
    }
    for (const auto& node : root.children("limit")) {
        auto limit = read_limit(manifest, node);
        if (!limit) return tl::unexpected(std::move(limit).error());
        format.names.insert(limit->value);
        format.limits.push_back(std::move(*limit));
    }
    for (const auto& node : root.children("needs")) {
        auto need = read_need(manifest, node);
        if (!need) return tl::unexpected(std::move(need).error());
        format.needs.push_back(std::move(*need));
    }
    for (const auto& node : root.children("check")) {
        auto check = read_check_element(manifest, node, format);
        if (!check) return tl::unexpected(std::move(check).error());
        format.checks.push_back(std::move(*check));
    }
    auto apply = read_lines(manifest, root, "apply");
    if (!apply) return tl::unexpected(std::move(apply).error());
    auto undo = read_lines(manifest, root, "undo");
    if (!undo) return tl::unexpected(std::move(undo).error());
    format.apply = std::move(*apply);
    format.undo = std::move(*undo);
    return format;
}

/// Format folders by name; later roots win.
Expected<std::map<std::string, fs::path>> list_folders(const std::vector<fs::path>& roots) {
    std::map<std::string, fs::path> folders;
    for (const auto& root : roots) {
        std::error_code problem;
        if (!fs::is_directory(root, problem)) continue;
        for (auto entry = fs::directory_iterator(root, problem); !problem && entry != fs::directory_iterator();
             entry.increment(problem)) {
            std::error_code ignored;
            if (fs::is_regular_file(entry->path() / "manifest.xml", ignored)) {
                folders[entry->path().filename().string()] = entry->path();
            }
        }
        if (problem) {
            return zmi::failure(ErrorKind::data, fmt::format("cannot list {}: {}", root.string(), problem.message()));
        }
    }
    return folders;
}

Expected<Format> read_one(const fs::path& folder, std::map<std::string, fs::path> formats) {
    Manifest manifest;
    manifest.path = folder / "manifest.xml";
    manifest.formats = std::move(formats);
    auto text = zmi::read_file(manifest.path, k_file_limit);
    if (!text) return zmi::failure(ErrorKind::data, text.error().what, text.error().hint);
    manifest.text = std::move(*text);
    const auto parsed = manifest.document.load_buffer(manifest.text.data(), manifest.text.size());
    if (!parsed) return manifest.wrong(parsed.offset, parsed.description());
    return read_root(manifest);
}

}  // namespace

bool Format::can_observe() const {
    return std::any_of(files.begin(), files.end(), [](const FormatFile& file) { return file.observe; });
}

Expected<Format> read_format(const fs::path& folder) {
    auto folders = list_folders({folder.parent_path()});
    if (!folders) return tl::unexpected(std::move(folders).error());
    return read_one(folder, std::move(*folders));
}

Expected<std::vector<Format>> find_formats(const std::vector<fs::path>& roots) {
    const auto folders = list_folders(roots);
    if (!folders) return tl::unexpected(folders.error());
    std::vector<Format> formats;
    for (const auto& [name, folder] : *folders) {
        auto format = read_one(folder, *folders);
        if (!format) return tl::unexpected(std::move(format).error());
        formats.push_back(std::move(*format));
    }
    return formats;
}

Expected<Format> find_format(const std::vector<fs::path>& roots, std::string_view name) {
    const auto folders = list_folders(roots);
    if (!folders) return tl::unexpected(folders.error());
    if (const auto found = folders->find(std::string(name)); found != folders->end())
        return read_one(found->second, *folders);
    std::vector<std::string> known;
    for (const auto& [folder_name, folder] : *folders) known.push_back(folder_name);
    return zmi::failure(ErrorKind::usage, fmt::format("there is no format {}", zmi::quoted(name)),
                        fmt::format("known formats: {}", fmt::join(known, ", ")));
}

}  // namespace zmfw
