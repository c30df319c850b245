// `ponte doctor`: looks, judges, tells, and where asked writes it down for others.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/secret.h"
#include "ponte/doctor/bundle.h"
#include "ponte/doctor/finding.h"

namespace ponte::tool {

struct DoctorRequest {
  std::string config_file = {};  ///< as of ponted; empty: none
  std::string environment_file = {};
  std::string url = {};     ///< of ponted; empty: as configured
  SecretBytes token = {};   ///< empty: the configured one
  bool for_report = false;  ///< also what only a report has
};

struct DoctorResult {
  std::vector<Finding> findings;
  std::vector<BundleFile> report;  ///< where it was asked for
};

/// `told` is called with each finding as soon as it is there. Blocks, for a minute at most where nothing answers.
DoctorResult run_doctor(const DoctorRequest& request, const std::function<void(const Finding&)>& told);

}  // namespace ponte::tool
