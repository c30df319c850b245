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

std::optional<Cause> cause_from_name(std::string_view name) {
#define PONTE_CAUSE_FROM_NAME(enumerator, text) \
  if (name == (text)) return Cause::enumerator;
  PONTE_CAUSES(PONTE_CAUSE_FROM_NAME)
#undef PONTE_CAUSE_FROM_NAME
  return std::nullopt;
}

}  // namespace ponte
