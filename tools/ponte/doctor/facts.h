// What `ponte doctor` has looked at, before anything is made of it.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "net/tls_probe.h"

namespace ponte::tool {

struct ConfigurationFacts {
  std::string sources;               ///< "the environment", or with the files that were read
  std::optional<std::string> error;  ///< as ponted would say it
};

/// A file or folder as the system shows it.
struct EntryFacts {
  std::string path;     ///< absolute
  std::string problem;  ///< the system's words where it cannot be looked at, but for absence
  bool exists = false;
  bool right_kind = false;  ///< a folder, a regular file
  unsigned mode = 0;        ///< permission bits
  std::uint64_t size = 0;
  uid_t owner = 0;
};

struct DataFacts {
  EntryFacts folder;
  EntryFacts key;
  bool database = false;        ///< a database was made there
  uid_t self = 0;               ///< who runs the tool
  std::string filesystem;       ///< ext4, tmpfs, nfs ...; empty: not known
  std::uint64_t free = 0;       ///< bytes, for who is not root
  std::string write_problem;    ///< empty: a file was written and removed
  std::optional<pid_t> holder;  ///< who has the lock
};

struct NameFacts {
  std::string host;
  bool is_address = false;
  bool by_proxy = false;  ///< the proxy resolves it
  std::vector<std::string> addresses = {};
  std::optional<Error> error = std::nullopt;
  Milliseconds took{};
};

struct WayFacts {
  std::string host;
  std::uint16_t port = 0;
  bool secure = true;
  bool no_name = false;     ///< it was not tried: the name has no address
  std::string proxy;        ///< without user and password; empty: none
  std::string setup_error;  ///< TLS cannot be set up at all
  net::TlsProbeAnswer answer = {};
  std::optional<Error> web_socket_error = std::nullopt;
  Milliseconds web_socket_took{};
  std::int64_t now = 0;  ///< seconds since 1970
};

struct ClockFacts {
  std::string host;
  std::optional<long long> ahead = std::nullopt;  ///< seconds by which this clock is ahead of the server's
  std::string problem = {};                       ///< why there is none
};

struct VersionFacts {   // NOLINT(bugprone-exception-escape): what nlohmann's move asserts
  std::string said;     ///< configured, or built in
  bool pinned = false;  ///< by PONTE_WHATSAPP_VERSION
  std::string page_url = {};
  std::optional<std::string> on_page = std::nullopt;
  std::string page_problem = {};
  bool page_is_newer = false;
  bool page_out_of_reach = false;    ///< it was not asked for: there is no way to its host
  nlohmann::json service = nullptr;  ///< `details.clientVersion` of /health?verbose
};

struct ServiceFacts {  // NOLINT(bugprone-exception-escape): likewise
  std::string url;
  bool named = false;      ///< by --url
  bool lock_held = false;  ///< somebody has the data directory
  bool has_token = false;
  bool token_refused = false;
  std::string problem = {};         ///< why there is no answer
  nlohmann::json health = nullptr;  ///< of /health, with verbose where the token is good
  std::string version = {};
  std::string own_version = {};
  std::optional<long long> ahead = std::nullopt;
};

struct PublicUrlFacts {
  std::string url;           ///< empty: not set
  std::string problem = {};  ///< why there is no answer
  bool is_ponte = false;
  int status = 0;
};

}  // namespace ponte::tool
