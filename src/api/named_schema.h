// A schema that several routes of the API description refer to.
#pragma once

#include <string_view>

namespace ponte::api {

/// `#/components/schemas/<name>`.
struct NamedSchema {
  std::string_view name;
  std::string_view text;  ///< JSON Schema 2020-12
};

}  // namespace ponte::api
