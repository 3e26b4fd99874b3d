#include <zmintegration/local/product.hpp>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <zmintegration/local/packages.hpp>
#include <zmintegration/support/file.hpp>
#include <zmintegration/support/text.hpp>

namespace zmi {
namespace {

namespace fs = std::filesystem;

/// What is known of one product without looking at any host.
struct Kind {
    ProductFamily family;
    std::string_view id;
    std::string_view name;
    std::string_view home;
    std::string_view user;
    std::string_view command;  ///< below the home; the other product does not bring it
    std::string_view package;
};
constexpr std::array<Kind, 2> k_kinds = {
    {{ProductFamily::zimbra, "zimbra", "Zimbra", "/opt/zimbra", "zimbra", "bin/zmprov", "zimbra-core"},
     {ProductFamily::carbonio, "carbonio", "Carbonio", "/opt/zextras", "zextras", "bin/carbonio", "carbonio-core"}}};

constexpr std::string_view k_localconfig = "conf/localconfig.xml";
constexpr std::string_view k_release_file = ".version";
constexpr std::string_view k_advanced_package = "carbonio-advanced";
constexpr std::string_view k_advanced_jars = "lib/ext/carbonio";
constexpr std::string_view k_suite_command = "bin/zxsuite";
constexpr std::size_t k_passwd_limit = 16 * 1024 * 1024;
constexpr std::size_t k_dpkg_limit = 128 * 1024 * 1024;
constexpr std::size_t k_release_limit = 4096;
constexpr std::size_t k_most_jars = 10'000;

const Kind& kind_of(ProductFamily family) {
    return family == ProductFamily::zimbra ? k_kinds[0] : k_kinds[1];
}

std::string_view other_name(ProductFamily family) {
    return name_of(family == ProductFamily::zimbra ? ProductFamily::carbonio : ProductFamily::zimbra);
}

/// What a path is, as far as we may see.
struct Look {
    enum class Is { absent, file, program, folder, other, hidden };
    Is is = Is::absent;
    std::string why;  ///< it is hidden
    [[nodiscard]] bool is_file() const { return is == Is::file || is == Is::program; }
};

/// Links are followed: a home on another file system is often one.
Look look_at(const fs::path& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) {
        if (errno == ENOENT || errno == ENOTDIR) return {};
        return {Look::Is::hidden, fmt::format("{}: {}", path.string(), std::strerror(errno))};
    }
    if (S_ISDIR(status.st_mode)) return {Look::Is::folder, {}};
    if (!S_ISREG(status.st_mode)) return {Look::Is::other, {}};
    return {(status.st_mode & 0111) != 0 ? Look::Is::program : Look::Is::file, {}};
}

/// What is there of one product.
struct Signs {
    bool home = false;
    bool localconfig = false;
    bool command = false;
    bool user = false;
    bool package = false;
    bool release_file = false;
    std::string release;
    std::string hidden;              ///< why we do not know; empty where we do
    std::vector<std::string> found;  ///< each of the above, in words

    /// 3: all that an installation has; 2: enough to be asked; 1: a part of it; 0: traces; -1: nothing at all.
    [[nodiscard]] int level() const {
        if (localconfig && command) return user || package || release_file ? 3 : 2;
        if (localconfig || command || package) return 1;
        return home || user || release_file ? 0 : -1;
    }
};

/// Looks for one product after the other below a root.
class Detector {
public:
    explicit Detector(fs::path root) : m_root(std::move(root)) {}

    [[nodiscard]] fs::path home_of(ProductFamily family) const {
        return m_root / packaged_home(family).relative_path();
    }
    [[nodiscard]] Signs signs_of(ProductFamily family, const fs::path& home);
    [[nodiscard]] Product product_of(ProductFamily family, const fs::path& home, Signs signs);

private:
    void note(const Look& look, const fs::path& path, bool& sign, Signs& signs) const;
    void read_release(const fs::path& home, Signs& signs) const;
    void add_carbonio_edition(Product& product);
    void add_zimbra_edition(Product& product) const;
    [[nodiscard]] bool has_user(std::string_view user);
    [[nodiscard]] const PackageNames& packages();

