// Files into an archive.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "ponte/doctor/bundle.h"

namespace ponte::tool {

/// POSIX ustar, gzipped; the files lie in `folder`, for their owner only. kInternal where zlib fails.
Result<Bytes> tar_gz(const std::string& folder, const std::vector<BundleFile>& files, std::int64_t modified);

/// Whether a path names an archive (.tar.gz, .tgz) and not a folder.
bool names_archive(const std::string& path);

/// Writes an archive, or a folder with the files (0600 in 0700): whole, or not at all. kStorage where it cannot, also
/// where something is there already.
Status write_bundle(const std::string& path, const std::vector<BundleFile>& files, std::int64_t modified);

}  // namespace ponte::tool
