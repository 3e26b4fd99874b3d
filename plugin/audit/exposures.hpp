#pragma once

#include <plugin/audit/audit.hpp>
#include <plugin/audit/port_table.hpp>
#include <plugin/plan/filled.hpp>
#include <vector>

namespace zmfw {

/// A listener of the report, with what it was made from.
struct AuditedPort {
    AuditedListener listener;
    const Port* port = nullptr;
    std::vector<const Endpoint*> owners;  ///< whose port it is, or was
    std::uint16_t expected_port = 0;      ///< of one that is elsewhere
    bool dual_stack_gap = false;
    std::string file_says;  ///< FILE:LINE, where that and not the facts explains how far it reaches
};

/// The findings of the catalogue's audit kinds. Of those about how far a socket reaches, the first that fits is told.
[[nodiscard]] std::vector<AuditFinding> find_exposures(const AuditInput& input, const Evaluator& evaluator,
                                                       std::size_t server, const PortTable& table,
                                                       const std::vector<AuditedPort>& ports);

}  // namespace zmfw