    fs::path m_root;
    std::optional<std::string> m_passwd;
    std::optional<PackageNames> m_packages;
};

bool Detector::has_user(std::string_view user) {
    if (!m_passwd) m_passwd = read_file(m_root / "etc/passwd", k_passwd_limit).value_or(std::string());
    for (const auto line : split_lines(*m_passwd)) {
        if (line.starts_with(user) && line.substr(user.size()).starts_with(':')) return true;
    }
    return false;
}

/// Hosts with rpm keep a database that only rpm reads: there the files must do.
const PackageNames& Detector::packages() {
    if (!m_packages) {
        const auto path = m_root / "var/lib/dpkg/status";
        m_packages = read_file(path, k_dpkg_limit)
                         .and_then([&](const std::string& text) { return parse_dpkg_status(text, path.string()); })
                         .value_or(PackageNames());
    }
    return *m_packages;
}

void Detector::note(const Look& look, const fs::path& path, bool& sign, Signs& signs) const {
    if (look.is == Look::Is::hidden && signs.hidden.empty()) signs.hidden = look.why;
    sign = look.is_file();
    if (sign) signs.found.push_back(path.string());
}

/// The release alone, or as `zmcontrol -v` prints it.
void Detector::read_release(const fs::path& home, Signs& signs) const {
    constexpr std::string_view k_printed = "Carbonio Release ";
    const auto path = home / k_release_file;
    if (!look_at(path).is_file()) return;
    signs.release_file = true;
    const auto text = read_file(path, k_release_limit);
    const auto whole = text ? std::string_view(*text) : std::string_view();
    auto release = trim(whole.substr(0, whole.find('\n')));
    if (release.starts_with(k_printed)) release.remove_prefix(k_printed.size());
    constexpr std::string_view k_allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.+~_-";
    const bool legal =
        !release.empty() && release.size() <= 64 && release.find_first_not_of(k_allowed) == std::string_view::npos;
    if (legal) signs.release = release;
    signs.found.push_back(legal ? fmt::format("{} says {}", path.string(), release)
                                : fmt::format("{}, which names no release", path.string()));
}

Signs Detector::signs_of(ProductFamily family, const fs::path& home) {
    const auto& kind = kind_of(family);
    Signs signs;
    const auto folder = look_at(home);
    signs.home = folder.is == Look::Is::folder;
    if (folder.is == Look::Is::hidden) signs.hidden = folder.why;
    note(look_at(home / k_localconfig), home / k_localconfig, signs.localconfig, signs);
    note(look_at(home / kind.command), home / kind.command, signs.command, signs);
    if (family == ProductFamily::carbonio) read_release(home, signs);
    signs.user = has_user(kind.user);
    if (signs.user) signs.found.push_back(fmt::format("user {} in {}", kind.user, (m_root / "etc/passwd").string()));
    signs.package = packages().contains(kind.package);
    if (signs.package) signs.found.push_back(fmt::format("package {} is installed", kind.package));
    if (signs.found.empty() && signs.home) signs.found.push_back(fmt::format("the folder {}", home.string()));
    return signs;
}

void Detector::add_carbonio_edition(Product& product) {
    product.edition = "advanced";
    if (packages().contains(k_advanced_package)) {
        product.evidence.push_back(fmt::format("package {} is installed", k_advanced_package));
        return;
    }
    std::error_code code;
    std::size_t seen = 0;
    const auto folder = product.home / k_advanced_jars;
    for (auto at = fs::directory_iterator(folder, code); !code && at != fs::directory_iterator() && seen < k_most_jars;
         at.increment(code), ++seen) {
        const auto name = at->path().filename().string();
        if (!name.starts_with("carbonio-advanced-") || !name.ends_with(".jar")) continue;
        product.evidence.push_back(
            fmt::format("{} is the one of Carbonio Advanced", zmi::quoted((folder / name).string())));
        return;
    }
    const bool absent = !code || code == std::errc::no_such_file_or_directory || code == std::errc::not_a_directory;
    product.edition = absent ? "ce" : "";
    product.evidence.push_back(absent ? std::string("nothing of Carbonio Advanced is here: the Community Edition")
                                      : fmt::format("whether this is Carbonio Advanced cannot be told: {}: {}",
                                                    folder.string(), code.message()));
}

/// Zimbra's own zmdiaglog tells Suite and the NG modules from it in this way.
void Detector::add_zimbra_edition(Product& product) const {
    const auto command = product.home / k_suite_command;
    if (look_at(command).is != Look::Is::program) return;
    product.edition = "suite";
    product.evidence.push_back(fmt::format("{}: Zextras Suite or the NG modules", command.string()));
}

Product Detector::product_of(ProductFamily family, const fs::path& home, Signs signs) {
    auto product = assumed_product(family, m_root, home);
    product.release = std::move(signs.release);
    product.evidence = std::move(signs.found);
    if (!signs.hidden.empty()) product.evidence.push_back(fmt::format("cannot be looked into: {}", signs.hidden));
    if (product.evidence.empty()) return product;
    if (family == ProductFamily::carbonio) {
        add_carbonio_edition(product);
    } else {
        add_zimbra_edition(product);
    }
    return product;
}

tl::unexpected<Error> undecided(const Signs& zimbra, const Signs& carbonio) {
    const auto told = [](const Signs& one) {
        return one.hidden.empty() ? fmt::format("{}", fmt::join(one.found, ", "))
                                  : fmt::format("cannot be looked into: {}", one.hidden);
    };
    return failure(ErrorKind::knowledge,
                   fmt::format("both Zimbra ({}) and Carbonio ({}) are here", told(zimbra), told(carbonio)),
                   "say which one it is about: --product zimbra or --product carbonio");
}

/// Which of the two is the installation, Zimbra where there is neither; nullopt where that cannot be told.
std::optional<ProductFamily> judge(const Signs& zimbra, const Signs& carbonio) {
    const auto wins = [](const Signs& one, const Signs& against) {
        if (!against.hidden.empty()) return false;
        // Who cannot be looked into may be anything: alone it is what we are asked about.
        if (!one.hidden.empty()) return against.level() <= 0;
        return one.level() > against.level() && (one.level() >= 2 || against.level() <= 0);
    };
    if (wins(zimbra, carbonio)) return ProductFamily::zimbra;
    if (wins(carbonio, zimbra)) return ProductFamily::carbonio;
    const bool neither =
        zimbra.level() <= 0 && carbonio.level() <= 0 && zimbra.hidden.empty() && carbonio.hidden.empty();
    return neither ? std::optional(ProductFamily::zimbra) : std::nullopt;
}

/// A home that somebody named: only Carbonio has the command and the release file.
ProductFamily family_in(const fs::path& home) {
    const bool carbonio =
        look_at(home / kind_of(ProductFamily::carbonio).command).is_file() || look_at(home / k_release_file).is_file();
    return carbonio ? ProductFamily::carbonio : ProductFamily::zimbra;
}

}  // namespace

