#include "app/config.h"

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <sstream>

#include "api/client_address.h"
#include "base/hex.h"
#include "protocol/noise/certificate.h"

namespace ponte::app {
namespace {

/// Built in, until a refreshed or configured one takes its place (wire: pairing.md 10).
constexpr const char* kBuiltInVersion = "2.3000.1045649367";

Error invalid(const std::string& what) {
  return {Errc::kInvalidArgument, Cause::kConfigInvalid, what};
}

template <typename Number>
Status parse_number(const std::string& text, Number low, Number high, Number& out) {
  Number value{};
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc() || end != text.data() + text.size() || value < low || value > high) {
    return invalid("expected a whole number from " + std::to_string(low) + " to " + std::to_string(high) + ", got '" +
                   text + "'");
  }
  out = value;
  return Status::Ok();
}

Status parse_seconds(const std::string& text, Seconds& out) {
  unsigned value = 0;
  PONTE_TRY(parse_number(text, 1U, 86'400U, value));
  out = Seconds(value);
  return Status::Ok();
}

Status parse_bool(const std::string& text, bool& out) {
  if (text != "true" && text != "false") return invalid("expected true or false, got '" + text + "'");
  out = text == "true";
  return Status::Ok();
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> out;
  std::istringstream in(text);
  for (std::string part; std::getline(in, part, ',');) {
    const auto first = part.find_first_not_of(" \t");
    if (first == std::string::npos) continue;
    out.push_back(part.substr(first, part.find_last_not_of(" \t") - first + 1));
  }
  return out;
}

std::string join(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) out += (out.empty() ? "" : ",") + part;
  return out;
}

/// `address:port` or `[address]:port`.
Status check_listen(const std::string& text) {
  const auto colon = text.rfind(':');
  unsigned port = 0;
  if (colon == std::string::npos || colon == 0 || !parse_number(text.substr(colon + 1), 0U, 65'535U, port).ok()) {
    return invalid("expected address:port, as in 127.0.0.1:8080 or [::1]:8080, got '" + text + "'");
  }
  return Status::Ok();
}

Status check_not_empty(const std::string& text) {
  return text.empty() ? Status(invalid("expected a path, got nothing")) : Status::Ok();
}

Status check_http_url(const std::string& text) {
  if (text.starts_with("http://") || text.starts_with("https://")) return Status::Ok();
  return invalid("expected an http:// or https:// URL, got '" + text + "'");
}

Status parse_root_key(const std::string& text, crypto::PublicKey& out) {
  const auto bytes = from_hex(text);
  if (!bytes.ok() || bytes->size() != 32) return invalid("expected 64 hex digits");
  out = to_array<32>(*bytes);
  return Status::Ok();
}

/// A token travels in a header, so it must be visible ASCII; a short one could be guessed.
Status check_token(const std::string& text) {
  const bool visible = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
  if (text.size() < 8 || text.size() > 256 || !visible) {
    return invalid("expected 8 to 256 visible ASCII characters");
  }
  return Status::Ok();
}

/// What a browser sends as Origin: scheme and authority, no path.
Status check_origin(const std::string& origin) {
  if (origin == "*") return Status::Ok();
  const bool scheme = origin.starts_with("http://") || origin.starts_with("https://");
  const auto authority = scheme ? origin.substr(origin.find("//") + 2) : std::string();
  if (!authority.empty() && authority.find_first_of("/?# ") == std::string::npos) return Status::Ok();
  return invalid("expected * or an origin such as https://app.example.com, got '" + origin + "'");
}

Status set_cors_origins(Config& config, const std::string& text) {
  std::vector<std::string> origins = split(text);
  for (const std::string& origin : origins) PONTE_TRY(check_origin(origin));
  config.cors_origins = std::move(origins);
  return Status::Ok();
}

Status set_trusted_proxies(Config& config, const std::string& text) {
  std::vector<std::string> proxies = split(text);
  PONTE_ASSIGN(const auto parsed, api::TrustedProxies::parse(proxies));
  (void)parsed;
  config.trusted_proxies = std::move(proxies);
  return Status::Ok();
}

enum class Secrecy { kPublic, kSecret };
/// When a changed value counts.
enum class Takes { kRestart, kReload };

struct Setting {
  const char* name;  ///< PONTE_<NAME>, and <name> in the file
  Secrecy secrecy;
  Status (*parse)(Config&, const std::string&);
  std::string (*render)(const Config&);
  Takes effect = Takes::kRestart;
};

template <auto Member>
Status set_text(Config& config, const std::string& text) {
  config.*Member = text;
  return Status::Ok();
}
template <auto Member>
std::string get_text(const Config& config) {
  return config.*Member;
}
template <auto Member>
Status set_count(Config& config, const std::string& text) {
  return parse_number(text, 1U, 1'000'000U, config.*Member);
}
template <auto Member>
std::string get_count(const Config& config) {
  return std::to_string(config.*Member);
}
template <auto Member>
Status set_seconds(Config& config, const std::string& text) {
  return parse_seconds(text, config.*Member);
}
template <auto Member>
std::string get_seconds(const Config& config) {
  return std::to_string((config.*Member).count());
}
template <auto Member>
Status set_bool(Config& config, const std::string& text) {
  return parse_bool(text, config.*Member);
}
template <auto Member>
std::string get_bool(const Config& config) {
  return config.*Member ? "true" : "false";
}
template <auto Member>
std::string get_list(const Config& config) {
  return join(config.*Member);
}
template <auto Member, Status (*Check)(const std::string&)>
Status set_checked(Config& config, const std::string& text) {
  if (!text.empty()) PONTE_TRY(Check(text));
  config.*Member = text;
  return Status::Ok();
}

template <auto Member, Status (*Check)(const std::string&)>
Status set_required(Config& config, const std::string& text) {
  PONTE_TRY(Check(text));
  config.*Member = text;
  return Status::Ok();
}

Status set_whatsapp_url(Config& config, const std::string& text) {
  PONTE_ASSIGN(config.whatsapp_url, net::WebSocketUrl::parse(text));
  config.whatsapp_url_text = text;
  return Status::Ok();
}
Status set_root_key(Config& config, const std::string& text) {
  return parse_root_key(text, config.whatsapp_root_key);
}
std::string get_root_key(const Config& config) {
  return to_hex(config.whatsapp_root_key);
}
Status set_version(Config& config, const std::string& text) {
  PONTE_ASSIGN(config.whatsapp_version, protocol::ClientVersion::parse(text));
  config.whatsapp_version_pinned = true;
  return Status::Ok();
}
std::string get_version(const Config& config) {
  return config.whatsapp_version.to_string();
}
Status set_proxy(Config& config, const std::string& text) {
  config.proxy.reset();
  if (!text.empty()) {
    PONTE_ASSIGN(config.proxy, net::Proxy::parse(text));
  }
  config.proxy_text = text;
  return Status::Ok();
}
Status set_qr_format(Config& config, const std::string& text) {
  if (text != "url" && text != "bare") return invalid("expected url or bare, got '" + text + "'");
  config.qr_format = text == "url" ? protocol::QrFormat::kUrl : protocol::QrFormat::kBare;
  return Status::Ok();
}
std::string get_qr_format(const Config& config) {
  return config.qr_format == protocol::QrFormat::kUrl ? "url" : "bare";
}
Status set_device_name(Config& config, const std::string& text) {
  if (text.empty() || text.size() > 64) return invalid("expected 1 to 64 bytes of text");
  config.device_name = text;
  return Status::Ok();
}
Status set_event_token(Config& config, const std::string& text) {
  if (text != "include" && text != "omit") return invalid("expected include or omit, got '" + text + "'");
  config.event_token_include = text == "include";
  return Status::Ok();
}
std::string get_event_token(const Config& config) {
  return config.event_token_include ? "include" : "omit";
}
Status set_log(Config& config, const std::string& text) {
  PONTE_ASSIGN(config.log_level, log::level_from_name(text));
  return Status::Ok();
}
std::string get_log(const Config& config) {
  return std::string(log::level_name(config.log_level));
}
Status set_log_format(Config& config, const std::string& text) {
  if (text != "text" && text != "json") return invalid("expected text or json, got '" + text + "'");
  config.log_format = text == "json" ? log::Format::kJson : log::Format::kText;
  return Status::Ok();
}
std::string get_log_format(const Config& config) {
  return config.log_format == log::Format::kJson ? "json" : "text";
}
Status set_loops(Config& config, const std::string& text) {
  return parse_number(text, 0U, 64U, config.loops);
}
Status set_dial_rate(Config& config, const std::string& text) {
  return parse_number(text, 0U, 100'000U, config.dial_rate);
}

constexpr Setting kSettings[] = {
    {"listen", Secrecy::kPublic, set_required<&Config::listen, check_listen>, get_text<&Config::listen>},
    {"ws_listen", Secrecy::kPublic, set_checked<&Config::ws_listen, check_listen>, get_text<&Config::ws_listen>},
    {"data_dir", Secrecy::kPublic, set_required<&Config::data_dir, check_not_empty>, get_text<&Config::data_dir>},
    {"account_token", Secrecy::kSecret, set_checked<&Config::account_token, check_token>,
     get_text<&Config::account_token>},
    {"master_key_file", Secrecy::kPublic, set_text<&Config::master_key_file>, get_text<&Config::master_key_file>},
    {"whatsapp_url", Secrecy::kPublic, set_whatsapp_url, get_text<&Config::whatsapp_url_text>},
    {"whatsapp_root_key", Secrecy::kPublic, set_root_key, get_root_key},
    {"whatsapp_ca_file", Secrecy::kPublic, set_text<&Config::whatsapp_ca_file>, get_text<&Config::whatsapp_ca_file>},
    {"whatsapp_version", Secrecy::kPublic, set_version, get_version},
    {"whatsapp_version_url", Secrecy::kPublic, set_checked<&Config::whatsapp_version_url, check_http_url>,
     get_text<&Config::whatsapp_version_url>},
    {"public_url", Secrecy::kPublic, set_checked<&Config::public_url, check_http_url>, get_text<&Config::public_url>},
    {"cors_origins", Secrecy::kPublic, set_cors_origins, get_list<&Config::cors_origins>, Takes::kReload},
    {"trusted_proxies", Secrecy::kPublic, set_trusted_proxies, get_list<&Config::trusted_proxies>, Takes::kReload},
    {"max_connections", Secrecy::kPublic, set_count<&Config::max_connections>, get_count<&Config::max_connections>},
    {"connect_timeout", Secrecy::kPublic, set_seconds<&Config::connect_timeout>, get_seconds<&Config::connect_timeout>,
     Takes::kReload},
    {"qr_first_ttl", Secrecy::kPublic, set_seconds<&Config::qr_first_ttl>, get_seconds<&Config::qr_first_ttl>},
    {"qr_ttl", Secrecy::kPublic, set_seconds<&Config::qr_ttl>, get_seconds<&Config::qr_ttl>},
    {"rate_limit", Secrecy::kPublic, set_count<&Config::rate_limit>, get_count<&Config::rate_limit>, Takes::kReload},
    {"create_rate_limit", Secrecy::kPublic, set_count<&Config::create_rate_limit>,
     get_count<&Config::create_rate_limit>, Takes::kReload},
    // A proxy URL may carry a password.
    {"proxy", Secrecy::kSecret, set_proxy, get_text<&Config::proxy_text>},
    {"qr_format", Secrecy::kPublic, set_qr_format, get_qr_format},
    {"device_name", Secrecy::kPublic, set_device_name, get_text<&Config::device_name>},
    {"allow_private_webhooks", Secrecy::kPublic, set_bool<&Config::allow_private_webhooks>,
     get_bool<&Config::allow_private_webhooks>},
    {"allow_private_proxies", Secrecy::kPublic, set_bool<&Config::allow_private_proxies>,
     get_bool<&Config::allow_private_proxies>},
    {"metrics_open", Secrecy::kPublic, set_bool<&Config::metrics_open>, get_bool<&Config::metrics_open>},
    {"event_token", Secrecy::kPublic, set_event_token, get_event_token},
    {"log", Secrecy::kPublic, set_log, get_log, Takes::kReload},
    {"log_format", Secrecy::kPublic, set_log_format, get_log_format},
    {"loops", Secrecy::kPublic, set_loops, get_count<&Config::loops>},
    {"dial_rate", Secrecy::kPublic, set_dial_rate, get_count<&Config::dial_rate>},
    {"audit_log", Secrecy::kPublic, set_text<&Config::audit_log>, get_text<&Config::audit_log>},
    {"record_dir", Secrecy::kPublic, set_text<&Config::record_dir>, get_text<&Config::record_dir>},
};

std::string environment_name(const Setting& setting) {
  std::string out = "PONTE_";
  for (const char* c = setting.name; *c != '\0'; ++c)
    out += static_cast<char>(std::toupper(static_cast<unsigned char>(*c)));
  return out;
}

/// Collects what is wrong, to be reported all at once.
class Problems {
 public:
  void add(const std::string& where, const std::string& what) { lines_ += where + ": " + what + "\n"; }
  void add_unless_ok(const std::string& where, const Status& status) {
    if (!status.ok()) add(where, status.error().message);
  }
  bool empty() const { return lines_.empty(); }
  std::string text() const { return "configuration:\n" + lines_.substr(0, lines_.empty() ? 0 : lines_.size() - 1); }

 private:
  std::string lines_;
};

/// A scalar, or an array of strings, as the text the environment would have.
std::optional<std::string> text_of(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* number = node.as_integer()) return std::to_string(number->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (const auto* array = node.as_array()) {
    std::vector<std::string> parts;
    for (const toml::node& element : *array) {
      const auto* text = element.as_string();
      if (text == nullptr) return std::nullopt;
      parts.push_back(text->get());
    }
    return join(parts);
  }
  return std::nullopt;
}

const Setting* find_setting(std::string_view name) {
  const auto* found = std::find_if(std::begin(kSettings), std::end(kSettings),
                                   [&](const Setting& candidate) { return candidate.name == name; });
  return found == std::end(kSettings) ? nullptr : found;
}

void read_file(const std::string& file, Config& config, Problems& problems) {
  toml::table table;
  try {
    table = toml::parse_file(file);
  } catch (const toml::parse_error& problem) {
    std::ostringstream where;
    where << file << ":" << problem.source().begin.line;
    problems.add(where.str(), std::string(problem.description()));
    return;
  }
  for (const auto& [key, node] : table) {
    const std::string_view name = key.str();
    const Setting* setting = find_setting(name);
    const std::string where = file + ": " + std::string(name);
    if (setting == nullptr) {
      problems.add(where, "no such setting");
      continue;
    }
    const auto text = text_of(node);
    if (!text) {
      problems.add(where, "expected a text, a number, true or false, or a list of texts");
      continue;
    }
    problems.add_unless_ok(where, setting->parse(config, *text));
  }
}

/// A value may stand in quotes, as systemd and shells have it.
std::string unquoted(const std::string& text) {
  const bool quoted = text.size() >= 2 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front();
  return quoted ? text.substr(1, text.size() - 2) : text;
}

/// Lines `NAME=value`. What is not Ponte's is somebody else's; what is must be a setting.
void read_environment_file(const std::string& file, Config& config, Problems& problems) {
  constexpr std::string_view kOurs = "PONTE_";
  std::ifstream in(file);
  if (!in) return problems.add(file, "cannot be read");
  unsigned number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (!line.starts_with(kOurs)) continue;
    if (line.ends_with('\r')) line.pop_back();
    const std::string where = file + ":" + std::to_string(number);
    const auto equals = line.find('=');
    if (equals == std::string::npos) {
      problems.add(where, "expected NAME=value");
      continue;
    }
    const std::string name = line.substr(0, equals);
    const auto* setting = std::find_if(std::begin(kSettings), std::end(kSettings),
                                       [&](const Setting& candidate) { return environment_name(candidate) == name; });
    if (setting == std::end(kSettings)) {
      problems.add(where, name + ": no such setting");
      continue;
    }
    problems.add_unless_ok(where + ": " + name, setting->parse(config, unquoted(line.substr(equals + 1))));
  }
  if (in.bad()) problems.add(file, "cannot be read to its end");
}

std::string shown(const Setting& setting, const Config& config) {
  const std::string value = setting.render(config);
  return setting.secrecy == Secrecy::kSecret && !value.empty() ? "********" : value;
}

}  // namespace

Result<Config> load_config(const std::string& file, const EnvironmentLookup& environment,
                           const std::string& environment_file) {
  Config config;
  config.whatsapp_root_key = protocol::noise::kWhatsAppRootKey;
  PONTE_ASSIGN(config.whatsapp_version, protocol::ClientVersion::parse(kBuiltInVersion));
  PONTE_TRY(set_whatsapp_url(config, config.whatsapp_url_text));
  Problems problems;
  if (!file.empty()) read_file(file, config, problems);
  for (const Setting& setting : kSettings) {
    const std::string name = environment_name(setting);
    if (const char* value = environment(name.c_str())) problems.add_unless_ok(name, setting.parse(config, value));
  }
  if (!environment_file.empty()) read_environment_file(environment_file, config, problems);
  if (!problems.empty()) return invalid(problems.text());
  return config;
}

std::vector<SettingChange> adopt(Config& current, const Config& fresh) {
  std::vector<SettingChange> changes;
  for (const Setting& setting : kSettings) {
    const std::string value = setting.render(fresh);
    if (value == setting.render(current)) continue;
    const bool at_once = setting.effect == Takes::kReload;
    changes.push_back({setting.name, shown(setting, current), shown(setting, fresh), at_once});
    // What was parsed once parses again.
    if (at_once) (void)setting.parse(current, value);
  }
  return changes;
}

std::string print_config(const Config& config) {
  std::ostringstream out;
  for (const Setting& setting : kSettings) {
    out << setting.name << " = " << toml::value<std::string>(shown(setting, config)) << '\n';
  }
  return out.str();
}

}  // namespace ponte::app
