#include <fmt/format.h>
#include <plugin/cli/rendered.hpp>

namespace zmfw {

zmi::Expected<Files> render_all(const Format& format, const Plan& plan, bool observe) {
    const RenderOptions options{ZMFIREWALL_VERSION, plan.made_at, plan.this_node, observe};
    Files files;
    for (const auto& server : plan.servers) {
        auto rendered = render(format, server, plan.source, options);
        if (!rendered) return tl::unexpected(std::move(rendered.error()).within(server.name));
        std::move(rendered->begin(), rendered->end(), std::back_inserter(files));
    }
    auto rendered = render_cluster(format, plan.servers, plan.source, options);
    if (!rendered) return rendered;
    std::move(rendered->begin(), rendered->end(), std::back_inserter(files));
    return files;
}

ExitStatus tell_blockers(const Plan& plan) {
    ExitStatus status = ExitStatus::done;
    for (const auto& server : plan.servers) {
        for (const auto* finding : server.standing_blockers()) {
            tell(fmt::format("{}: blocker {}: {}", server.name, finding->id, finding->text));
            for (const auto& remedy : finding->remedy) say(fmt::format("  remedy: {}\n", remedy));
            say(fmt::format("  or accept it in the policy: <accept finding=\"{}\"/>\n", finding->id));
            status = ExitStatus::findings;
        }
    }
    return status;
}

}  // namespace zmfw