std::string_view to_string(ProductFamily family) {
    return kind_of(family).id;
}

std::optional<ProductFamily> parse_family(std::string_view name) {
    for (const auto& kind : k_kinds) {
        if (kind.id == name) return kind.family;
    }
    return std::nullopt;
}

std::string_view name_of(ProductFamily family) {
    return kind_of(family).name;
}

std::string_view user_of(ProductFamily family) {
    return kind_of(family).user;
}

std::string_view core_package_of(ProductFamily family) {
    return kind_of(family).package;
}

fs::path packaged_home(ProductFamily family) {
    return kind_of(family).home;
}

std::string describe(const Product& product) {
    if (product.evidence.empty())
        return fmt::format("nothing of {} was found in {}", name_of(product.family), product.home.string());
    auto text = std::string(name_of(product.family));
    if (!product.edition.empty()) text += fmt::format(" ({})", product.edition);
    if (!product.release.empty()) text += " " + product.release;
    return fmt::format("{} in {}: {}", text, product.home.string(), fmt::join(product.evidence, "; "));
}

Product assumed_product(ProductFamily family, const fs::path& system_root, const std::optional<fs::path>& home) {
    Product product;
    product.family = family;
    product.home = home ? *home : system_root / packaged_home(family).relative_path();
    product.user = user_of(family);
    return product;
}

Expected<Product> detect_product(const fs::path& system_root, const std::optional<fs::path>& home,
                                 std::optional<ProductFamily> family) {
    Detector detector(system_root);
    if (home) {
        const auto chosen = family ? *family : family_in(*home);
        return detector.product_of(chosen, *home, detector.signs_of(chosen, *home));
    }
    auto zimbra = detector.signs_of(ProductFamily::zimbra, detector.home_of(ProductFamily::zimbra));
    auto carbonio = detector.signs_of(ProductFamily::carbonio, detector.home_of(ProductFamily::carbonio));
    const auto chosen = family ? family : judge(zimbra, carbonio);
    if (!chosen) return undecided(zimbra, carbonio);
    auto& own = *chosen == ProductFamily::zimbra ? zimbra : carbonio;
    auto& others = *chosen == ProductFamily::zimbra ? carbonio : zimbra;
    auto product = detector.product_of(*chosen, detector.home_of(*chosen), std::move(own));
    for (const auto& line : others.found) product.leftovers.push_back(fmt::format("{}: {}", other_name(*chosen), line));
    return product;
}

}  // namespace zmi
