// What is to become an instance of a store, wherever it comes from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "base/random.h"
#include "base/result.h"
#include "base/task.h"
#include "base/time.h"
#include "portable/content.h"
#include "portable/wiped.h"
#include "store/service_records.h"
#include "store/store.h"

namespace ponte::portable {

/// Everything of it has been looked at: nothing here is refused later but for what the store holds already.
struct Incoming {
  using Take = UniqueFunction<Status(Item)>;

  store::InstanceRecord instance;  ///< without a token
  WipedRecords device;
  WipedRecords webhooks;
  /// Hands over the records of events and chats, in order. Empty: there are none.
  UniqueFunction<Status(Take)> each_bulk;
};

/// The records of a device, as they are about to be stored: credentials fit together, an account is whole, prekey ids
/// lie below the next one. kMalformed/kInvalidField otherwise.
Status check_device(const WipedRecords& device);

struct Admission {
  std::string name;  ///< empty: the instance's own
  Wall now{};
};

/// Writes it to the store, with a token of its own. All of what makes it an instance is one synced batch; events and
/// chats come before, under an owner that nobody names until then, so that a crash leaves no half instance. What such a
/// crash left is removed by the next try. Blocks.
///
/// Refused, with nothing changed: kAlreadyExists/kInstanceExists where the name, the instance, or its device is in the
/// store; kInvalidArgument/kInvalidInstanceName. Errors of the store.
Result<store::InstanceRecord> admit(store::Store& store, Incoming incoming, const Admission& how, RandomSource& random);

/// These wait until it is done.
Status commit_and_wait(store::Store& store, store::WriteBatch batch);
Status erase_and_wait(store::Store& store, const store::Owner& owner);

}  // namespace ponte::portable
