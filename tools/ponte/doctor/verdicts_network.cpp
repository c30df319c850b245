// The way to WhatsApp.
#include <algorithm>
#include <cctype>
#include <cstdlib>

#include "ponte/common/cause_words.h"
#include "ponte/common/text.h"
#include "ponte/doctor/verdicts.h"

namespace ponte::tool {
namespace {

constexpr long long kSmallSkew = 30;   // seconds
constexpr long long kLargeSkew = 300;  // certificates and messages begin to be wrong
constexpr long long kOldVersion = 3LL * 24 * 3600;

std::string milliseconds(Milliseconds time) {
  return std::to_string(time.count()) + " ms";
}

std::string code_of(const Error& error) {
  return std::string(cause_name(error.cause));
}

Finding failed(Finding finding, const Error& error) {
  finding.details["code"] = code_of(error);
  std::string remedy = network_remedy(code_of(error));
  if (remedy.empty()) remedy = "Read the message; docs/runbook.md has more.";
  return concluded(std::move(finding), Verdict::kFailed, sentence(error.message), std::move(remedy));
}

bool is_of_the_proxy(const Error& error) {
  switch (error.cause) {
    case Cause::kProxyUnreachable:
    case Cause::kProxyRefused:
    case Cause::kProxyAuthFailed:
    case Cause::kProxyNotAllowed:
    case Cause::kInvalidProxy: return true;
    default: return false;
  }
}

bool is_whatsapp(const std::string& host) {
  return host.ends_with(".whatsapp.com") || host.ends_with(".whatsapp.net");
}

/// Those from whom the large sites have their certificates. Another one in front of WhatsApp is most often a company's.
bool is_usual_issuer(const std::string& organization) {
  constexpr const char* kUsual[] = {"DigiCert",   "Let's Encrypt", "Google Trust Services",           "Sectigo",
                                    "GlobalSign", "Amazon",        "Internet Security Research Group"};
  return std::any_of(std::begin(kUsual), std::end(kUsual),
                     [&](const char* usual) { return organization.find(usual) != std::string::npos; });
}

nlohmann::json chain_json(const net::TlsPeer& peer) {
  nlohmann::json out = nlohmann::json::array();
  for (const net::TlsCertificate& certificate : peer.chain) {
    out.push_back({{"subject", certificate.subject},
                   {"issuer", certificate.issuer},
                   {"notBefore", certificate.not_before},
                   {"notAfter", certificate.not_after}});
  }
  return out;
}

std::string issuer_of(const net::TlsPeer& peer) {
  return peer.chain.empty() ? std::string() : peer.chain.front().issuer_organization;
}

Finding judge_untrusted(Finding out, const WayFacts& facts) {
  const Error& error = facts.answer.status.error();
  const std::string issuer = issuer_of(facts.answer.peer);
  out.details["code"] = code_of(error);
  std::string message = sentence(error.message);
  if (!issuer.empty()) message += " It was issued by " + issuer + ".";
  if (error.message.find("not yet valid") != std::string::npos || error.message.find("expired") != std::string::npos) {
    return concluded(std::move(out), Verdict::kFailed, message,
                     "Look at this machine's clock; the line Clock may say more.");
  }
  if (error.message.find("mismatch") != std::string::npos) {
    return concluded(std::move(out), Verdict::kFailed, message,
                     "Another server answers in its place: look at DNS, and for a captive portal.");
  }
  return concluded(std::move(out), Verdict::kFailed, message,
                   "Something on the way opens TLS (a company proxy, an antivirus): have it leave " + facts.host +
                       " alone. A server of your own: name its root with PONTE_WHATSAPP_CA_FILE.");
}

Finding judge_proxy(const WayFacts& facts) {
  Finding out{"proxy", "Proxy"};
  if (facts.proxy.empty()) return concluded(out, Verdict::kOk, "None is set (PONTE_PROXY).");
  out.details["proxy"] = facts.proxy;
  const Status& status = facts.answer.status;
  if (!status.ok() && is_of_the_proxy(status.error())) return failed(std::move(out), status.error());
  return concluded(out, Verdict::kOk, facts.proxy + " lets through to " + facts.host + ".");
}

Finding judge_tls(const WayFacts& facts) {
  Finding out{"tls", facts.secure ? "TLS" : "TCP"};
  const net::TlsPeer& peer = facts.answer.peer;
  // By way of a proxy the address is the proxy's.
  const std::string address = facts.proxy.empty() ? facts.answer.address : std::string();
  out.details = {{"host", facts.host},        {"port", facts.port},        {"address", address},
                 {"protocol", peer.protocol}, {"chain", chain_json(peer)}, {"ms", facts.answer.took.count()}};
  const Status& status = facts.answer.status;
  if (!facts.setup_error.empty()) {
    return concluded(out, Verdict::kFailed, sentence(facts.setup_error), "Correct PONTE_WHATSAPP_CA_FILE.");
  }
  if (facts.no_name) return concluded(out, Verdict::kSkipped, "There is no address to connect to.");
  if (!status.ok() && is_of_the_proxy(status.error())) {
    return concluded(out, Verdict::kSkipped, "The proxy does not let through.");
  }
  if (!status.ok() && status.error().cause == Cause::kTlsUntrusted) return judge_untrusted(std::move(out), facts);
  if (!status.ok()) return failed(std::move(out), status.error());
  const std::string by = facts.proxy.empty() ? address : facts.host + " by way of the proxy";
  const std::string took = ", " + milliseconds(facts.answer.took) + ".";
  if (!facts.secure) return concluded(out, Verdict::kOk, "Connected to " + by + ", without TLS" + took);
  const std::string issuer = issuer_of(peer);
  const long long days = peer.chain.empty() ? 0 : (peer.chain.front().not_after - facts.now) / 86'400;
  if (is_whatsapp(facts.host) && !is_usual_issuer(issuer)) {
    return concluded(out, Verdict::kWarning,
                     "The certificate of " + facts.host + " is trusted, but was issued by " + issuer +
                         ", which is no usual authority: something on the way may open TLS.",
                     "Have it leave " + facts.host + " alone.");
  }
  return concluded(out, Verdict::kOk,
                   peer.protocol + " with " + by + "; certificate by " + issuer + ", good for " + std::to_string(days) +
                       " days" + took);
}

Finding judge_web_socket(const WayFacts& facts) {
  Finding out{"websocket", "WebSocket"};
  if (!is_open(facts)) {
    return concluded(out, Verdict::kSkipped, "There is no way to the server.");
  }
  out.details["ms"] = facts.web_socket_took.count();
  if (facts.web_socket_error) return failed(std::move(out), *facts.web_socket_error);
  return concluded(out, Verdict::kOk, "The server takes it, " + milliseconds(facts.web_socket_took) + ".");
}

std::string by_how_much(long long ahead) {
  return duration_text(std::llabs(ahead)) + (ahead >= 0 ? " ahead of" : " behind");
}

}  // namespace

Finding judge_name(const NameFacts& facts) {
  Finding out{"dns", "DNS"};
  out.details = {{"host", facts.host}, {"addresses", facts.addresses}, {"ms", facts.took.count()}};
  if (facts.by_proxy) return concluded(out, Verdict::kSkipped, "The proxy looks " + facts.host + " up.");
  if (facts.is_address) return concluded(out, Verdict::kOk, facts.host + " is an address.");
  if (facts.error) return failed(std::move(out), *facts.error);
  const auto v6 = std::count_if(facts.addresses.begin(), facts.addresses.end(),
                                [](const std::string& address) { return address.find(':') != std::string::npos; });
  const auto v4 = static_cast<long>(facts.addresses.size()) - v6;
  out.details["a"] = v4;
  out.details["aaaa"] = v6;
  const std::string found = facts.host + " has " + std::to_string(v4) + (v4 == 1 ? " address" : " addresses") +
                            " of IPv4 and " + std::to_string(v6) + " of IPv6, " + milliseconds(facts.took) + ".";
  if (facts.took > Milliseconds(2'000)) {
    return concluded(out, Verdict::kWarning, found + " That is slow.",
                     "Check the name servers of this machine (/etc/resolv.conf); the first may be down.");
  }
  return concluded(out, Verdict::kOk, found);
}

bool is_open(const WayFacts& facts) {
  return !facts.no_name && facts.setup_error.empty() && facts.answer.status.ok();
}

std::vector<Finding> judge_way(const WayFacts& facts) {
  return {judge_proxy(facts), judge_tls(facts), judge_web_socket(facts)};
}

Finding judge_clock(const ClockFacts& facts) {
  Finding out{"clock", "Clock"};
  if (!facts.ahead) return concluded(out, Verdict::kSkipped, facts.problem);
  out.details = {{"secondsAhead", *facts.ahead}, {"of", facts.host}};
  if (std::llabs(*facts.ahead) < kSmallSkew) {
    return concluded(out, Verdict::kOk, "Agrees with " + facts.host + " (" + std::to_string(*facts.ahead) + " s).");
  }
  const Verdict verdict = std::llabs(*facts.ahead) < kLargeSkew ? Verdict::kWarning : Verdict::kFailed;
  return concluded(out, verdict,
                   "This machine's clock is " + by_how_much(*facts.ahead) + " that of " + facts.host + ".",
                   "Have the clock set by the network: timedatectl set-ntp true");
}

Finding judge_version(const VersionFacts& facts) {
  Finding out{"client-version", "Client version"};
  const nlohmann::json& service = facts.service;
  const auto text = [&service](const char* name) {
    return service.is_object() && service.contains(name) && service[name].is_string() ? service[name].get<std::string>()
                                                                                      : std::string();
  };
  const std::string said = text("version").empty() ? facts.said : text("version");
  out.details = {{"version", said}, {"pinned", facts.pinned}, {"service", service}};
  if (facts.on_page) out.details["onPage"] = *facts.on_page;
  if (facts.pinned && facts.page_is_newer) {
    return concluded(out, Verdict::kWarning,
                     said + ", named by PONTE_WHATSAPP_VERSION; WhatsApp has " + *facts.on_page + " meanwhile.",
                     "Leave PONTE_WHATSAPP_VERSION out, and Ponte looks for itself.");
  }
  if (facts.pinned) return concluded(out, Verdict::kOk, said + ", named by PONTE_WHATSAPP_VERSION.");
  if (!facts.page_problem.empty()) {
    return concluded(out, Verdict::kWarning, said + "; no newer one can be fetched: " + facts.page_problem + ".",
                     "Let this machine reach PONTE_WHATSAPP_VERSION_URL, or set PONTE_WHATSAPP_VERSION.");
  }
  std::string message = said;
  if (service.is_object() && service.contains("ageSeconds") && service["ageSeconds"].is_number_integer()) {
    const auto age = service["ageSeconds"].get<long long>();
    message += ", refreshed " + duration_text(age) + " ago";
    if (age > kOldVersion && !facts.page_url.empty()) {
      return concluded(out, Verdict::kWarning, message + ".",
                       "Look into the log of ponted for why it was not refreshed.");
    }
  } else {
    message += text("version").empty() ? ", built in" : ", as ponted says it";
  }
  if (facts.on_page) message += "; WhatsApp has " + *facts.on_page;
  if (facts.page_out_of_reach) message += "; there is no way to look for a newer one";
  if (facts.page_url.empty()) message += "; never refreshed, since PONTE_WHATSAPP_VERSION_URL is empty";
  return concluded(out, Verdict::kOk, message + ".");
}

}  // namespace ponte::tool
