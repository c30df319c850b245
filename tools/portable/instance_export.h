// An instance of a store into an export file, and back.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "portable/export_file.h"
#include "portable/incoming.h"
#include "store/store.h"

namespace ponte::portable {

/// What a file carries, to be told.
struct ExportCounts {
  std::string name;
  bool linked = false;
  std::uint64_t device_records = 0;
  std::uint64_t webhooks = 0;
  std::uint64_t events = 0;
  std::uint64_t messages = 0;
};

/// Puts every record of the instance. kNotFound/kInstanceNotFound; errors of the store and of the writer. The file is
/// not finished.
Result<ExportCounts> put_instance(ExportWriter& file, const store::Store& store, const std::string& name);

/// Removes the instance that was exported from its store, without a word to WhatsApp: it goes on elsewhere. Its device
/// goes first, so that a crash leaves nothing that would log in. Blocks.
Status remove_instance(store::Store& store, const std::string& name, RandomSource& random);

struct ReadExport {
  Incoming incoming;
  ExportCounts counts;
};

/// Takes what a file says, item by item, and looks at it.
class ExportContents {
 public:
  /// kUnsupported/kInvalidField where the records are of another schema; kMalformed/kInvalidField where one is none.
  Status take(Item item);
  /// Without the records of events and chats. kMalformed/kInvalidField where the device is not whole. The object is
  /// spent.
  Result<ReadExport> finish();

 private:
  ReadExport read_;
};

/// Reads all of the file and looks at it. `incoming` reads events and chats from it again, so the reader outlives it.
/// Errors of ExportReader::each and ExportContents.
Result<ReadExport> read_export(const ExportReader& file);

}  // namespace ponte::portable
