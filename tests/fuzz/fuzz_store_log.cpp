// The log check reads files that something else may have damaged.
#include "store/log_check.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ponte::store::has_record_behind_tear({data, size});
  return 0;
}
