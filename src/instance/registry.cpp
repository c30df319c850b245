#include "instance/registry.h"

#include <cstring>
#include <utility>

#include "crypto/compare.h"
#include "instance/instance.h"

namespace ponte::instance {

std::size_t Registry::TokenHashHash::operator()(const store::TokenHash& hash) const {
  std::size_t out = 0;  // a keyed hash is uniform: any part of it will do
  std::memcpy(&out, hash.data(), sizeof(out));
  return out;
}

void Registry::set_tokens(Secret<32> hash_key, const store::TokenHash& account_token) {
  const std::lock_guard lock(mutex_);
  hash_key_ = std::move(hash_key);
  account_token_ = account_token;
}

store::TokenHash Registry::hash(std::string_view token) const {
  return store::hash_token(hash_key_, token);
}

std::optional<Principal> Registry::authenticate(std::string_view token) const {
  const store::TokenHash presented = hash(token);
  const std::lock_guard lock(mutex_);
  if (crypto::equal_constant_time(presented, account_token_)) return AccountPrincipal{};
  const auto found = name_of_token_.find(presented);
  if (found == name_of_token_.end()) return std::nullopt;
  const auto instance = by_name_.find(found->second);
  if (instance == by_name_.end() || !instance->second) return std::nullopt;
  return InstancePrincipal{instance->second->info().id, found->second};
}

Status Registry::reserve(const std::string& name, const store::TokenHash& token) {
  const std::lock_guard lock(mutex_);
  if (by_name_.contains(name)) {
    return Error{Errc::kAlreadyExists, Cause::kInstanceExists, "Instance already exists"};
  }
  if (name_of_token_.contains(token) || crypto::equal_constant_time(token, account_token_)) {
    return Error{Errc::kAlreadyExists, Cause::kTokenInUse, "Token already in use"};
  }
  by_name_.emplace(name, nullptr);
  name_of_token_.emplace(token, name);
  return Status::Ok();
}

void Registry::release(const std::string& name, const store::TokenHash& token) {
  remove(name, token);
}

void Registry::add(const store::TokenHash& token, std::shared_ptr<Instance> instance) {
  std::string name = instance->info().name;
  const std::lock_guard lock(mutex_);
  name_of_token_.insert_or_assign(token, name);
  by_name_.insert_or_assign(std::move(name), std::move(instance));
}

void Registry::remove(const std::string& name, const store::TokenHash& token) {
  const std::lock_guard lock(mutex_);
  by_name_.erase(name);
  name_of_token_.erase(token);
}

std::shared_ptr<Instance> Registry::find(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_name_.find(name);
  return found == by_name_.end() ? nullptr : found->second;
}

std::vector<std::shared_ptr<Instance>> Registry::all() const {
  const std::lock_guard lock(mutex_);
  std::vector<std::shared_ptr<Instance>> out;
  for (const auto& [name, instance] : by_name_) {
    if (instance) out.push_back(instance);
  }
  return out;
}

}  // namespace ponte::instance
