#include <zmintegration/local/node_file.hpp>

#include <system_error>
#include <zmintegration/facts/inventory.hpp>
#include <zmintegration/support/file.hpp>

namespace zmi {
namespace {

constexpr std::size_t k_file_limit = 1024 * 1024;

}  // namespace

Expected<std::string> read_node_file(const std::filesystem::path& path) {
    auto text = read_file(path, k_file_limit);
    if (text) return text;
    // A folder that may not be searched sets the code: then nobody knows whether the file is there.
    std::error_code code;
    if (!std::filesystem::exists(path, code) && !code) text.error().what = k_no_such_file;
    return text;
}

}  // namespace zmi
