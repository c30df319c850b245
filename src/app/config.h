// The configuration: defaults, then the file (TOML), then the environment, then a file like it.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/result.h"
#include "base/time.h"
#include "crypto/curve25519.h"
#include "net/proxy.h"
#include "net/web_socket.h"
#include "protocol/session/config.h"

namespace ponte::app {

/// Every setting has one name: PONTE_LISTEN in the environment is `listen` in the file.
struct Config {
  std::string listen = "127.0.0.1:8080";
  std::string ws_listen;  ///< empty: the next port after `listen`
  std::string data_dir = "./data";
  std::string account_token;    ///< empty: generated at the first start
  std::string master_key_file;  ///< empty: <data_dir>/master.key
  net::WebSocketUrl whatsapp_url;
  std::string whatsapp_url_text = "wss://web.whatsapp.com/ws/chat";
  crypto::PublicKey whatsapp_root_key{};
  std::string whatsapp_ca_file;
  protocol::ClientVersion whatsapp_version;
  bool whatsapp_version_pinned = false;                                 ///< the operator named it
  std::string whatsapp_version_url = "https://web.whatsapp.com/sw.js";  ///< empty: never fetched
  std::string public_url;                                               ///< empty: http:// and `listen`
  std::vector<std::string> cors_origins;
  std::vector<std::string> trusted_proxies;
  unsigned max_connections = 4096;
  Seconds connect_timeout{60};
  Seconds qr_first_ttl{60};
  Seconds qr_ttl{20};
  unsigned rate_limit = 100;
  unsigned create_rate_limit = 20;
  std::optional<net::Proxy> proxy;  ///< of every instance without one of its own
  std::string proxy_text;
  protocol::QrFormat qr_format = protocol::QrFormat::kUrl;
  std::string device_name = "Chrome (Linux)";
  bool allow_private_webhooks = false;
  bool allow_private_proxies = false;
  bool metrics_open = false;  ///< /metrics asks for no token
  bool event_token_include = true;
  log::Level log_level = log::Level::kInfo;
  log::Format log_format = log::Format::kText;
  unsigned loops = 0;        ///< 0: one per core, at most 4
  unsigned dial_rate = 100;  ///< dials a second that nobody waits for; 0: no limit
  std::string record_dir;
  std::string audit_log;  ///< a path, or `off`; empty: <data_dir>/audit.log

  /// nullopt: no audit log.
  std::optional<std::string> audit_log_path() const {
    if (audit_log == "off") return std::nullopt;
    return audit_log.empty() ? data_dir + "/audit.log" : audit_log;
  }
  std::string master_key_path() const { return master_key_file.empty() ? data_dir + "/master.key" : master_key_file; }
};

/// The value of an environment variable, or null.
using EnvironmentLookup = std::function<const char*(const char* name)>;

/// `file` and `environment_file` empty: none. The latter has lines `PONTE_NAME=value` and wins: it can be read again,
/// which a process's environment cannot. kInvalidArgument/kConfigInvalid lists every error, one a line.
Result<Config> load_config(const std::string& file, const EnvironmentLookup& environment,
                           const std::string& environment_file = "");

/// One setting with another value than before. Secrets are masked.
struct SettingChange {
  std::string name;
  std::string from;
  std::string to;
  bool at_once = false;  ///< else it counts from the next start on
};
/// Takes over from `fresh` what may change while the service runs; tells every difference.
std::vector<SettingChange> adopt(Config& current, const Config& fresh);

/// All settings as TOML, secrets masked.
std::string print_config(const Config& config);

}  // namespace ponte::app
