#include <fmt/format.h>
#include <fmt/ranges.h>
#include <algorithm>
#include <plugin/cli/commands.hpp>
#include <plugin/cli/emitted.hpp>
#include <plugin/cli/here.hpp>
#include <plugin/cli/planned.hpp>
#include <plugin/cli/recorded.hpp>
#include <plugin/diff/diff_text.hpp>
#include <plugin/notify/notify.hpp>
#include <plugin/plan/digest.hpp>
#include <plugin/state/losses.hpp>
#include <plugin/state/remembered.hpp>
#include <thread>
#include <zmintegration/local/upgrade_wait.hpp>
#include <zmintegration/support/clock.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using zmi::ErrorKind;
using zmi::Expected;

constexpr seconds k_between_tries{30};
// All services of a node have started by then; what does not answer later is an outage.
constexpr seconds k_services_start{900};
constexpr std::size_t k_policy_limit = 32 * 1024 * 1024;

void pause(seconds time) {
    std::this_thread::sleep_for(time);
}

/// One run, from the question to what is told.
class Recompute {
public:
    Recompute(const Context& context, const RecomputeOptions& options, Store store)
        : m_context(context), m_options(options), m_store(std::move(store)) {}

    [[nodiscard]] ExitStatus run();

private:
    [[nodiscard]] Expected<void> check_options();
    [[nodiscard]] Expected<void> choose_format();
    [[nodiscard]] Expected<void> wait();
    [[nodiscard]] Expected<void> read_state();
    [[nodiscard]] Expected<Planned> plan_once();
    [[nodiscard]] Expected<Planned> plan();
    [[nodiscard]] Expected<void> check_losses(const Plan& plan);
    [[nodiscard]] Expected<Digests> digests(const Planned& planned);
    [[nodiscard]] Expected<void> keep(Planned planned);
    [[nodiscard]] Expected<std::string> rules_note() const;
    [[nodiscard]] ExitStatus emit();
    [[nodiscard]] ExitStatus tell_people(const Notice& notice, bool failure, const std::string& digest);
    [[nodiscard]] ExitStatus fail(const zmi::Error& error);
    [[nodiscard]] ExitStatus finish();
    [[nodiscard]] bool is_live() const { return m_context.options().inventory.empty(); }

    const Context& m_context;
    const RecomputeOptions& m_options;
    Store m_store;
    zmi::SystemClock m_clock;
    std::optional<Format> m_format;
    std::string m_target;
    Recipients m_recipients;
    std::optional<RunRecord> m_last;
    std::optional<RunRecord> m_accepted;
    RunRecord m_new;
    Remembered m_kept;  ///< listeners that are gone and count all the same
};

/// As `emit` does.
Expected<void> Recompute::choose_format() {
    if (m_options.format.empty() != m_options.output.empty())
        return zmi::failure(ErrorKind::usage, "--format and --output belong together",
                            "zmfirewall recompute --format nftables --output DIR");
    if (m_options.format.empty()) {
        if (m_options.target.empty() && !m_options.check) return {};
        return zmi::failure(ErrorKind::usage, "--target and --check are for rules, and none are to be written",
                            "zmfirewall recompute --format nftables --output DIR --target debian12");
    }
    const auto roots = m_context.format_roots();
    if (!roots) return tl::unexpected(roots.error());
    auto format = find_format(*roots, m_options.format);
    if (!format) return tl::unexpected(std::move(format.error()));
    if (m_options.outbound && !format->names.contains("outbound")) return tl::unexpected(no_outbound(*roots, *format));
    auto target = fit_to_target(m_context, m_options.target, *format);
    if (!target) return tl::unexpected(std::move(target.error()));
    m_target = std::move(*target);
    m_format = std::move(*format);
    return {};
}

Expected<void> Recompute::check_options() {
    if (auto chosen = choose_format(); !chosen) return chosen;
    if (!m_options.notify_command.empty()) {
        auto command = parse_notify_command(m_options.notify_command);
        if (!command) return tl::unexpected(std::move(command.error()));
        m_recipients.command = std::move(*command);
    }
    for (const auto& address : m_options.mail) {
        if (!is_mail_address(address))
            return zmi::failure(ErrorKind::usage, fmt::format("--mail {}: not an address", zmi::quoted(address)),
                                "one address of the form user@host each");
    }
    m_recipients.mail = m_options.mail;
    m_recipients.syslog = m_options.syslog;
    return {};
}

Expected<void> Recompute::wait() {
    if (!is_live()) return {};
    const auto product = m_context.product();
    // A product that cannot be told is what planning fails at.
    if (!product) return {};
    const auto& root = m_context.options().system_root;
    return zmi::wait_for_calm({[&] { return zmi::read_upgrade_signs(*product, root); }, m_clock, pause,
                               [](const std::string& line) { tell(line); }},
                              m_options.wait ? seconds(m_options.wait_limit) : seconds(0), seconds(m_options.settle));
}

