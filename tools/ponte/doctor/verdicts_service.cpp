// The running ponted, and where clients find it.
#include <cstdlib>

#include "ponte/common/ponted_client.h"
#include "ponte/common/text.h"
#include "ponte/doctor/verdicts.h"

namespace ponte::tool {
namespace {

constexpr long long kSmallSkew = 5;  // seconds; a request takes less

Finding judge_health(const ServiceFacts& facts) {
  Finding out{"service", "ponted"};
  out.details = {{"url", facts.url}, {"health", facts.health}};
  if (!facts.problem.empty()) {
    out.details["problem"] = facts.problem;
    // Without TLS there is nothing to say but that nobody is there.
    const std::string why = facts.url.starts_with("https:") ? " (" + facts.problem + ")" : "";
    const std::string message = "No ponted answers at " + facts.url + why + ".";
    if (facts.lock_held) {
      return concluded(out, Verdict::kFailed, message + " One has the data directory, though.",
                       "Name its address with --url, or look into its log.");
    }
    if (facts.named)
      return concluded(out, Verdict::kFailed, message, "Start ponted, or name another address with --url.");
    return concluded(out, Verdict::kWarning, message, "Start ponted.");
  }
  if (text_at(facts.health, "service") != "Ponte") {
    return concluded(out, Verdict::kFailed, "What answers at " + facts.url + " is not Ponte.",
                     "Name the address of ponted with --url.");
  }
  if (text_at(facts.health, "status") == "ok") {
    std::string message = "Works, up for " + text_at(facts.health, "uptime");
    if (facts.token_refused) {
      return concluded(out, Verdict::kWarning, message + ". It does not know the token, so that not all was looked at.",
                       "Give the account token with --token-file.");
    }
    return concluded(out, Verdict::kOk, message + (facts.has_token ? "." : ". Without a token not all was looked at."));
  }
  std::string what;
  for (const auto& [name, check] : member(facts.health, "checks").items()) {
    if (check.is_string() && check != "ok") what += (what.empty() ? "" : "; ") + name + ": " + check.get<std::string>();
  }
  return concluded(out, Verdict::kFailed, "It is degraded: " + what + ".",
                   "Look at the disk of PONTE_DATA_DIR and into the log of ponted.");
}

Finding judge_own_version(const ServiceFacts& facts) {
  Finding out{"service-version", "Version"};
  out.details = {{"tool", facts.own_version}, {"ponted", facts.version}};
  if (facts.version.empty()) return concluded(out, Verdict::kSkipped, "ponted did not say its version.");
  if (facts.version == facts.own_version) return concluded(out, Verdict::kOk, "Both are " + facts.version + ".");
  return concluded(out, Verdict::kWarning, "ponted is " + facts.version + ", this tool is " + facts.own_version + ".",
                   "Restart ponted, so that the installed version runs; or use the tool that came with it.");
}

Finding judge_service_clock(const ServiceFacts& facts) {
  Finding out{"service-clock", "Clock of ponted"};
  if (!facts.ahead) return concluded(out, Verdict::kSkipped, "ponted did not say what time it is.");
  out.details["secondsAhead"] = *facts.ahead;
  if (std::llabs(*facts.ahead) <= kSmallSkew) return concluded(out, Verdict::kOk, "Agrees with this machine's.");
  return concluded(out, Verdict::kWarning,
                   "This machine's clock is " + duration_text(std::llabs(*facts.ahead)) +
                       (*facts.ahead > 0 ? " ahead of" : " behind") + " that of ponted.",
                   "Have both clocks set by the network: timedatectl set-ntp true");
}

}  // namespace

std::vector<Finding> judge_service(const ServiceFacts& facts) {
  std::vector<Finding> out{judge_health(facts)};
  if (text_at(facts.health, "service") != "Ponte") {
    out.push_back(concluded({"service-version", "Version"}, Verdict::kSkipped, "No ponted answers."));
    out.push_back(concluded({"service-clock", "Clock of ponted"}, Verdict::kSkipped, "No ponted answers."));
    return out;
  }
  out.push_back(judge_own_version(facts));
  out.push_back(judge_service_clock(facts));
  return out;
}

Finding judge_public_url(const PublicUrlFacts& facts) {
  Finding out{"public-url", "Public URL"};
  if (facts.url.empty()) {
    return concluded(out, Verdict::kOk, "Not set (PONTE_PUBLIC_URL): clients find ponted where it listens.");
  }
  out.details = {{"url", facts.url}, {"status", facts.status}};
  if (!facts.problem.empty()) {
    return concluded(out, Verdict::kWarning, facts.url + " does not answer from here: " + facts.problem + ".",
                     "Look at the reverse proxy (docs/reverse-proxy.md), or correct PONTE_PUBLIC_URL.");
  }
  if (!facts.is_ponte) {
    return concluded(out, Verdict::kFailed,
                     "What answers at " + facts.url + " is not Ponte (status " + std::to_string(facts.status) + ").",
                     "Have the reverse proxy pass every path to ponted (docs/reverse-proxy.md).");
  }
  return concluded(out, Verdict::kOk, facts.url + " leads to Ponte.");
}

}  // namespace ponte::tool
