#pragma once

#include <filesystem>
#include <plugin/host/os_release.hpp>
#include <plugin/render/format.hpp>
#include <string>
#include <string_view>
#include <vector>

/// The systems that rules can be for. What they have is data: templates/targets.xml.
namespace zmfw {

struct Target {
    struct Os {
        std::string id;
        std::string like;  ///< instead of `id`: ID or a word of ID_LIKE
        std::string version;
    };
    struct Program {
        std::string name;
        std::string version;  ///< empty: the system does not have it, and `absent` says why
        std::string absent;
    };
    struct Note {
        std::string format;
        std::string text;  ///< one line
    };
    std::string name;   ///< "ubuntu2004"
    std::string title;  ///< "Ubuntu 20.04"
    std::vector<Os> systems;
    std::vector<Program> programs;
    std::vector<Note> notes;
};

/// Errors of kind data: "FILE:LINE: ...".
[[nodiscard]] zmi::Expected<std::vector<Target>> read_targets(const std::filesystem::path& file);
[[nodiscard]] zmi::Expected<std::vector<Target>> parse_targets(std::string_view xml, const std::string& file);

/// An unknown name is an error of kind usage that lists the known ones.
[[nodiscard]] zmi::Expected<Target> find_target(const std::vector<Target>& targets, std::string_view name);

/// The target that a system is; nullptr for a system that no target is for.
[[nodiscard]] const Target* match_target(const std::vector<Target>& targets, const Distribution& os);

/// Fails (kind usage) where the target cannot take the format, with the reason.
[[nodiscard]] zmi::Expected<void> check_target(const Target& target, const Format& format);

/// For a target that is not known: the oldest of them all, so that its rules load everywhere. Every program has the
/// lowest version that any target has; `title` says so; there are no notes and nothing is absent.
[[nodiscard]] Target most_conservative(const std::vector<Target>& targets);

/// What people should know where the format is loaded there.
[[nodiscard]] std::vector<std::string> notes_for(const Target& target, std::string_view format);

/// "1.0.10" against "1.0.9": by their numbers; what is missing counts as 0.
[[nodiscard]] bool is_older(std::string_view version, std::string_view than);

}  // namespace zmfw
