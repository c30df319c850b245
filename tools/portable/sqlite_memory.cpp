#include "portable/sqlite_memory.h"

#include <algorithm>
#include <cstring>

namespace ponte::portable {
namespace {

constexpr sqlite3_int64 kLargestFile = sqlite3_int64{4} << 30;

/// An open file, as SQLite has it: it begins with the table of what can be done with it.
struct OpenFile {
  const sqlite3_io_methods* methods;
  Bytes* content;
  bool owned;  ///< a temporary file without a name
};

OpenFile& open_file(sqlite3_file* file) {
  return *reinterpret_cast<OpenFile*>(file);
}

}  // namespace

/// What SQLite calls. `pAppData` of the place is the MemoryFiles.
struct MemoryFiles::Callbacks {
  static MemoryFiles& self(sqlite3_vfs* place) { return *static_cast<MemoryFiles*>(place->pAppData); }

  static int open(sqlite3_vfs* place, const char* name, sqlite3_file* file, int flags, int* flags_out) {
    static const sqlite3_io_methods kMethods = methods();
    OpenFile& opened = open_file(file);
    opened.methods = nullptr;
    opened.owned = name == nullptr;
    if (name == nullptr) {
      opened.content = new Bytes();
    } else {
      auto& files = self(place).files_;
      if (!files.contains(name) && (flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
      opened.content = &files[name];
    }
    opened.methods = &kMethods;
    if (flags_out != nullptr) *flags_out = flags;
    return SQLITE_OK;
  }

  static int remove(sqlite3_vfs* place, const char* name, int) {
    auto& files = self(place).files_;
    const auto found = files.find(name);
    if (found == files.end()) return SQLITE_IOERR_DELETE_NOENT;
    wipe(found->second);
    files.erase(found);
    return SQLITE_OK;
  }

  static int access(sqlite3_vfs* place, const char* name, int, int* result) {
    *result = self(place).files_.contains(name) ? 1 : 0;
    return SQLITE_OK;
  }

  static int full_name(sqlite3_vfs*, const char* name, int size, char* out) {
    if (std::strlen(name) >= static_cast<std::size_t>(size)) return SQLITE_CANTOPEN;
    std::strcpy(out, name);
    return SQLITE_OK;
  }

  static int close(sqlite3_file* file) {
    OpenFile& opened = open_file(file);
    if (opened.owned) {
      wipe(*opened.content);
      delete opened.content;
    }
    return SQLITE_OK;
  }

  static int read(sqlite3_file* file, void* into, int amount, sqlite3_int64 at) {
    const Bytes& content = *open_file(file).content;
    const auto size = static_cast<std::size_t>(amount);
    const std::size_t begin = std::min(static_cast<std::size_t>(at), content.size());
    const std::size_t there = std::min(size, content.size() - begin);
    if (there > 0) std::memcpy(into, content.data() + begin, there);
    if (there == size) return SQLITE_OK;
    std::memset(static_cast<char*>(into) + there, 0, size - there);
    return SQLITE_IOERR_SHORT_READ;
  }

  static int write(sqlite3_file* file, const void* from, int amount, sqlite3_int64 at) {
    Bytes& content = *open_file(file).content;
    if (at + amount > kLargestFile) return SQLITE_FULL;
    const auto end = static_cast<std::size_t>(at + amount);
    if (content.size() < end) content.resize(end);
    std::memcpy(content.data() + at, from, static_cast<std::size_t>(amount));
    return SQLITE_OK;
  }

  static int truncate(sqlite3_file* file, sqlite3_int64 size) {
    if (size > kLargestFile) return SQLITE_FULL;
    open_file(file).content->resize(static_cast<std::size_t>(size));
    return SQLITE_OK;
  }

  static int file_size(sqlite3_file* file, sqlite3_int64* size) {
    *size = static_cast<sqlite3_int64>(open_file(file).content->size());
    return SQLITE_OK;
  }

  static int nothing(sqlite3_file*, int) { return SQLITE_OK; }

  static int reserved(sqlite3_file*, int* result) {
    *result = 0;
    return SQLITE_OK;
  }

  static int control(sqlite3_file*, int, void*) { return SQLITE_NOTFOUND; }
  static int sector_size(sqlite3_file*) { return 4096; }
  static int characteristics(sqlite3_file*) { return 0; }

  static sqlite3_io_methods methods() {
    sqlite3_io_methods table{};
    table.iVersion = 1;  // no shared memory: one connection, alone
    table.xClose = close;
    table.xRead = read;
    table.xWrite = write;
    table.xTruncate = truncate;
    table.xSync = nothing;
    table.xFileSize = file_size;
    table.xLock = nothing;
    table.xUnlock = nothing;
    table.xCheckReservedLock = reserved;
    table.xFileControl = control;
    table.xSectorSize = sector_size;
    table.xDeviceCharacteristics = characteristics;
    return table;
  }
};

MemoryFiles::MemoryFiles() : name_("ponte-" + std::to_string(reinterpret_cast<std::uintptr_t>(this))) {
  sqlite3_initialize();
  // Clock and randomness stay SQLite's own.
  place_ = *sqlite3_vfs_find(nullptr);
  place_.iVersion = 1;
  place_.szOsFile = sizeof(OpenFile);
  place_.pNext = nullptr;
  place_.zName = name_.c_str();
  place_.pAppData = this;
  place_.xOpen = Callbacks::open;
  place_.xDelete = Callbacks::remove;
  place_.xAccess = Callbacks::access;
  place_.xFullPathname = Callbacks::full_name;
  sqlite3_vfs_register(&place_, 0);
}

MemoryFiles::~MemoryFiles() {
  sqlite3_vfs_unregister(&place_);
  for (auto& [name, content] : files_) wipe(content);
}

}  // namespace ponte::portable
