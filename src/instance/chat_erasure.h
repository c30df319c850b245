// The end of a device's chats.
#pragma once

#include <string>

#include "store/store.h"

namespace ponte::instance {

/// Erases messages, contacts and labels of a device that is gone, where there are any: those of the next one would mix
/// with them. Does not wait; what that device's owner commits later comes behind it. `name` is for the log.
void erase_chats(store::Store& store, const std::string& instance_id, const std::string& name);

}  // namespace ponte::instance
