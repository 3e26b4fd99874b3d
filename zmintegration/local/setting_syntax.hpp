#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>
#include <zmintegration/support/error.hpp>

namespace zmi {

/// How a configuration file is written.
enum class SettingSyntax {
    lines,      ///< KEY = VALUE, KEY: VALUE, KEY VALUE; '#': rabbitmq.conf, postgresql.conf, *.properties
    ini,        ///< [section], KEY = VALUE; ';' and '#': grafana.ini
    toml,       ///< mongooseim.toml
    shell,      ///< NAME="VALUE": /etc/default/*
    libconfig,  ///< general: { key = "value" }: *.jcfg
    yaml,       ///< mappings in mappings, by indentation: patroni.yml
    rsyslog,    ///< input(type="imudp" port="514"), $UDPServerRun 514
};

/// As the name and the folder of a file tell.
[[nodiscard]] SettingSyntax syntax_of(const std::filesystem::path& path);

/// One setting of a file, or a file that it includes.
struct FileSetting {
    enum class Kind {
        value,
        one_of_many,     ///< stands in a table of which there are several, or is an argument: each of them counts
        include,         ///< `value` is a path or a pattern that must be there
        include_maybe,   ///< the same, and may be missing
        include_folder,  ///< `value` is a folder whose *.conf count
    };
    Kind kind = Kind::value;
    /// With its sections: "general.ws_port", "listen.c2s.port"; "--web.listen-address" of an argument in a value;
    /// "imudp.port" for what an input of rsyslog listens on.
    std::string name;
    std::string value;      ///< without quotes
    bool computed = false;  ///< it names variables or commands: what comes of it is not known here
    int line = 0;
};

/// All settings in the order of the file; a mistake is an error: "PATH:LINE: ...".
[[nodiscard]] Expected<std::vector<FileSetting>> parse_setting_file(std::string_view text, const std::string& path,
                                                                    SettingSyntax syntax);

}  // namespace zmi
