// The files of a page in the program, with what a browser may do with them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/embedded_file.h"
#include "api/static_content.h"

namespace ponte::api {

/// Immutable once made; `answer` may be called from several threads.
class PageContent {
 public:
  explicit PageContent(const std::vector<EmbeddedFile>& files, Keeping keeping = Keeping::kRevalidated);

  /// As StaticContent does, under a Content-Security-Policy that lets nothing come from elsewhere. nullopt: no such
  /// file.
  std::optional<Response> answer(std::string_view name, const Request& request) const;

 private:
  std::map<std::string, StaticContent, std::less<>> files_;
};

}  // namespace ponte::api
