#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>
#include <zmintegration/process/process_runner.hpp>
#include <zmintegration/support/error.hpp>

/// Tells people what recompute found.
namespace zmfw {

struct Notice {
    std::string subject;   ///< one line
    std::string markdown;  ///< the whole story
};

struct Recipients {
    std::vector<std::string> command;  ///< a program with its arguments; empty: none
    std::vector<std::string> mail;     ///< addresses
    bool syslog = false;
};
/// "PROGRAM ARGUMENT..." at blanks; no shell, so no quotes. The program has to be an absolute path.
[[nodiscard]] zmi::Expected<std::vector<std::string>> parse_notify_command(const std::string& text);
/// Whether it is an address that may stand in an argument and in a header: user@host of a plain form.
[[nodiscard]] bool is_mail_address(const std::string& text);

/// Seams to the outside.
struct Messengers {
    zmi::ProcessRunner& processes;
    std::function<void(bool failure, const std::string& line)> syslog;
    std::filesystem::path sendmail;  ///< common/sbin/sendmail of the installation
};
/// The real syslog(3), facility daemon.
void write_syslog(bool failure, const std::string& line);

/// The message as sendmail -t would read it, in UTF-8, with no line longer than mail allows.
[[nodiscard]] std::string mail_text(const Notice& notice, const std::string& to);

/// Tells everybody, also where telling one of them fails; then the first failure, of kind program.
[[nodiscard]] zmi::Expected<void> notify(const Notice& notice, bool failure, const Recipients& recipients,
                                         const Messengers& messengers);

}  // namespace zmfw
