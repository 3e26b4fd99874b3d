#include <fmt/format.h>

#include <algorithm>
#include <plugin/render/render.hpp>
#include <plugin/render/view.hpp>

namespace zmfw {
namespace {

using zmi::Expected;

std::string replaced(std::string text, std::string_view word, const std::string& value) {
    for (auto at = text.find(word); at != std::string::npos; at = text.find(word, at + value.size())) {
        text.replace(at, word.size(), value);
    }
    return text;
}

std::string with_server(std::string text, const std::string& server) {
    return replaced(std::move(text), "{server}", server);
}

ViewHeader header_of(const Format& format, const std::string& server, const RenderOptions& options) {
    ViewHeader header{options.version, format.apply, format.undo, options.made_at, options.this_node};
    for (auto& line : header.apply) line = with_server(line, server);
    for (auto& line : header.undo) line = with_server(line, server);
    return header;
}

bool has_scope(const Format& format, FormatFile::Scope scope) {
    return std::any_of(format.files.begin(), format.files.end(), [&](const auto& file) { return file.scope == scope; });
}

Expected<void> check_limits(const Format& format, const Record& view, const std::string& server) {
    for (const auto& limit : format.limits) {
        const auto count = std::stoul(std::get<std::string>(*view.get(limit.value)));
        if (count <= limit.most) continue;
        return zmi::failure(zmi::ErrorKind::data,
                            fmt::format("the plan of {} does not fit into {}: {} are {}, at most {}", server,
                                        format.name, limit.value, count, limit.most),
                            limit.text);
    }
    return {};
}

/// A plan of what leaves is not rendered by halves.
Expected<void> check_outbound(const Format& format, const ServerPlan& plan) {
    if (!plan.outbound || format.names.contains("outbound")) return {};
    return zmi::failure(zmi::ErrorKind::usage,
                        fmt::format("the format {} has no rules for what leaves a server, and the plan of {} has",
                                    format.name, plan.name),
                        "make the plan without --outbound, or take a format that has: see README.md");
}

Expected<void> check_observe(const Format& format, const ServerPlan& plan, const RenderOptions& options) {
    if (!options.observe) return {};
    if (!format.can_observe()) {
        return zmi::failure(zmi::ErrorKind::usage, fmt::format("the format {} cannot observe", format.name),
                            "take a format that can: see README.md");
    }
    if (!plan.outbound) return {};
    return zmi::failure(zmi::ErrorKind::usage, "what leaves a server cannot be observed", "leave out --outbound");
}

/// One output for each item of the file's list.
void render_each(const FormatFile& file, const Record& view, const std::string& server,
                 std::vector<RenderedFile>& rendered) {
    for (const auto& item : *std::get<Items>(*view.get(file.each))) {
        const auto* name = item->get("name");
        if (name == nullptr) name = item->get("id");
        auto path = with_server(file.name, server);
        if (name != nullptr) path = replaced(std::move(path), "{item}", std::get<std::string>(*name));
        rendered.push_back(RenderedFile{std::move(path), file.compiled->render(view, *item), file.mode, file.source});
    }
}

Expected<std::vector<RenderedFile>> render_scope(const Format& format, FormatFile::Scope scope, const Record& view,
                                                 const std::string& server, bool observe) {
    const auto& names = scope == FormatFile::Scope::cluster ? format.cluster_names : format.names;
    if (auto checked = check_view(view, names); !checked) return tl::unexpected(std::move(checked).error());
    std::vector<RenderedFile> rendered;
    for (const auto& file : format.files) {
        if (file.scope != scope || file.observe != observe) continue;
        if (!file.each.empty()) {
            render_each(file, view, server, rendered);
            continue;
        }
        rendered.push_back(
            RenderedFile{with_server(file.name, server), file.compiled->render(view), file.mode, file.source});
    }
    return rendered;
}

}  // namespace

Expected<std::vector<RenderedFile>> render(const Format& format, const ServerPlan& plan, const zmi::Source& source,
                                           const RenderOptions& options) {
    if (auto able = check_outbound(format, plan); !able) return tl::unexpected(std::move(able).error());
    if (auto able = check_observe(format, plan, options); !able) return tl::unexpected(std::move(able).error());
    if (!has_scope(format, FormatFile::Scope::server) && format.limits.empty()) return std::vector<RenderedFile>();
    const auto view = make_server_view(plan, source, header_of(format, plan.name, options), format.names);
    if (!view) return tl::unexpected(view.error());
    if (auto fits = check_limits(format, *view, plan.name); !fits) return tl::unexpected(std::move(fits).error());
    return render_scope(format, FormatFile::Scope::server, *view, plan.name, options.observe);
}

Expected<std::vector<RenderedFile>> render_cluster(const Format& format, const std::vector<ServerPlan>& plans,
                                                   const zmi::Source& source, const RenderOptions& options) {
    if (!has_scope(format, FormatFile::Scope::cluster)) return std::vector<RenderedFile>();
    const auto view = make_cluster_view(plans, source, header_of(format, "SERVER", options), format.cluster_names);
    if (!view) return tl::unexpected(view.error());
    return render_scope(format, FormatFile::Scope::cluster, *view, "", options.observe);
}

}  // namespace zmfw