Expected<void> Recompute::read_state() {
    m_store.tidy();
    auto last = m_store.last();
    if (!last) return tl::unexpected(std::move(last.error()));
    m_last = std::move(*last);
    auto accepted = m_store.accepted();
    if (!accepted) return tl::unexpected(std::move(accepted.error()));
    m_accepted = std::move(*accepted);
    return {};
}

Expected<Planned> Recompute::plan_once() {
    const auto remembered = parse_remembered(m_store.note("listeners"));
    auto planned =
        make_plan(m_context, {.server = {}, .all = true}, m_options.outbound, [&](zmi::Inventory& inventory) {
            m_kept = is_live() ? add_remembered(remembered, m_clock.now(), inventory) : Remembered();
        });
    if (!planned) return planned;
    if (auto complete = need_complete(planned->plan); !complete) return tl::unexpected(std::move(complete.error()));
    return planned;
}

/// Services that start after an upgrade answer late: with --wait, what is not known yet is asked again.
Expected<Planned> Recompute::plan() {
    const auto begin = m_clock.now();
    const seconds limit(m_options.wait_limit);
    for (;;) {
        auto planned = plan_once();
        const bool again = m_options.wait && is_live() && !planned && planned.error().kind == ErrorKind::knowledge &&
                           m_clock.now() - begin < std::min(k_services_start, limit);
        if (!again) return planned;
        tell(fmt::format("{}; trying again in {} s", planned.error().what, k_between_tries.count()));
        pause(std::min(k_between_tries, limit));
    }
}

/// See judge_losses(): fewer servers than before are believed slowly.
Expected<void> Recompute::check_losses(const Plan& plan) {
    const auto* before = m_last ? &m_last->plan : m_accepted ? &m_accepted->plan : nullptr;
    if (before == nullptr) return {};
    std::vector<std::string> old_names;
    std::vector<std::string> new_names;
    for (const auto& server : before->servers) old_names.push_back(server.name);
    for (const auto& server : plan.servers) new_names.push_back(server.name);
    std::set<std::string> accepted;
    for (const auto& name : m_options.accept_loss) accepted.insert(zmi::to_lower(name));
    const auto losses =
        judge_losses(old_names, new_names, parse_missing(m_store.note("missing")), m_clock.now(), accepted);
    if (auto noted = m_store.set_note("missing", to_text(losses.next)); !noted) return noted;
    if (losses.doubted.empty()) return {};
    return zmi::failure(
        ErrorKind::knowledge,
        fmt::format("the answer of {} lacks servers that were there before: {}", plan.source.server,
                    fmt::join(losses.doubted, ", ")),
        fmt::format("if it is gone for good: --accept-loss {}; otherwise a run in an hour or later that finds the same "
                    "believes it",
                    losses.doubted.front()));
}

Expected<Digests> Recompute::digests(const Planned& planned) {
    Digests digests;
    digests.program = ZMFIREWALL_VERSION;
    auto catalogue = m_context.catalogue_digest();
    if (!catalogue) return tl::unexpected(std::move(catalogue.error()));
    digests.catalogue = std::move(*catalogue);
    digests.policy = "none";
    if (!planned.policy.file.empty()) {
        const auto text = zmi::read_file(planned.policy.file, k_policy_limit);
        if (!text) return tl::unexpected(text.error());
        digests.policy = sha256_hex(*text);
    }
    if (!is_live()) return digests;
    for (const auto& [path, content] : zmi::read_shipped_files(m_context.home()))
        digests.shipped[path] = sha256_hex(content);
    return digests;
}

Expected<void> Recompute::keep(Planned planned) {
    auto known = digests(planned);
    if (!known) return tl::unexpected(std::move(known.error()));
    m_new.digests = std::move(*known);
    m_new.made_at = planned.plan.made_at;
    m_new.inventory = std::move(planned.inventory);
    m_new.plan = std::move(planned.plan);
    if (auto id = m_store.add(m_new, m_options.keep); !id) return tl::unexpected(std::move(id.error()));
    if (is_live()) {
        const auto next =
            remember(parse_remembered(m_store.note("listeners")),
                     listeners_in_use(m_new.plan, m_new.inventory, planned.catalogue), m_kept, m_clock.now());
        if (auto noted = m_store.set_note("listeners", to_text(next)); !noted) return noted;
    }
    return is_live() ? m_store.write_inventory(m_new.inventory) : Expected<void>();
}

/// What the rules of this run are made of, whatever the time is and whoever has answered.
Expected<std::string> Recompute::rules_note() const {
    auto timeless = m_new.plan;
    timeless.made_at.clear();
    timeless.source = {};
    const auto files = render_all(*m_format, timeless);
    if (!files) return tl::unexpected(files.error());
    std::string all;
    for (const auto& file : *files) all += fmt::format("{} {}\n{}", file.name, file.content.size(), file.content);
    return fmt::format("format {}\ntarget {}\noutput {}\ndigest {}\n", m_format->name,
                       m_target.empty() ? "not known" : m_target, fs::absolute(m_options.output).string(),
                       sha256_hex(all));
}

