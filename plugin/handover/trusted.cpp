#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <plugin/handover/trusted.hpp>

namespace zmfw {
namespace {

namespace fs = std::filesystem;
using zmi::Expected;

tl::unexpected<zmi::Error> cannot_read(const fs::path& path, std::string_view why) {
    return zmi::failure(zmi::ErrorKind::data, fmt::format("cannot read {}: {}", path.string(), why));
}

struct Descriptor {
    int number;
    ~Descriptor() {
        if (number >= 0) ::close(number);
    }
};

tl::unexpected<zmi::Error> not_trusted(const fs::path& path, std::string_view why) {
    return zmi::failure(zmi::ErrorKind::data, fmt::format("root does not use {}: {}", path.string(), why),
                        fmt::format("chown root:root and chmod go-w {}, or name another folder", path.string()));
}

/// One file or folder, itself. `owner`: who may own it beside root.
Expected<void> check_one(const fs::path& path, bool may_be_sticky, ::uid_t owner = 0) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) return cannot_read(path, std::strerror(errno));
    if (status.st_uid != 0 && status.st_uid != owner) return not_trusted(path, "it does not belong to root");
    if (S_ISLNK(status.st_mode)) return {};
    if (!S_ISDIR(status.st_mode) && !S_ISREG(status.st_mode)) return not_trusted(path, "it is no file and no folder");
    const bool others_write = (status.st_mode & (S_IWGRP | S_IWOTH)) != 0;
    if (others_write && !(may_be_sticky && S_ISDIR(status.st_mode) && (status.st_mode & S_ISVTX) != 0))
        return not_trusted(path, "others than root may write to it");
    return {};
}

Expected<void> check_way_up(const fs::path& path) {
    for (auto above = path; above.has_relative_path(); above = above.parent_path()) {
        if (auto checked = check_one(above.parent_path(), true); !checked) return checked;
    }
    return {};
}

/// As far as the folders are there.
Expected<void> check_existing_way_up(const fs::path& path) {
    for (auto above = path; above.has_relative_path(); above = above.parent_path()) {
        std::error_code code;
        if (fs::symlink_status(above.parent_path(), code).type() == fs::file_type::not_found) continue;
        if (auto checked = check_one(above.parent_path(), true, ::geteuid()); !checked) return checked;
    }
    return {};
}

}  // namespace

Expected<void> check_way_to(const fs::path& path) {
    std::error_code code;
    const auto real = fs::weakly_canonical(path, code);
    if (code) return cannot_read(path, code.message());
    if (auto checked = check_existing_way_up(fs::absolute(path).lexically_normal()); !checked) return checked;
    return check_existing_way_up(real);
}

Expected<std::string> read_untrusted_file(const fs::path& path, std::size_t limit) {
    const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)};
    if (file.number < 0) return cannot_read(path, errno == ELOOP ? "it is a symbolic link" : std::strerror(errno));
    struct stat status {};
    if (::fstat(file.number, &status) != 0) return cannot_read(path, std::strerror(errno));
    if (!S_ISREG(status.st_mode)) return cannot_read(path, "not a regular file");
    std::string content;
    std::string chunk(64 * 1024, '\0');
    for (;;) {
        const auto got = ::read(file.number, chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return cannot_read(path, std::strerror(errno));
        if (got == 0) return content;
        content.append(chunk, 0, static_cast<std::size_t>(got));
        if (content.size() > limit) return cannot_read(path, fmt::format("larger than {} bytes", limit));
    }
}

Expected<void> check_trusted(const fs::path& path) {
    std::error_code code;
    const auto real = fs::canonical(path, code);
    if (code) return cannot_read(path, code.message());
    if (auto checked = check_way_up(fs::absolute(path).lexically_normal()); !checked) return checked;
    if (auto checked = check_way_up(real); !checked) return checked;
    if (auto checked = check_one(real, false); !checked) return checked;
    if (!fs::is_directory(real, code)) return {};
    for (auto entry = fs::recursive_directory_iterator(real, code); !code && entry != fs::end(entry);
         entry.increment(code)) {
        if (auto checked = check_one(entry->path(), false); !checked) return checked;
        // Where a link leads is another way up.
        if (fs::is_symlink(entry->symlink_status())) return not_trusted(entry->path(), "it is a symbolic link");
    }
    if (code) return cannot_read(real, code.message());
    return {};
}

}  // namespace zmfw
