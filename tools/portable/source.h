// What `ponte import` can be given, told apart by looking.
#pragma once

#include <string>

#include "base/result.h"

namespace ponte::portable {

enum class SourceKind { kExport, kWhatsmeow, kBaileys };

/// kNotFound/kInvalidField where there is nothing, kUnsupported/kInvalidField where it is none of the three.
Result<SourceKind> kind_of_source(const std::string& path);

}  // namespace ponte::portable
