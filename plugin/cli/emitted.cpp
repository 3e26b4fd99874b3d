#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <plugin/cli/emitted.hpp>
#include <zmintegration/support/file.hpp>

namespace zmfw {
namespace {

namespace fs = std::filesystem;

constexpr const char* k_latest = "latest";

tl::unexpected<zmi::Error> cannot(const std::string& step, const std::string& why) {
    return zmi::failure(zmi::ErrorKind::program, fmt::format("cannot {}: {}", step, why),
                        "the rules of earlier runs are untouched");
}

void sync_folder(const fs::path& path) {
    const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return;
    ::fsync(folder);
    ::close(folder);
}

/// "20261124T061547Z-12"
bool is_ours(const std::string& name) {
    if (name.size() < 18 || name[8] != 'T' || name[15] != 'Z' || name[16] != '-') return false;
    const auto digits = name.substr(0, 8) + name.substr(9, 6) + name.substr(17);
    return digits.find_first_not_of("0123456789") == std::string::npos;
}

void prune(const fs::path& output, const std::string& newest, std::size_t keep) {
    std::vector<std::string> names;
    std::error_code code;
    for (const auto& entry : fs::directory_iterator(output, code)) {
        const auto name = entry.path().filename().string();
        if (is_ours(name) && name != newest) names.push_back(name);
        // Of a run that was killed.
        if (name.starts_with(".new-") && is_ours(name.substr(5))) names.push_back(name);
    }
    std::sort(names.begin(), names.end());
    for (std::size_t i = 0; i < names.size(); ++i) {
        if (names[i].front() == '.' || i + std::max<std::size_t>(keep, 1) <= names.size())
            fs::remove_all(output / names[i], code);
    }
}

}  // namespace

bool has_latest(const fs::path& output) {
    std::error_code code;
    return fs::is_directory(output / k_latest, code);
}

zmi::Expected<fs::path> emit_new_folder(const Files& files, const fs::path& output, const std::string& name,
                                        std::size_t keep) {
    std::error_code code;
    const auto folder = output / name;
    const auto making = output / (".new-" + name);
    fs::create_directories(output, code);
    if (code) return cannot(fmt::format("make the folder {}", output.string()), code.message());
    if (fs::exists(fs::symlink_status(folder, code)))
        return cannot(fmt::format("make {}", folder.string()), "it is there");
    fs::remove_all(making, code);
    std::vector<zmi::FileToWrite> writes;
    for (const auto& file : files) writes.push_back({making / file.name, file.content, file.mode});
    if (auto written = zmi::write_files_atomically(writes); !written) {
        fs::remove_all(making, code);
        return zmi::failure(zmi::ErrorKind::program, written.error().what, "the rules of earlier runs are untouched");
    }
    sync_folder(making);
    fs::rename(making, folder, code);
    if (code) return cannot(fmt::format("make {}", folder.string()), code.message());
    const auto beside = output / ".latest.new";
    fs::remove(beside, code);
    fs::create_directory_symlink(name, beside, code);
    if (!code) fs::rename(beside, output / k_latest, code);
    sync_folder(output);
    if (code) return cannot(fmt::format("write {}", (output / k_latest).string()), code.message());
    prune(output, name, keep);
    return folder;
}

}  // namespace zmfw