/// Into a folder of its own, where rules are asked for and `latest` does not hold the same.
ExitStatus Recompute::emit() {
    if (!m_format) return ExitStatus::done;
    const auto note = rules_note();
    if (!note) return report(note.error());
    if (has_latest(m_options.output) && m_store.note("rules") == *note) return ExitStatus::done;
    const auto files = render_all(*m_format, m_new.plan);
    if (!files) return report(files.error());
    if (m_options.check) {
        const auto runner = zmi::make_process_runner();
        if (const auto status = check_files(*m_format, *files, *runner); status != ExitStatus::done) return status;
    }
    auto time = m_new.made_at;
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    const auto folder = emit_new_folder(*files, m_options.output, fmt::format("{}-{}", time, m_new.id), m_options.keep);
    if (!folder) return report(folder.error());
    tell(fmt::format("rules: {}", folder->string()));
    const auto noted = m_store.set_note("rules", *note);
    return noted ? ExitStatus::done : report(noted.error());
}

/// Once for each news: who was told today of what nobody has accepted is not told again tomorrow.
ExitStatus Recompute::tell_people(const Notice& notice, bool failure, const std::string& digest) {
    if (m_store.note("told") == digest) return ExitStatus::done;
    const auto runner = zmi::make_process_runner();
    const auto told =
        notify(notice, failure, m_recipients, {*runner, write_syslog, m_context.home() / "common/sbin/sendmail"});
    if (!told) return report(told.error());
    if (auto noted = m_store.set_note("told", digest); !noted) return report(noted.error());
    return ExitStatus::done;
}

/// The last plan stays; people are told once for each spell of failures of one kind.
ExitStatus Recompute::fail(const zmi::Error& error) {
    const auto status = report(error);
    const auto stays = m_last ? fmt::format("the last plan stays: {}", m_last->name())
                              : std::string("there is no earlier plan to keep");
    tell(stays);
    const Notice notice{fmt::format("zmfirewall: no new plan: {}", error.what),
                        fmt::format("# zmfirewall: no new plan\n\n{}\n\n{}\n\n{}\n", error.what, error.hint, stays)};
    static_cast<void>(tell_people(notice, true, fmt::format("failure {}\n", static_cast<int>(status))));
    return status;
}

ExitStatus Recompute::finish() {
    const auto before = m_accepted ? m_accepted->side("accepted: " + m_accepted->name()) : nothing_accepted();
    auto difference = diff(before, m_new.side(m_new.name()));
    for (auto& line : in_words(m_kept)) difference.notes.push_back(std::move(line));
    const auto blocked = tell_blockers(m_new.plan) != ExitStatus::done;
    if (blocked) {
        tell("the plan is recorded; no rules are emitted while a blocker stands");
        difference.notes.emplace_back("a blocker stands, so no rules are emitted: see the findings");
    }
    const auto emitted = blocked ? ExitStatus::knowledge : emit();
    const auto printed = print(m_options.json       ? to_json(difference)
                               : m_options.markdown ? diff_markdown(difference)
                                                    : diff_text(difference));
    auto told = ExitStatus::done;
    if (difference.is_news()) {
        // The number of the record is another every day; what is to be told is not.
        auto nameless = difference;
        nameless.after.clear();
        told = tell_people({"zmfirewall: " + summary(difference), diff_markdown(difference)}, blocked,
                           sha256_hex(diff_markdown(nameless)) + "\n");
    } else if (auto forgotten = m_store.set_note("told", ""); !forgotten) {
        told = report(forgotten.error());
    }
    for (const auto status : {emitted, printed, told}) {
        if (status != ExitStatus::done) return status;
    }
    return difference.is_change() ? ExitStatus::findings : ExitStatus::done;
}

ExitStatus Recompute::run() {
    if (auto checked = check_options(); !checked) return report(checked.error());
    if (auto prepared = m_store.prepare(); !prepared) return report(prepared.error());
    // Waited for without the lock, so that nobody else has to.
    const auto calm = wait();
    const zmi::FileLock lock(m_store.lock_file(), k_state_lock_seconds);
    if (!lock.held()) return report(lock_failure(m_store, lock));
    if (auto read = read_state(); !read) return fail(read.error());
    if (!calm) return fail(calm.error());
    auto planned = plan();
    if (!planned) {
        // An answer that failed is no second witness of a loss.
        static_cast<void>(m_store.set_note("missing", ""));
        return fail(planned.error());
    }
    if (auto checked = check_losses(planned->plan); !checked) return fail(checked.error());
    if (auto kept = keep(std::move(*planned)); !kept) return fail(kept.error());
    return finish();
}

}  // namespace

ExitStatus run_recompute(const Context& context, const RecomputeOptions& options) {
    auto store = open_store(context, options.state);
    if (!store) return report(store.error());
    return Recompute(context, options, std::move(*store)).run();
}

}  // namespace zmfw
