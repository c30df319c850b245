#include "ponte/doctor/report.h"

#include <algorithm>
#include <sstream>

#include "ponte/common/text.h"

namespace ponte::tool {
namespace {

constexpr std::size_t kVerdictColumns = 9;
constexpr std::size_t kNameColumns = 17;
constexpr std::size_t kIndent = 2;
constexpr std::size_t kBefore = kIndent + kVerdictColumns + kNameColumns;
constexpr std::size_t kLeastRoom = 24;

const char* colour_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::kOk: return "\x1b[32m";
    case Verdict::kWarning: return "\x1b[33m";
    case Verdict::kFailed: return "\x1b[31m";
    case Verdict::kSkipped: return "\x1b[2m";
  }
  return "";
}

std::size_t count_of(const std::vector<Finding>& findings, Verdict verdict) {
  return static_cast<std::size_t>(std::count_if(findings.begin(), findings.end(),
                                                [&](const Finding& finding) { return finding.verdict == verdict; }));
}

/// Each line of `text` wrapped, all behind the first indented by as much as stands before it.
void append_block(std::string& out, std::string before, const std::string& text, std::size_t columns) {
  const std::size_t indent = columns_of(before);
  std::istringstream lines(printable(text));
  for (std::string line; std::getline(lines, line);) {
    const std::size_t room = columns == 0 ? line.size() + 1 : std::max(columns, indent + kLeastRoom) - indent;
    for (const std::string& part : wrapped(line, room)) {
      out += before + part + "\n";
      before.assign(indent, ' ');
    }
  }
}

}  // namespace

std::string finding_text(const Finding& finding, const ReportStyle& style) {
  std::string verdict = padded(std::string(verdict_name(finding.verdict)), kVerdictColumns);
  if (style.colours) verdict = colour_of(finding.verdict) + verdict + "\x1b[0m";
  std::string out;
  append_block(out, std::string(kIndent, ' ') + verdict + padded(finding.name, kNameColumns), finding.message,
               style.columns);
  if (!finding.remedy.empty()) {
    append_block(out, std::string(kBefore, ' ') + "Remedy: ", finding.remedy, style.columns);
  }
  return out;
}

std::string summary_text(const std::vector<Finding>& findings) {
  const std::size_t warnings = count_of(findings, Verdict::kWarning);
  const std::size_t skipped = count_of(findings, Verdict::kSkipped);
  std::string out = std::to_string(count_of(findings, Verdict::kOk)) + " ok, " + std::to_string(warnings) +
                    (warnings == 1 ? " warning, " : " warnings, ") +
                    std::to_string(count_of(findings, Verdict::kFailed)) + " failed";
  if (skipped > 0) out += ", " + std::to_string(skipped) + " skipped";
  return out + ".";
}

bool nothing_failed(const std::vector<Finding>& findings) {
  return count_of(findings, Verdict::kFailed) == 0;
}

nlohmann::json report_json(const std::vector<Finding>& findings, const std::string& version) {
  nlohmann::json checks = nlohmann::json::array();
  for (const Finding& finding : findings) {
    nlohmann::json check = {{"id", finding.id},
                            {"name", finding.name},
                            {"verdict", verdict_name(finding.verdict)},
                            {"message", finding.message},
                            {"details", finding.details}};
    if (!finding.remedy.empty()) check["remedy"] = finding.remedy;
    checks.push_back(std::move(check));
  }
  return {{"ok", nothing_failed(findings)}, {"version", version}, {"checks", std::move(checks)}};
}

}  // namespace ponte::tool
