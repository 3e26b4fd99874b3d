#include <plugin/observe/sighting.hpp>

namespace zmfw {

Tally* Sightings::of(const Attempt& attempt) {
    if (const auto found = attempts.find(attempt); found != attempts.end()) return &found->second;
    if (attempts.size() >= k_most) {
        ++left_out;
        return nullptr;
    }
    return &attempts[attempt];
}

}  // namespace zmfw
