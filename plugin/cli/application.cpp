#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <csignal>
#include <functional>
#include <iostream>
#include <plugin/cli/application.hpp>
#include <plugin/cli/commands.hpp>
#include <plugin/cli/pages/pages.hpp>
#include <plugin/prove/prove.hpp>

namespace zmfw {
namespace {

constexpr const char* k_examples =
    "Examples:\n"
    "  zmfirewall discover                     what is enabled where\n"
    "  zmfirewall plan                         what this node must let in, and why the rest is closed\n"
    "  zmfirewall explain 7073                 why a port is open, closed or unknown\n"
    "  zmfirewall audit                        what this node really exposes, against that\n"
    "  zmfirewall emit nftables --prove        rules for this node, tried in a throw-away kernel namespace first\n"
    "  zmfirewall emit ufw --all --output DIR  rules for every server of the deployment\n"
    "  zmfirewall apply plan.json --format nftables; zmfirewall confirm    as root, with a way back\n"
    "  zmfirewall discover --json > inv.json; zmfirewall --inventory inv.json plan --all\n";

/// What the arguments asked for.
struct Invocation {
    GlobalOptions global;
    PlanOptions plan;
    EmitOptions emit;
    Selection explain_selection;
    std::string explain_what;
    std::string catalogue_what;
    VerifyOptions verify;
    HardenOptions harden;
    ObservedOptions observed;
    ApplyOptions apply;
    RecomputeOptions recompute;
    DiffOptions diff;
    StateOptions accept_state;
    std::string accepted;
    AuditOptions audit;
    std::string token;
    std::string pages;
    int pid = 0;
    bool discover_json = false;
    bool host_json = false;
    bool doctor_json = false;
    std::function<ExitStatus(const Context&)> run;
};

void add_global_options(CLI::App& app, GlobalOptions& options) {
    app.add_option("--product", options.product, "zimbra or carbonio (default: what is found here)")
        ->check(CLI::IsMember({"zimbra", "carbonio"}));
    app.add_option("--zimbra-home,--home", options.zimbra_home,
                   "Root of the installation (default: /opt/zimbra or /opt/zextras, as the product has it)");
    app.add_option("--system-root", options.system_root, "Root of the host's own files (etc/ssh)")
        ->capture_default_str();
    auto* source = app.add_option("--source", options.source,
                                  "Ask only this source: soap, zmprov or zmprov-ldap (default: all, in this order)");
    app.add_option("--inventory", options.inventory, "Use a saved inventory (discover --json) instead of asking")
        ->excludes(source);
    app.add_option("--join", options.join,
                   "Inventory taken on another node (discover --json), or a folder of such; may be repeated")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->expected(1);
    app.add_option("--join-age", options.join_age_days, "Days that a joined inventory may be old")
        ->check(CLI::Range(1, 3650))
        ->capture_default_str();
    app.add_option("--consul-token-file", options.consul_token_file,
                   "File with a token of Consul: ask the service mesh for its nodes and services as well")
        ->envname("CONSUL_HTTP_TOKEN_FILE");
    app.add_option("--consul-url", options.consul_url, "Consul's HTTP API: http of this host, or https")
        ->capture_default_str();
    app.add_option("--policy", options.policy,
                   "Site policy (default: conf/zmfirewall.xml of the installation, if there)");
    app.add_option("--tls-ca", options.tls_ca,
                   "CA certificates to trust (default: the installation's own CA, then the system's)");
    app.add_flag("--tls-no-verify", options.tls_no_verify,
                 "Do not verify the server's certificate; warns on every run");
    app.add_option("--timeout", options.timeout_seconds, "Seconds that each source may take")
        ->check(CLI::Range(1, 3600))
        ->capture_default_str();
    app.add_option("--data", options.data, "Folder with the catalogue and the templates");
}

void add_selection(CLI::App& command, Selection& selection) {
    auto* server = command.add_option("--server", selection.server, "For this server (default: this node)");
    command.add_flag("--all", selection.all, "For every server of the deployment")->excludes(server);
}

constexpr const char* k_target_help =
    "System of the servers: ubuntu2004, ubuntu2204, ubuntu2404, debian12, rhel8 or rhel9 (default: this host's)";

CLI::App* add_command(CLI::App& app, const char* name, const char* description) {
    auto* command = app.add_subcommand(name, description);
    command->fallthrough();
    return command;
}

void add_commands(CLI::App& app, Invocation& call) {
    auto* discover = add_command(app, "discover", "Ask the installation what is enabled where");
    discover->add_flag("--json", call.discover_json, "As an inventory to save: every fact and its origin, no secret");
    discover->callback(
        [&call] { call.run = [&call](const Context& context) { return run_discover(context, call.discover_json); }; });

    auto* plan = add_command(app, "plan", "What must be open, to whom and why; what stays closed; findings");
    add_selection(*plan, call.plan.selection);
    plan->add_flag("--json", call.plan.json, "As JSON (schema zmfirewall/plan/1)");
    plan->add_flag("--outbound", call.plan.outbound, "Also what the servers must reach");
    plan->add_option("--fail-on", call.plan.fail_on, "Exit with 1 on findings of this severity or worse")
        ->check(CLI::IsMember({"info", "warning", "blocker"}));
    plan->callback([&call] { call.run = [&call](const Context& context) { return run_plan(context, call.plan); }; });

    auto* explain =
        add_command(app, "explain", "Why a port or endpoint is open, closed or unknown; what a finding means");
    explain->add_option("what", call.explain_what, "Port, endpoint, finding or reason id")->required();
    add_selection(*explain, call.explain_selection);
    explain->callback([&call] {
        call.run = [&call](const Context& context) {
            return run_explain(context, call.explain_what, call.explain_selection);
        };
    });

    auto* emit = add_command(app, "emit", "Write the rules");
    emit->add_option("format", call.emit.format, "Format (see formats)")->required();
    add_selection(*emit, call.emit.selection);
    emit->add_option("--output", call.emit.output,
                     "Folder for the files (default: standard output, where it is one file)");
    emit->add_option("--target", call.emit.target, k_target_help);
    auto* outbound = emit->add_flag("--outbound", call.emit.outbound, "Filter what leaves the servers as well");
    emit->add_flag("--check", call.emit.check, "Have the format's own program read the rules first");
    auto* prove = emit->add_flag("--prove", call.emit.prove,
                                 "Load the rules in a throw-away namespace and try what passes first");
    emit->add_flag("--observe", call.emit.observe,
                   "Enforce nothing: accept everything, count and log what would be dropped (see observed)")
        ->excludes(outbound)
        ->excludes(prove);
    emit->callback([&call] { call.run = [&call](const Context& context) { return run_emit(context, call.emit); }; });

    auto* observed = add_command(app, "observed", "What the rules of emit --observe would have dropped, and why");
    observed->add_option("--server", call.observed.server, "The server that was observed (default: this node)");
    observed->add_option("--log", call.observed.log, "Read this log only, not the sets and the log of this host");
    observed->add_flag("--json", call.observed.json, "As JSON (schema zmfirewall/observed/1)");
    observed->callback(
        [&call] { call.run = [&call](const Context& context) { return run_observed(context, call.observed); }; });

    auto* formats = add_command(app, "formats", "List the formats and where they were found");
    formats->callback([&call] { call.run = run_formats; });

    auto* host = add_command(app, "host", "What else filters on this host, and the one format that fits");
    host->add_flag("--json", call.host_json, "As JSON (schema zmfirewall/host/1)");
    host->callback(
        [&call] { call.run = [&call](const Context& context) { return run_host(context, call.host_json); }; });

    auto* catalogue = add_command(app, "catalogue", "List what zmfirewall knows, or one endpoint of it");
    catalogue->add_option("what", call.catalogue_what, "Endpoint");
    catalogue->callback([&call] {
        call.run = [&call](const Context& context) { return run_catalogue(context, call.catalogue_what); };
    });

    // The inside of emit --prove: this very program again, in the namespace that it may spoil.
    auto* inside = app.add_subcommand("prove-inside", "")->group("");
    inside->callback([&call] {
        call.run = [](const Context&) { return static_cast<ExitStatus>(prove_inside(std::cin, std::cout)); };
    });
}

/// What looks at a running deployment, or prepares a change of it.
void add_watching_commands(CLI::App& app, Invocation& call) {
    auto* verify = add_command(app, "verify", "Connect to the other servers from here and compare with their plans");
    verify->add_option("--from", call.verify.from, "The server of the inventory that this host is");
    verify->add_option("--to", call.verify.to, "Only to this server (default: to all others)");
    verify->add_flag("--json", call.verify.json, "As JSON (schema zmfirewall/verify/1)");
    verify->add_option("--rate", call.verify.rate, "Probes a second, at most")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    verify->add_option("--total-timeout", call.verify.total_seconds, "Seconds for all of it")
        ->check(CLI::Range(1, 86'400))
        ->capture_default_str();
    verify->callback(
        [&call] { call.run = [&call](const Context& context) { return run_verify(context, call.verify); }; });

    auto* harden = add_command(app, "harden", "Write the remedies of the findings as a batch for zmprov, and its undo");
    add_selection(*harden, call.harden.selection);
    harden->add_option("--output", call.harden.output, "File for the batch; the undo goes to FILE.undo");
    harden->callback(
        [&call] { call.run = [&call](const Context& context) { return run_harden(context, call.harden); }; });
}

void add_state_option(CLI::App& command, StateOptions& options) {
    command.add_option("--state", options.state,
                       "Folder with the records (default: data/zmfirewall of the installation)");
}

/// Plan anew, and tell what has changed.
void add_recompute(CLI::App& app, Invocation& call) {
    auto& options = call.recompute;
    auto* command = add_command(app, "recompute",
                                "Plan anew, record it, tell what changed since the accepted plan. 0: nothing, 1: some");
    command->add_option("--format", options.format, "Also write the rules of all servers in this format");
    command->add_option("--output", options.output, "Folder that gets a new folder with the rules, and a link latest");
    command->add_option("--target", options.target, k_target_help);
    command->add_flag("--check", options.check, "Have the format's own program read the rules first");
    command->add_option("--notify-command", options.notify_command,
                        "Program (and arguments, no shell) that gets news as Markdown on its standard input");
    command->add_option("--mail", options.mail, "Address that gets news as Markdown; may be repeated")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->expected(1);
    command->add_flag("--syslog", options.syslog, "A line of news to syslog");
    command->add_flag("--wait", options.wait, "Wait for the end of an upgrade, and until services answer");
    command->add_option("--wait-limit", options.wait_limit, "Seconds that --wait waits at most")
        ->check(CLI::Range(1, 7 * 86'400))
        ->capture_default_str();
    command->add_option("--settle", options.settle, "Seconds without change that --wait wants to see after an upgrade")
        ->check(CLI::Range(0, 3600))
        ->capture_default_str();
    command->add_option("--accept-loss", options.accept_loss, "Server that is gone for good; may be repeated")
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
        ->expected(1);
    command->add_option("--keep", options.keep, "Records that are kept")
        ->check(CLI::Range(1, 10'000))
        ->capture_default_str();
    command->add_flag("--outbound", options.outbound, "Also what the servers must reach");
    auto* json = command->add_flag("--json", options.json, "Print the changes as JSON (schema zmfirewall/diff/1)");
    command->add_flag("--markdown", options.markdown, "Print the changes as Markdown")->excludes(json);
    add_state_option(*command, options.state);
    command->callback(
        [&call] { call.run = [&call](const Context& context) { return run_recompute(context, call.recompute); }; });
}

/// What has changed since.
void add_record_commands(CLI::App& app, Invocation& call) {
    auto* diff = add_command(app, "diff", "Which ports open or close to whom, because of which fact. 0: none, 1: some");
    diff->add_option("before", call.diff.before,
                     "A record's number, accepted, last, or a file with a plan or an inventory (default: accepted)");
    diff->add_option("after", call.diff.after, "The same (default: last)");
    auto* json = diff->add_flag("--json", call.diff.json, "As JSON (schema zmfirewall/diff/1)");
    diff->add_flag("--markdown", call.diff.markdown, "As Markdown")->excludes(json);
    add_state_option(*diff, call.diff.state);
    diff->callback([&call] { call.run = [&call](const Context& context) { return run_diff(context, call.diff); }; });

    auto* accept = add_command(app, "accept", "Say that a record's plan is what operations have applied");
    accept->add_option("record", call.accepted, "Its number (default: the last one)");
    add_state_option(*accept, call.accept_state);
    accept->callback([&call] {
        call.run = [&call](const Context& context) { return run_accept(context, call.accept_state, call.accepted); };
    });
}

/// What is, against what should be.
void add_audit_command(CLI::App& app, Invocation& call) {
    auto* audit = add_command(app, "audit", "What this node really exposes, against what it should; changes nothing");
    auto* json = audit->add_flag("--json", call.audit.json, "As JSON (schema zmfirewall/audit/1)");
    auto* nagios = audit->add_flag("--nagios", call.audit.nagios, "One line with performance data; exits with 0 to 3");
    auto* prometheus = audit->add_flag("--prometheus", call.audit.prometheus, "As metrics in Prometheus' text format");
    json->excludes(nagios)->excludes(prometheus);
    nagios->excludes(prometheus);
    audit->callback([&call] { call.run = [&call](const Context& context) { return run_audit(context, call.audit); }; });
}

/// What root does with a plan.
void add_handover_commands(CLI::App& app, Invocation& call) {
    const std::vector<std::string> formats = {"nftables", "iptables", "ufw", "firewalld"};
    auto* apply = add_command(app, "apply", "As root: load a plan's rules here, and take them back unless confirmed");
    apply->add_option("plan", call.apply.plan, "A file that plan --json or emit json wrote")->required();
    apply->add_option("--format", call.apply.format, "nftables, iptables, ufw or firewalld")
        ->required()
        ->check(CLI::IsMember(formats));
    apply->add_option("--timeout", call.apply.timeout, "Seconds to confirm in")
        ->check(CLI::Range(1, 86'400))
        ->capture_default_str();
    apply->add_option("--server", call.apply.server, "The server of the plan that this host is");
    apply->add_option("--max-age", call.apply.max_age_hours, "Hours that the plan and its facts may be old")
        ->check(CLI::Range(1, 24 * 366))
        ->capture_default_str();
    apply->add_flag("--dry-run", call.apply.dry_run, "Check all, say what would change, load nothing");
    apply->callback([&call] { call.run = [&call](const Context& context) { return run_apply(context, call.apply); }; });

    auto* confirm = add_command(app, "confirm", "As root: keep the rules that apply has loaded, over reboots as well");
    confirm->callback([&call] { call.run = run_confirm; });
    auto* rollback = add_command(app, "rollback", "As root: take back now what waits for confirm");
    rollback->callback([&call] { call.run = run_rollback; });
    auto* remove = add_command(app, "remove", "As root: take our own rules away, and what loads them at boot");
    remove->callback([&call] { call.run = run_remove; });

    auto* status = add_command(app, "status", "As root: is loaded what should be? 0: the same, 1: different");
    status->add_option("plan", call.apply.plan, "Compare with this plan (default: with what was confirmed)");
    status->add_option("--format", call.apply.format, "Format (default: of the confirmed rules)")
        ->check(CLI::IsMember(formats));
    status->add_option("--server", call.apply.server, "The server of the plan that this host is");
    status->callback(
        [&call] { call.run = [&call](const Context& context) { return run_status(context, call.apply); }; });

    auto* watch = app.add_subcommand("watch-inside", "")->group("");
    watch->add_option("token", call.token)->required();
    watch->add_option("pid", call.pid)->required();
    watch->callback([&call] {
        call.run = [&call](const Context& context) { return run_watch_inside(context, call.token, call.pid); };
    });
}

void add_doctor_command(CLI::App& app, Invocation& call) {
    auto* doctor = add_command(app, "doctor", "Check this installation: what is missing, and how to mend it");
    doctor->add_flag("--json", call.doctor_json, "As JSON (schema zmfirewall/doctor/1)");
    doctor->callback(
        [&call] { call.run = [&call](const Context& context) { return run_doctor(context, call.doctor_json); }; });
}

/// What the build asks for: the manual page and the completions, of whatever commands there are by then.
void add_pages_command(CLI::App& app, Invocation& call) {
    auto* pages = app.add_subcommand("help-pages", "")->group("");
    pages->add_option("kind", call.pages)->required()->check(CLI::IsMember({"man", "bash", "zsh", "fish"}));
    pages->callback([&app, &call] {
        call.run = [&app, &call](const Context&) {
            const auto program = read_command_tree(app);
            if (call.pages == "bash") return print(bash_completion(program));
            if (call.pages == "zsh") return print(zsh_completion(program));
            if (call.pages == "fish") return print(fish_completion(program));
            return print(manual_page(program, {ZMFIREWALL_VERSION, k_examples, k_exit_status_table}));
        };
    });
}

/// A stream that the caller closed must not become the number of a file that we open, and a result that nobody can
/// get is a failure: what is written to a full device says so.
void keep_standard_streams() {
    const auto keep = [](int descriptor, const char* path) {
        if (::fcntl(descriptor, F_GETFD) >= 0) return;
        const int opened = ::open(path, O_RDWR);
        if (opened >= 0 && opened != descriptor) {
            ::dup2(opened, descriptor);
            ::close(opened);
        }
    };
    keep(STDIN_FILENO, "/dev/null");
    keep(STDOUT_FILENO, "/dev/full");
    keep(STDERR_FILENO, "/dev/null");
}

int run_parsed(const Invocation& call) {
    const Context context(call.global);
    return static_cast<int>(call.run(context));
}

}  // namespace

int run_application(int argc, char** argv) {
    keep_standard_streams();
    // A reader that goes away is an error of write(), not our death in the middle of a file.
    std::signal(SIGPIPE, SIG_IGN);
    CLI::App app("zmfirewall: the minimal firewall whitelist of a live Zimbra or Carbonio", "zmfirewall");
    // Not set_version_flag(): CLI11 has that since 2.0, and EPEL 8 has 1.8.
    app.add_flag_function(
        "--version",
        [](std::int64_t) {
            std::cout << "zmfirewall " << ZMFIREWALL_VERSION << "\n";
            throw CLI::Success();
        },
        "Display program version information and exit");
    app.footer(std::string(k_examples) + "\n" + k_exit_status_table);
    app.require_subcommand(0, 1);
    Invocation call;
    add_global_options(app, call.global);
    add_commands(app, call);
    add_watching_commands(app, call);
    add_recompute(app, call);
    add_record_commands(app, call);
    add_audit_command(app, call);
    add_handover_commands(app, call);
    add_doctor_command(app, call);
    add_pages_command(app, call);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        const int status = app.exit(error) == 0 ? 0 : static_cast<int>(ExitStatus::usage);
        std::cout.flush();
        return std::cout ? status : static_cast<int>(ExitStatus::program);
    }
    if (!call.run) {
        tell("name a command, for example: zmfirewall plan (zmfirewall --help lists them)");
        return static_cast<int>(ExitStatus::usage);
    }
    try {
        return run_parsed(call);
    } catch (const std::exception& error) {
        tell(fmt::format("internal error: {}", error.what()));
        return static_cast<int>(ExitStatus::bug);
    }
}

}  // namespace zmfw
