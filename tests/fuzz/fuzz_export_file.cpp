// What an export file says once it is opened, and its header: every file is refused or read, nothing else.
#include <algorithm>

#include "portable/export_file.h"
#include "portable/instance_export.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ponte;            // NOLINT(google-build-using-namespace)
  using namespace ponte::portable;  // NOLINT(google-build-using-namespace)
  ByteView rest(data, size);
  const auto header = parse_header(rest);
  if (header.ok() && write_header(*header) != to_bytes(rest.first(kHeaderSize))) __builtin_trap();

  // The first byte says how the rest is cut.
  if (rest.empty()) return 0;
  const std::size_t step = std::size_t{1} + rest.front();
  rest = rest.subspan(1);
  ContentReader reader;
  ExportContents contents;
  while (!rest.empty()) {
    const ByteView chunk = rest.first(std::min(step, rest.size()));
    rest = rest.subspan(chunk.size());
    reader.feed(chunk);
    for (;;) {
      auto item = reader.next();
      if (!item.ok()) return 0;
      if (!*item) break;
      if (!belongs((*item)->part, (*item)->key)) __builtin_trap();
      if (!contents.take(std::move(**item)).ok()) return 0;
    }
  }
  if (!reader.finish().ok()) return 0;
  (void)contents.finish();
  return 0;
}
