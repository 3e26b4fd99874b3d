#include <fmt/format.h>

#include <algorithm>
#include <plugin/render/render.hpp>
#include <plugin/render/template_check.hpp>
#include <plugin/render/view.hpp>
#include <plugin/render/view_schema.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using kainjow::mustache::data;
using zmi::Expected;

std::string with_server(std::string text, const std::string& server) {
    constexpr std::string_view k_server = "{server}";
    for (auto at = text.find(k_server); at != std::string::npos; at = text.find(k_server, at + server.size())) {
        text.replace(at, k_server.size(), server);
    }
    return text;
}

ViewHeader header_of(const Format& format, const std::string& server, const RenderOptions& options) {
    ViewHeader header{options.version, format.apply, format.undo};
    for (auto& line : header.apply) line = with_server(line, server);
    for (auto& line : header.undo) line = with_server(line, server);
    return header;
}

/// Stands for a line feed while the library works; check_template refuses it in templates, the view in values.
constexpr char k_line_feed = '\x01';

/// Whether a line holds one section or comment tag and nothing else.
bool is_tag_line(std::string_view line) {
    const auto text = zmi::trim(line);
    return text.size() > 4 && text.starts_with("{{") &&
           std::string_view("#^/!").find(text[2]) != std::string_view::npos && text.find("}}") == text.size() - 2;
}

/// Lines that hold a section tag only leave nothing behind. The library has such a rule as well, but leaves a blank
/// line where a section is skipped and eats blank lines behind a section, so that it gets no lines to see.
std::string without_lines(std::string_view text) {
    std::string result;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        result += is_tag_line(line) ? zmi::trim(line) : line;
        if (end == std::string_view::npos) break;
        if (!is_tag_line(line)) result += k_line_feed;
        text.remove_prefix(end + 1);
    }
    return result;
}

Expected<std::string> render_text(const Format& format, const FormatFile& file, const data& view,
                                  const ViewSchema& schema) {
    const auto path = (format.folder / file.source).string();
    if (auto checked = check_template(path, file.text, schema); !checked) {
        return tl::unexpected(std::move(checked).error());
    }
    kainjow::mustache::mustache compiled(without_lines(file.text));
    compiled.set_custom_escape([](const std::string& text) { return text; });
    auto text = compiled.is_valid() ? compiled.render(view) : std::string();
    if (!compiled.is_valid()) {
        return zmi::failure(zmi::ErrorKind::data, fmt::format("{}: {}", path, compiled.error_message()));
    }
    std::replace(text.begin(), text.end(), k_line_feed, '\n');
    return text;
}

Expected<std::vector<RenderedFile>> render_scope(const Format& format, FormatFile::Scope scope, const data& view,
                                                 const ViewSchema& schema, const std::string& server) {
    if (auto checked = check_view(view, schema); !checked) return tl::unexpected(std::move(checked).error());
    std::vector<RenderedFile> rendered;
    for (const auto& file : format.files) {
        if (file.scope != scope) continue;
        auto text = render_text(format, file, view, schema);
        if (!text) return tl::unexpected(std::move(text).error());
        rendered.push_back(RenderedFile{with_server(file.name, server), std::move(*text), file.mode, file.source});
    }
    return rendered;
}

}  // namespace

Expected<std::vector<RenderedFile>> render(const Format& format, const ServerPlan& plan, const zmi::Source& source,
                                           const RenderOptions& options) {
    const auto view = make_server_view(plan, source, header_of(format, plan.name, options));
    if (!view) return tl::unexpected(view.error());
    return render_scope(format, FormatFile::Scope::server, *view, server_schema(), plan.name);
}

Expected<std::vector<RenderedFile>> render_cluster(const Format& format, const std::vector<ServerPlan>& plans,
                                                   const zmi::Source& source, const RenderOptions& options) {
    const auto is_cluster = [](const FormatFile& file) { return file.scope == FormatFile::Scope::cluster; };
    if (std::none_of(format.files.begin(), format.files.end(), is_cluster)) return std::vector<RenderedFile>();
    const auto view = make_cluster_view(plans, source, header_of(format, "SERVER", options));
    if (!view) return tl::unexpected(view.error());
    return render_scope(format, FormatFile::Scope::cluster, *view, cluster_schema(), "");
}

}  // namespace zmfw
