#include "instance/chat_erasure.h"

#include "base/log.h"
#include "store/keys.h"

namespace ponte::instance {

void erase_chats(store::Store& store, const std::string& instance_id, const std::string& name) {
  const store::Owner chats = store::keys::chats_owner(instance_id);
  const auto any = store.scan_after(chats, "", "", 1);
  if (any.ok() && any->empty()) return;
  store.erase_owner(chats, [name](const Status& erased) {
    if (!erased.ok()) log::error(name, "the chats of a device that is gone are still there: " + erased.error().message);
  });
}

}  // namespace ponte::instance
