#include "base/result.h"

namespace ponte {

std::string_view cause_name(Cause cause) {
  switch (cause) {
#define PONTE_CAUSE_NAME(name, text) \
  case Cause::name: return text;
    PONTE_CAUSES(PONTE_CAUSE_NAME)
#undef PONTE_CAUSE_NAME
  }
  return "INTERNAL";
}

}  // namespace ponte
