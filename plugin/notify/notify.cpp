#include <fmt/format.h>
#include <syslog.h>
#include <algorithm>
#include <cctype>
#include <plugin/notify/notify.hpp>
#include <zmintegration/support/network.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

using zmi::ErrorKind;
using zmi::Expected;

// RFC 5321 allows 998 bytes in a line; a few are left for what relays add.
constexpr std::size_t k_longest_line = 900;
constexpr std::size_t k_longest_subject = 200;

std::string one_line(std::string_view text, std::size_t limit) {
    std::string line(text.substr(0, limit));
    std::replace_if(
        line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c >= 0x7f; }, '?');
    return line;
}

/// Cuts at bytes of UTF-8 that begin a character.
std::string with_short_lines(const std::string& text) {
    std::string out;
    std::size_t length = 0;
    for (const char c : text) {
        const bool begins = (static_cast<unsigned char>(c) & 0xc0) != 0x80;
        if (length >= k_longest_line && begins && c != '\n') {
            out += '\n';
            length = 0;
        }
        out += c == '\r' ? ' ' : c;
        length = c == '\n' ? 0 : length + 1;
    }
    return out;
}

Expected<void> run(const zmi::Command& command, zmi::ProcessRunner& processes) {
    const auto outcome = processes.run(command);
    if (!outcome) return tl::unexpected(outcome.error());
    if (outcome->ok()) return {};
    const auto said = zmi::trim(outcome->err);
    return zmi::failure(ErrorKind::program,
                        fmt::format("{}: {}{}", command.program.string(), outcome->describe(command),
                                    said.empty() ? "" : ": " + zmi::quoted(said, 200)),
                        "nobody was told by it; the next run tells again");
}

zmi::Command command_of(const std::filesystem::path& program, std::vector<std::string> arguments, std::string input) {
    zmi::Command command;
    command.program = program;
    command.arguments = std::move(arguments);
    command.environment = {{"PATH", "/usr/sbin:/usr/bin:/sbin:/bin"}, {"LC_ALL", "C.UTF-8"}};
    command.stdin_text = std::move(input);
    return command;
}

}  // namespace

Expected<std::vector<std::string>> parse_notify_command(const std::string& text) {
    std::vector<std::string> words;
    for (const auto word : zmi::split_words(text)) words.emplace_back(word);
    if (!words.empty() && words.front().starts_with('/')) return words;
    return zmi::failure(ErrorKind::usage, fmt::format("--notify-command {}: not an absolute path", zmi::quoted(text)),
                        "it is run as it is, by no shell: /usr/local/bin/tell ops");
}

bool is_mail_address(const std::string& text) {
    const auto at = text.find('@');
    if (at == std::string::npos || at == 0 || text.size() > 254 || text.front() == '-' || text.front() == '.')
        return false;
    const auto plain = [](unsigned char c) {
        return std::isalnum(c) != 0 || c == '.' || c == '_' || c == '+' || c == '-';
    };
    return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), plain) &&
           zmi::is_host_name(text.substr(at + 1));
}

void write_syslog(bool failure, const std::string& line) {
    ::openlog("zmfirewall", LOG_PID, LOG_DAEMON);
    ::syslog(failure ? LOG_ERR : LOG_NOTICE, "%s", line.c_str());
    ::closelog();
}

std::string mail_text(const Notice& notice, const std::string& to) {
    return fmt::format(
        "To: {}\nSubject: {}\nMIME-Version: 1.0\nContent-Type: text/markdown; charset=utf-8\n"
        "Content-Transfer-Encoding: 8bit\nAuto-Submitted: auto-generated\n\n{}",
        to, one_line(notice.subject, k_longest_subject), with_short_lines(notice.markdown));
}

Expected<void> notify(const Notice& notice, bool failure, const Recipients& recipients, const Messengers& messengers) {
    Expected<void> all;
    const auto keep_first = [&](Expected<void> one) {
        if (!one && all) all = std::move(one);
    };
    if (recipients.syslog) messengers.syslog(failure, one_line(notice.subject, 900));
    if (!recipients.command.empty()) {
        keep_first(run(command_of(recipients.command.front(),
                                  {recipients.command.begin() + 1, recipients.command.end()}, notice.markdown),
                       messengers.processes));
    }
    for (const auto& address : recipients.mail) {
        // -i: a line with a lone dot is text; the address stands behind --, so it is no option.
        keep_first(run(command_of(messengers.sendmail, {"-i", "--", address}, mail_text(notice, address)),
                       messengers.processes));
    }
    return all;
}

}  // namespace zmfw
