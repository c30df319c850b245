// A closer look at RocksDB's log files than its recovery takes.
//
// Recovery accepts a torn tail: a last record that ends behind the end of the file. A flipped bit in the
// length of any record of the last 32 KiB block looks just like that, and all records after it would be
// dropped without a word: from the write-ahead log the last commits, from the MANIFEST whole tables.
#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"

namespace ponte::store {

/// Whether a log's content has a whole record behind one that seems torn, which no interrupted write leaves.
/// The format: blocks of 32 KiB; records of masked CRC-32C (4), length (2), both little-endian, type (1),
/// payload; the checksum covers type and payload; the last 6 bytes of a block hold no record.
bool has_record_behind_tear(ByteView log);

/// Holds every write-ahead log and MANIFEST below `database` against has_record_behind_tear.
/// kStorage/kStoreCorrupt naming the file, kStorage/kStoreUnavailable where one cannot be read.
Status check_logs(const std::string& database);

}  // namespace ponte::store
