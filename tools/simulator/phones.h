// The simulated devices: each phone, and companions that the simulator runs itself.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/time.h"
#include "simulator/accounts.h"

namespace ponte::simulator {

struct World;
class PhoneMessaging;

/// All simulated devices. One thread; owned by the World.
class Phones {
 public:
  explicit Phones(World& world);
  ~Phones();

  /// The phone of an account, which publishes its keys when it is first needed.
  PhoneMessaging& phone(Account& account);
  /// A simulated device; null for a companion that somebody else runs, and for none.
  PhoneMessaging* find(const DeviceId& id);
  /// The simulated devices of an account that were needed so far.
  std::vector<PhoneMessaging*> made_of(const std::string& number) const;
  /// Links a new companion that the simulator runs.
  PhoneMessaging& link(Account& account, const Now& now);
  /// The companion was unlinked.
  void forget(const DeviceId& id);
  void clear();

 private:
  World& world_;
  std::map<DeviceId, std::unique_ptr<PhoneMessaging>> devices_;
};

}  // namespace ponte::simulator
