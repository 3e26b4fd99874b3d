#pragma once

#include <cstddef>
#include <plugin/plan/plan.hpp>
#include <string_view>
#include <zmintegration/support/error.hpp>

namespace zmfw {

/// More than the plan of any deployment that we know how to render.
inline constexpr std::size_t k_plan_size_limit = 32 * 1024 * 1024;

/// Reads what to_json(Plan) or the format json wrote, as data from somebody who may mean us harm: nothing that the
/// contract (templates/schema/plan-1.schema.json) does not have, every name, address, network, port and id of the
/// strict form, lists merged and sorted as we write them, bounded counts, and the digest computed anew. What the
/// contract does not carry (ClosedPort::listens) stays at its default. Errors of kind data: "NAME:
/// servers[0].open[3].port: ...".
[[nodiscard]] zmi::Expected<Plan> read_plan(std::string_view json, std::string_view name = "the plan");

}  // namespace zmfw
