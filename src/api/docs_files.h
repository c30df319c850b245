// The documentation page, as the build put it into the program (src/api/docs/docs.cmake).
#pragma once

#include <string_view>
#include <vector>

namespace ponte::api {

/// A file below /docs/; `index.html` is the page itself.
struct DocsFile {
  std::string_view name;
  std::string_view content_type;
  std::string_view plain;
  std::string_view gzip;  ///< empty where it is too small for that
};

/// `swagger-ui-bundle.js` is among them where the build found the viewer.
std::vector<DocsFile> docs_files();

}  // namespace ponte::api
