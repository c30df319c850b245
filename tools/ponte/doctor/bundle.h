// What goes into a report for those who look for a fault, without what is nobody's business.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "app/config.h"
#include "ponte/doctor/finding.h"
#include "ponte/doctor/redactor.h"

namespace ponte::tool {

struct BundleFile {
  std::string name;
  std::string what;  ///< one line for people
  std::string content;
};

/// All of it as it was found: redacting is the bundle's business.
struct BundleSources {  // NOLINT(bugprone-exception-escape): what nlohmann's move asserts
  std::vector<Finding> findings;
  std::string version;                    ///< of the tool
  nlohmann::json platform;                ///< of look_at_platform
  const app::Config* config = nullptr;    ///< null: it could not be read
  nlohmann::json health = nullptr;        ///< of /health?verbose; null: not had
  std::string metrics = {};               ///< of /metrics; empty: not had
  nlohmann::json instances = nullptr;     ///< `instances` of list; null: not had
  std::vector<std::string> secrets = {};  ///< further texts that must not be there: tokens
  std::vector<std::string> urls = {};     ///< whose hosts must not be there
  std::vector<std::string> paths = {};    ///< whose users must not be there
};

/// Keys, tokens, messages, numbers, names of instances and hosts are not in it. The last is a README with the others'
/// names.
std::vector<BundleFile> make_bundle(const BundleSources& sources);

/// Kernel, distribution, processor, memory, libraries, limits; no host name.
nlohmann::json look_at_platform();

}  // namespace ponte::tool
