#include "simulator/phones.h"

#include "adv.pb.h"
#include "simulator/adv.h"
#include "simulator/phone_messaging.h"
#include "simulator/world.h"

namespace ponte::simulator {

Phones::Phones(World& world) : world_(world) {}

Phones::~Phones() = default;

PhoneMessaging& Phones::phone(Account& account) {
  auto& device = devices_[{account.number, 0}];
  if (!device) device = std::make_unique<PhoneMessaging>(world_, account, 0, account.identity);
  return *device;
}

PhoneMessaging* Phones::find(const DeviceId& id) {
  if (id.device == 0) {
    Account* account = world_.accounts.find(id.number);
    return account == nullptr ? nullptr : &phone(*account);
  }
  const auto found = devices_.find(id);
  return found == devices_.end() ? nullptr : found->second.get();
}

std::vector<PhoneMessaging*> Phones::made_of(const std::string& number) const {
  std::vector<PhoneMessaging*> out;
  for (auto at = devices_.lower_bound({number, 0}); at != devices_.end() && at->first.number == number; ++at) {
    out.push_back(at->second.get());
  }
  return out;
}

PhoneMessaging& Phones::link(Account& account, const Now& now) {
  const std::uint16_t device = account.next_device++;
  DerivedRandom random(world_.seed, "companion " + account.number + ":" + std::to_string(device));
  const crypto::KeyPair identity = crypto::generate_key_pair(random);
  Companion companion;
  companion.device = device;
  companion.key_index = account.next_key_index++;
  companion.keys.noise = crypto::generate_key_pair(random).public_key;
  companion.keys.identity = identity.public_key;
  companion.keys.os = "Simulator";
  companion.paired_at = now.wall;
  companion.adv_secret = Secret<32>(random.array<32>());
  const DeviceIdentity approved =
      sign_device_identity(account, identity.public_key, companion.key_index, now.wall, random);
  companion.device_identity = countersigned(approved, identity, random);
  account.companions.insert_or_assign(device, std::move(companion));
  const DeviceId id{account.number, device};
  auto made = std::make_unique<PhoneMessaging>(world_, account, device, identity);
  return *devices_.insert_or_assign(id, std::move(made)).first->second;
}

void Phones::forget(const DeviceId& id) {
  if (id.device != 0) devices_.erase(id);
}

void Phones::clear() {
  devices_.clear();
}

}  // namespace ponte::simulator
