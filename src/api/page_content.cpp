#include "api/page_content.h"

namespace ponte::api {
namespace {

// QR codes, and pictures of the viewer's style sheet, are data: URLs.
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

PageContent::PageContent(const std::vector<EmbeddedFile>& files, Keeping keeping) {
  for (const EmbeddedFile& file : files) {
    files_.try_emplace(std::string(file.name), std::string(file.content_type), file.plain, file.gzip, keeping);
  }
}

std::optional<Response> PageContent::answer(std::string_view name, const Request& request) const {
  const auto found = files_.find(name);
  if (found == files_.end()) return std::nullopt;
  Response response = found->second.answer(request);
  response.headers.emplace_back("Content-Security-Policy", kPolicy);
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  return response;
}

}  // namespace ponte::api
