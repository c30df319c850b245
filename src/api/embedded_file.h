// Files that the build put into the program (src/api/embed.cmake).
#pragma once

#include <string_view>
#include <vector>

namespace ponte::api {

/// Its views live as long as the program.
struct EmbeddedFile {
  std::string_view name;
  std::string_view content_type;
  std::string_view plain;
  std::string_view gzip;  ///< empty where it is too small for that
};

/// Below /docs/; `index.html` is the page itself. `swagger-ui-bundle.js` is among them where the build found the
/// viewer.
std::vector<EmbeddedFile> docs_files();

/// `dashboard.html`, `link.html`, and what they load from below /pages/.
std::vector<EmbeddedFile> page_files();

}  // namespace ponte::api
