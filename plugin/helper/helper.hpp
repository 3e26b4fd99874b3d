#pragma once

#include <chrono>
#include <filesystem>
#include <map>
#include <string>
#include <vector>
#include <zmintegration/process/process_runner.hpp>
#include <zmintegration/support/error.hpp>

/// Programs of the system that help us: nft, ip, unshare, systemctl, ...
namespace zmfw {

/// Where a program is among the folders of the system; empty if nowhere.
[[nodiscard]] std::filesystem::path find_program(const std::string& name);

/// This very program.
[[nodiscard]] std::filesystem::path own_program();

/// The environment that helper programs get.
[[nodiscard]] std::map<std::string, std::string> helper_environment();

/// One run of such a program. Its path is empty where the program is nowhere.
[[nodiscard]] zmi::Command helper_command(const std::string& name, std::vector<std::string> arguments,
                                          std::chrono::seconds deadline);

/// The first lines of what a program complained of, in one line of printable ASCII.
[[nodiscard]] std::string complaint(const zmi::Outcome& outcome);

/// Whether this user may make a user and network namespace; else why not.
[[nodiscard]] zmi::Expected<void> namespaces_permitted(zmi::ProcessRunner& runner);

}  // namespace zmfw
