#include "portable/source.h"

#include "portable/export_file.h"
#include "portable/files.h"

namespace ponte::portable {
namespace {

constexpr std::string_view kSqliteMagic("SQLite format 3\0", 16);

Error none_of_them(const std::string& path, const std::string& what) {
  return {Errc::kUnsupported, Cause::kInvalidField,
          path + ": " + what +
              ". Expected a file that `ponte export` wrote, a SQLite store of whatsmeow, or an auth folder of Baileys"};
}

}  // namespace

Result<SourceKind> kind_of_source(const std::string& path) {
  if (is_folder(path)) {
    if (exists(path + "/creds.json")) return SourceKind::kBaileys;
    return none_of_them(path, "a folder without a creds.json");
  }
  PONTE_ASSIGN(const InputFile file, InputFile::open(path));
  PONTE_ASSIGN(const Bytes begin, file.read(0, kSqliteMagic.size()));
  const std::string_view text = as_text(begin);
  if (text == kSqliteMagic) return SourceKind::kWhatsmeow;
  if (text.starts_with(kMagic)) return SourceKind::kExport;
  return none_of_them(path, "a file of another kind");
}

}  // namespace ponte::portable
