#pragma once

#include <plugin/policy/policy.hpp>
#include <string>
#include <zmintegration/facts/inventory.hpp>

/// Deployments of any size for benchmarks, built in code: always the same for the same size.
namespace zmfw::bench {

/// One server with every role, or a cluster: 2 % LDAP, 10 % MTA, 5 % proxies with memcached (one of each at least),
/// the rest mailstores. This node is a mailstore. Only attributes that the plan asks for.
[[nodiscard]] zmi::Inventory make_inventory(std::size_t servers);

/// An admin network and two servers that the policy gives an address.
[[nodiscard]] Policy make_policy(const zmi::Inventory& inventory);

/// The engine's answer to the discovery's one batch, with what nobody asked for as well: about 3.3 KB a server, as
/// genuine ones have.
[[nodiscard]] std::string make_soap_answer(const zmi::Inventory& inventory);

}  // namespace zmfw::bench
