#pragma once

#include <filesystem>
#include <memory>
#include <plugin/render/template.hpp>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>

/// A format of rules is a folder: manifest.xml (schema: templates/schema/format.xsd) and *.mustache templates.
/// A new format needs no C++.
namespace zmfw {

struct FormatFile {
    enum class Scope { server, cluster };
    std::string source;           ///< file name of the template, in the format's folder or in that of another format
    std::string name;             ///< of the output, relative; "{server}" stands for the server's name, "{item}" for
                                  ///< that of an item
    unsigned mode = 0644;         ///< 0755 where the manifest says executable="true"
    Scope scope = Scope::server;  ///< one output a server, or one for all servers
    std::string each;             ///< one output for each item of this list of the server's view; or empty
    bool observe = false;         ///< for emit --observe, and for nothing else
    std::shared_ptr<const Template> compiled;
};

/// What a firewall of this kind cannot take: a number of the view that may be so large at most.
struct FormatLimit {
    std::string value;  ///< a text of the server's view: "source_count"
    unsigned long most = 0;
    std::string text;  ///< for people: what is limited, and what to do
};

/// A program that reads one of the outputs and fails if it is wrong: on stdin; or, where an argument holds "{file}",
/// from a private folder with all outputs. "{format}" stands for the format's own folder.
struct FormatCheck {
    std::string program;             ///< name, looked for in the system's folders only
    std::vector<std::string> needs;  ///< other programs that this one starts
    std::vector<std::string> arguments;
    std::string source;              ///< which template's output
    bool network_namespace = false;  ///< in a new user and network namespace, as the program needs to be root
};

/// A program of the server that the rules are for, and the oldest version that takes them.
struct FormatNeed {
    std::string program;
    std::string version;  ///< "0.9.3"
};

struct Format {
    std::string name;  ///< [a-z][a-z0-9-]*, the folder's name
    std::string title;
    std::filesystem::path folder;
    std::vector<FormatFile> files;  ///< the first is the one to print where only one can be
    std::vector<FormatCheck> checks;
    std::vector<FormatLimit> limits;
    std::vector<FormatNeed> needs;
    Wanted names;          ///< all that the templates mention
    Wanted cluster_names;  ///< all that those of scope "cluster" mention
    std::string prover;    ///< "nft": the kernel's own rules, which `nft -f` loads from the first file; or empty
    std::vector<std::string> apply;  ///< lines for people, "{server}" replaced
    std::vector<std::string> undo;

    [[nodiscard]] bool can_observe() const;
};

/// All formats below the roots, by name; a folder in a later root replaces the one of the same name in an earlier
/// root, whole. A folder without manifest.xml is no format; a missing root is skipped.
/// Errors of kind data: "FILE:LINE: ..."; all templates are read and checked.
[[nodiscard]] zmi::Expected<std::vector<Format>> find_formats(const std::vector<std::filesystem::path>& roots);

/// One format; an unknown name is an error of kind usage that lists the known ones.
[[nodiscard]] zmi::Expected<Format> find_format(const std::vector<std::filesystem::path>& roots, std::string_view name);

/// One folder.
[[nodiscard]] zmi::Expected<Format> read_format(const std::filesystem::path& folder);

}  // namespace zmfw
