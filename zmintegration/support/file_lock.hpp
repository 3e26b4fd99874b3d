#pragma once

#include <filesystem>
#include <string>

namespace zmi {

/// A file that one process at a time holds; free again with the process, however it ends. The file stays.
class FileLock {
public:
    /// Waits for at most `seconds`.
    FileLock(const std::filesystem::path& file, int seconds);
    ~FileLock() { release(); }
    FileLock(const FileLock&) = delete;
    FileLock& operator=(const FileLock&) = delete;

    [[nodiscard]] bool held() const { return m_file >= 0; }
    /// Why it is not held where it is not because of somebody else; empty otherwise.
    [[nodiscard]] const std::string& problem() const { return m_problem; }
    void release();

private:
    int m_file = -1;
    std::string m_problem;
};

}  // namespace zmi
