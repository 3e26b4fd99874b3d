#include <fmt/format.h>
#include <plugin/plan/digest.hpp>
#include <plugin/plan/plan_json.hpp>
#include <plugin/plan/read_plan.hpp>
#include <plugin/state/record.hpp>
#include <zmintegration/facts/inventory_json.hpp>
#include <zmintegration/support/clock.hpp>
#include <zmintegration/support/text.hpp>

namespace zmfw {
namespace {

constexpr std::string_view k_first_line = "zmfirewall record 1";
constexpr std::size_t k_most_files = 4096;

bool is_digest(std::string_view text) {
    return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

/// Takes a record apart from the front; the first problem is kept.
class RecordReader {
public:
    explicit RecordReader(std::string_view text) : m_rest(text) {}

    std::string_view line() {
        const auto end = m_rest.find('\n');
        if (end == std::string_view::npos) {
            fail("it ends too early");
            return {};
        }
        const auto line = m_rest.substr(0, end);
        m_rest.remove_prefix(end + 1);
        if (!zmi::is_printable_ascii(line)) fail("its head has bytes that are no text");
        return line;
    }
    /// The rest of the line "NAME ...".
    std::string_view value(std::string_view name) {
        const auto read = line();
        if (read.size() > name.size() && read.starts_with(name) && read[name.size()] == ' ')
            return read.substr(name.size() + 1);
        fail(fmt::format("it has no {}", name));
        return {};
    }
    std::uint64_t number(std::string_view text, std::uint64_t most) {
        const auto number = zmi::parse_number<std::uint64_t>(text);
        if (!number || *number > most) fail("a number in its head makes no sense");
        return ok() ? *number : 0;
    }
    std::string digest(std::string_view text, bool or_none = false) {
        if (!is_digest(text) && !(or_none && text == "none")) fail("a digest in its head makes no sense");
        return std::string(text);
    }
    std::string_view bytes(std::uint64_t length) {
        if (length > m_rest.size()) {
            fail("it ends too early");
            return {};
        }
        const auto taken = m_rest.substr(0, length);
        m_rest.remove_prefix(length);
        return taken;
    }
    void fail(std::string why) {
        if (m_problem.empty()) m_problem = std::move(why);
    }
    [[nodiscard]] bool ok() const { return m_problem.empty(); }
    [[nodiscard]] const std::string& problem() const { return m_problem; }
    [[nodiscard]] bool at_end() const { return m_rest.empty(); }

private:
    std::string_view m_rest;
    std::string m_problem;
};

void read_head(RecordReader& reader, RunRecord& record) {
    if (reader.line() != k_first_line) reader.fail("it does not begin as a record does");
    record.id = reader.number(reader.value("id"), 1'000'000'000'000);
    record.made_at = reader.value("made_at");
    if (!zmi::parse_rfc3339(record.made_at)) reader.fail("its time makes no sense");
    record.digests.program = reader.value("program");
    record.digests.catalogue = reader.digest(reader.value("catalogue"));
    record.digests.policy = reader.digest(reader.value("policy"), true);
    const auto files = reader.number(reader.value("shipped"), k_most_files);
    for (std::uint64_t i = 0; i < files && reader.ok(); ++i) {
        const auto line = reader.line();
        if (line.size() < 66 || line[64] != ' ') return reader.fail("a line of its files makes no sense");
        record.digests.shipped[std::string(line.substr(65))] = reader.digest(line.substr(0, 64));
    }
}

/// "inventory LENGTH SHA256"
std::pair<std::uint64_t, std::string> read_part(RecordReader& reader, std::string_view name) {
    const auto words = zmi::split(reader.value(name), ' ');
    if (words.size() != 2) {
        reader.fail(fmt::format("it does not say how long its {} is", name));
        return {};
    }
    return {reader.number(words[0], k_plan_size_limit), reader.digest(words[1])};
}

}  // namespace

std::string RunRecord::name() const {
    return fmt::format("record {} of {}", id, made_at);
}

std::string to_text(const RunRecord& record) {
    const auto inventory = zmi::to_json(record.inventory);
    const auto plan = to_json(record.plan);
    const auto& digests = record.digests;
    auto text =
        fmt::format("{}\nid {}\nmade_at {}\nprogram {}\ncatalogue {}\npolicy {}\nshipped {}\n", k_first_line, record.id,
                    record.made_at, digests.program, digests.catalogue, digests.policy, digests.shipped.size());
    for (const auto& [path, digest] : digests.shipped) text += fmt::format("{} {}\n", digest, path);
    text += fmt::format("inventory {} {}\nplan {} {}\n", inventory.size(), sha256_hex(inventory), plan.size(),
                        sha256_hex(plan));
    text += inventory + plan;
    return text + fmt::format("end {}\n", sha256_hex(text));
}

zmi::Expected<RunRecord> parse_record(std::string_view text, std::string_view name) {
    RecordReader reader(text);
    RunRecord record;
    read_head(reader, record);
    const auto [inventory_size, inventory_digest] = read_part(reader, "inventory");
    const auto [plan_size, plan_digest] = read_part(reader, "plan");
    const auto inventory_text = reader.bytes(inventory_size);
    const auto plan_text = reader.bytes(plan_size);
    const auto end = reader.digest(reader.value("end"));
    if (!reader.at_end()) reader.fail("something stands behind its end");
    constexpr std::size_t k_end = 4 + 64 + 1;  // "end ", the digest, the end of the line
    if (reader.ok() && (sha256_hex(inventory_text) != inventory_digest || sha256_hex(plan_text) != plan_digest ||
                        sha256_hex(text.substr(0, text.size() - k_end)) != end)) {
        reader.fail("its checksum is wrong");
    }
    if (!reader.ok()) return zmi::failure(zmi::ErrorKind::data, fmt::format("{}: {}", name, reader.problem()));
    auto inventory = zmi::parse_inventory(inventory_text, fmt::format("{}: inventory", name));
    if (!inventory) return tl::unexpected(std::move(inventory.error()));
    auto plan = read_plan(plan_text, fmt::format("{}: plan", name));
    if (!plan) return tl::unexpected(std::move(plan.error()));
    record.inventory = std::move(*inventory);
    record.plan = std::move(*plan);
    return record;
}

}  // namespace zmfw
