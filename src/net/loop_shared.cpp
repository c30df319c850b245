#include "net/loop_shared.h"

namespace ponte::net {

asio::execution_context::id LoopShared::id;

MutableByteView LoopShared::decrypted_of_proxy() {
  decrypted_of_proxy_.resize(kMaxRecord);
  return decrypted_of_proxy_;
}

}  // namespace ponte::net
