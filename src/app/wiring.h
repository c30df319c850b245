// The composition root: makes every part in order, and takes them down backwards.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "app/config.h"
#include "base/result.h"

namespace ponte::instance {
struct Lane;
}

namespace ponte::app {

/// The running service. One thread starts, waits and stops it.
class Service {
 public:
  /// Store, loops, instances, REST, in this order. Errors as open_rocksdb and PistacheServer::start have them.
  static Result<std::unique_ptr<Service>> start(const Config& config);
  ~Service();

  std::uint16_t port() const;
  /// Where this start made the account token: to be shown once.
  const std::optional<std::string>& new_account_token() const;

  /// What of it may change while the service runs counts from now on; a log that was moved away is made anew.
  void reconfigure(const Config& config);

  /// Takes no more requests, answers the waiting ones, closes sockets without logging out, flushes.
  void stop();

 private:
  struct Parts;
  explicit Service(std::unique_ptr<Parts> parts);
  Status start_instances(const Config& config, std::vector<instance::Lane> lanes);
  Status start_rest(const Config& config);

  Status start_webhooks(const Config& config);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ponte::app
