// What the facts mean, and what to do about it. Pure.
#pragma once

#include <vector>

#include "ponte/doctor/facts.h"
#include "ponte/doctor/finding.h"

namespace ponte::tool {

Finding judge_configuration(const ConfigurationFacts& facts);

/// data-directory, master-key, disk, lock.
std::vector<Finding> judge_data(const DataFacts& facts);

Finding judge_name(const NameFacts& facts);
/// Whether it leads up to the WebSocket.
bool is_open(const WayFacts& facts);
/// proxy, tls, websocket.
std::vector<Finding> judge_way(const WayFacts& facts);
Finding judge_clock(const ClockFacts& facts);
Finding judge_version(const VersionFacts& facts);

/// service, service-version, service-clock.
std::vector<Finding> judge_service(const ServiceFacts& facts);
Finding judge_public_url(const PublicUrlFacts& facts);

/// `19 GiB`, `512 MiB`.
std::string size_text(std::uint64_t bytes);

}  // namespace ponte::tool
