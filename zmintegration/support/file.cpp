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

Expected<void> write_file_atomically(const std::filesystem::path& path, std::string_view content, unsigned mode) {
    std::string temporary = path.string() + ".XXXXXX";
    Descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
    if (file.get() < 0) return system_failure("write beside", path, errno);
    const auto give_up = [&](int code) {
        ::unlink(temporary.c_str());
        return system_failure("write", path, code);
    };
    if (!write_all(file.get(), content) || ::fchmod(file.get(), mode) != 0 || ::fsync(file.get()) != 0) {
        return give_up(errno);
    }
    if (file.close() != 0 || ::rename(temporary.c_str(), path.c_str()) != 0) return give_up(errno);
    const auto folder_path = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
    const Descriptor folder(::open(folder_path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (folder.get() >= 0) ::fsync(folder.get());
    return {};
}

}  // namespace zmi
