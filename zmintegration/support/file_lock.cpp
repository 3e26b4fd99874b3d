#include <zmintegration/support/file_lock.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>

namespace zmi {

FileLock::FileLock(const std::filesystem::path& file, int seconds) {
    const int opened = ::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (opened < 0) {
        m_problem = std::strerror(errno);
        return;
    }
    for (int tenths = seconds * 10; ::flock(opened, LOCK_EX | LOCK_NB) != 0; --tenths) {
        if (errno != EWOULDBLOCK && errno != EINTR) m_problem = std::strerror(errno);
        if (tenths <= 0 || !m_problem.empty()) {
            ::close(opened);
            return;
        }
        ::usleep(100'000);
    }
    m_file = opened;
}

void FileLock::release() {
    if (m_file >= 0) ::close(m_file);
    m_file = -1;
}

}  // namespace zmi
