#include <zmintegration/support/file.hpp>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

namespace zmi {
namespace {

class Descriptor {
public:
    explicit Descriptor(int fd) : m_fd(fd) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int get() const { return m_fd; }
    int close() {
        const int fd = m_fd;
        m_fd = -1;
        return fd < 0 ? 0 : ::close(fd);
    }

private:
    int m_fd;
};

tl::unexpected<Error> system_failure(std::string_view step, const std::filesystem::path& path, int code) {
    return failure(ErrorKind::knowledge, fmt::format("cannot {} {}: {}", step, path.string(), std::strerror(code)));
}

bool write_all(int fd, std::string_view content) {
    while (!content.empty()) {
        const auto written = ::write(fd, content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return false;
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    return true;
}

}  // namespace

Expected<std::string> read_file(const std::filesystem::path& path, std::size_t limit) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (file.get() < 0) return system_failure("read", path, errno);
    struct stat status {};
    if (::fstat(file.get(), &status) != 0) return system_failure("read", path, errno);
    if (!S_ISREG(status.st_mode)) {
        return failure(ErrorKind::knowledge, fmt::format("cannot read {}: not a regular file", path.string()));
    }
    std::string content;
    std::string chunk(64 * 1024, '\0');
    for (;;) {
        const auto got = ::read(file.get(), chunk.data(), chunk.size());
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_failure("read", path, errno);
        if (got == 0) return content;
        content.append(chunk, 0, static_cast<std::size_t>(got));
        if (content.size() > limit) {
            return failure(ErrorKind::knowledge,
                           fmt::format("cannot read {}: larger than {} bytes", path.string(), limit));
        }
    }
}

namespace {

/// A synced temporary beside `path`; its name, or the failure (and then no temporary).
Expected<std::string> write_temporary(const FileToWrite& file) {
    std::string temporary = file.path.string() + ".XXXXXX";
    Descriptor descriptor(::mkostemp(temporary.data(), O_CLOEXEC));
    if (descriptor.get() < 0) return system_failure("write beside", file.path, errno);
    const bool written = write_all(descriptor.get(), file.content) && ::fchmod(descriptor.get(), file.mode) == 0 &&
                         ::fsync(descriptor.get()) == 0 && descriptor.close() == 0;
    if (written) return temporary;
    const int code = errno;
    ::unlink(temporary.c_str());
    return system_failure("write", file.path, code);
}

void sync_folder_of(const std::filesystem::path& path) {
    const auto folder_path = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const Descriptor folder(::open(folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() >= 0) ::fsync(folder.get());
}

}  // namespace

Expected<void> write_files_atomically(const std::vector<FileToWrite>& files) {
    std::vector<std::string> temporaries;
    const auto drop_from = [&](std::size_t first) {
        for (std::size_t i = first; i < temporaries.size(); ++i) ::unlink(temporaries[i].c_str());
    };
    for (const auto& file : files) {
        std::error_code code;
        if (file.path.has_parent_path()) std::filesystem::create_directories(file.path.parent_path(), code);
        auto temporary = code ? Expected<std::string>(system_failure("make the folder of", file.path, code.value()))
                              : write_temporary(file);
        if (!temporary) {
            drop_from(0);
            return tl::unexpected(std::move(temporary.error()));
        }
        temporaries.push_back(std::move(*temporary));
    }
    for (std::size_t i = 0; i < files.size(); ++i) {
        if (::rename(temporaries[i].c_str(), files[i].path.c_str()) != 0) {
            const int code = errno;
            drop_from(i);
            return system_failure("write", files[i].path, code);
        }
    }
    for (const auto& file : files) sync_folder_of(file.path);
    return {};
}

Expected<void> write_file_atomically(const std::filesystem::path& path, std::string_view content, unsigned mode) {
    return write_files_atomically({{path, std::string(content), mode}});
}

}  // namespace zmi
