#pragma once

#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace zmfw {

/// A folder in /tmp that nobody else reads, gone with this object.
class TemporaryFolder {
public:
    TemporaryFolder() {
        std::string path = "/tmp/zmfirewall-XXXXXX";
        if (::mkdtemp(path.data()) != nullptr) m_path = path;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
        std::error_code ignored;
        if (!m_path.empty()) std::filesystem::remove_all(m_path, ignored);
    }

    /// Empty where it could not be made.
    [[nodiscard]] const std::filesystem::path& path() const { return m_path; }

private:
    std::filesystem::path m_path;
};

}  // namespace zmfw
