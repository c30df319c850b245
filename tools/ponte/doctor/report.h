// Findings as text and as JSON.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ponte/doctor/finding.h"

namespace ponte::tool {

struct ReportStyle {
  std::size_t columns = 0;  ///< 0: lines are not wrapped
  bool colours = false;
};

/// Verdict, name, message, and the remedy on a line of its own.
std::string finding_text(const Finding& finding, const ReportStyle& style);

/// `13 ok, 1 warning, 0 failed.`, and the skipped where there are some.
std::string summary_text(const std::vector<Finding>& findings);

/// `{"ok":..,"version":..,"checks":[..]}`; ok is false where something failed.
nlohmann::json report_json(const std::vector<Finding>& findings, const std::string& version);

bool nothing_failed(const std::vector<Finding>& findings);

}  // namespace ponte::tool
