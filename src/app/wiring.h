// The composition root: makes every part in order, and takes them down backwards.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "app/config.h"
#include "base/result.h"

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

  /// Takes no more requests, answers the waiting ones, closes sockets without logging out, flushes.
  void stop();

 private:
  struct Parts;
  explicit Service(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace ponte::app
