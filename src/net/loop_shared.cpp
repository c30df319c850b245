#include "net/loop_shared.h"

namespace ponte::net {

asio::execution_context::id LoopShared::id;

}  // namespace ponte::net
