// Which instances exist, and whose token is whose.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "instance/instance_service.h"
#include "store/service_records.h"

namespace ponte::instance {

class Instance;

/// Names and token hashes of all instances, with those being made. Thread-safe.
class Registry {
 public:
  /// The key of token hashes, and the account token's hash.
  void set_tokens(Secret<32> hash_key, const store::TokenHash& account_token);

  store::TokenHash hash(std::string_view token) const;
  std::optional<Principal> authenticate(std::string_view token) const;

  /// Takes name and token before the record is durable. kAlreadyExists with kInstanceExists or kTokenInUse.
  Status reserve(const std::string& name, const store::TokenHash& token);
  void release(const std::string& name, const store::TokenHash& token);
  /// The reserved name and token now belong to this instance.
  void add(const store::TokenHash& token, std::shared_ptr<Instance> instance);
  void remove(const std::string& name, const store::TokenHash& token);

  std::shared_ptr<Instance> find(std::string_view name) const;
  /// By name.
  std::vector<std::shared_ptr<Instance>> all() const;

 private:
  struct TokenHashHash {
    std::size_t operator()(const store::TokenHash& hash) const;
  };
  mutable std::mutex mutex_;
  // Guarded by mutex_, but for hash_key_, which is set before serving.
  Secret<32> hash_key_;
  store::TokenHash account_token_{};
  std::map<std::string, std::shared_ptr<Instance>, std::less<>> by_name_;  ///< null while reserved
  std::unordered_map<store::TokenHash, std::string, TokenHashHash> name_of_token_;
};

}  // namespace ponte::instance
