#include "simulator/accounts.h"

#include <algorithm>

namespace ponte::simulator {

using protocol::wire::Jid;

Jid Account::jid(std::uint16_t device) const {
  return Jid{number, std::string(protocol::wire::kUserServer), device};
}

Jid Account::lid(std::uint16_t device) const {
  return Jid{lid_user, std::string(protocol::wire::kLidServer), device};
}

Companion* Account::find(std::uint16_t device) {
  const auto found = companions.find(device);
  return found == companions.end() ? nullptr : &found->second;
}

Companion* Account::device(std::uint16_t device) {
  return device == 0 ? &primary : find(device);
}

std::vector<std::uint16_t> Account::reachable() const {
  std::vector<std::uint16_t> out = {0};
  for (const auto& [device, companion] : companions) {
    if (companion.uploads > 0) out.push_back(device);
  }
  return out;
}

Account* Accounts::find(const std::string& number) {
  const auto found = accounts_.find(number);
  return found == accounts_.end() ? nullptr : found->second.get();
}

Account* Accounts::find(const Jid& jid) {
  if (jid.server == protocol::wire::kUserServer) return find(jid.user);
  if (jid.server != protocol::wire::kLidServer) return nullptr;
  const auto found = lids_.find(jid.user);
  return found == lids_.end() ? nullptr : found->second;
}

Account make_account(const Seed& seed, const std::string& number) {
  Account account;
  account.number = number;
  account.lid_user = derived_digits(seed, "lid " + number, 15);
  DerivedRandom random(seed, "phone " + number);
  account.identity = crypto::generate_key_pair(random);
  account.push_name = "Phone " + number;
  for (std::uint8_t byte : random.array<4>()) account.raw_id = account.raw_id << 8 | byte;
  return account;
}

Account& Accounts::get(const std::string& number) {
  if (Account* known = find(number)) return *known;
  auto account = std::make_unique<Account>(make_account(seed_, number));
  lids_[account->lid_user] = account.get();
  return *accounts_.emplace(number, std::move(account)).first->second;
}

Account& Accounts::fresh() {
  while (find(std::to_string(next_number_)) != nullptr) ++next_number_;
  return get(std::to_string(next_number_++));
}

void Accounts::clear() {
  accounts_.clear();
  lids_.clear();
}

bool is_phone_number(std::string_view text) {
  return text.size() >= 7 && text.size() <= 15 && text[0] != '0' &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

}  // namespace ponte::simulator
