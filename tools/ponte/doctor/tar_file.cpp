#include "ponte/doctor/tar_file.h"

#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <filesystem>

#include "store/data_directory.h"

namespace ponte::tool {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kBlock = 512;
constexpr const char* kFolder = "ponte-report";

void put(Bytes& header, std::size_t at, std::string_view text) {
  std::copy(text.begin(), text.end(), header.begin() + static_cast<std::ptrdiff_t>(at));
}

/// Octal digits with a NUL behind them, as ustar has its numbers.
void put_number(Bytes& header, std::size_t at, std::size_t size, std::uint64_t number) {
  std::string digits(size - 1, '0');
  for (std::size_t i = digits.size(); i-- > 0; number >>= 3U) digits[i] = static_cast<char>('0' + (number & 7U));
  put(header, at, digits);
}

void append_file(Bytes& tar, const std::string& name, const std::string& content, std::int64_t modified) {
  Bytes header(kBlock);
  put(header, 0, std::string_view(name).substr(0, 100));
  put_number(header, 100, 8, 0600);
  put_number(header, 108, 8, 0);
  put_number(header, 116, 8, 0);
  put_number(header, 124, 12, content.size());
  put_number(header, 136, 12, static_cast<std::uint64_t>(std::max<std::int64_t>(modified, 0)));
  put(header, 148, "        ");
  header[156] = '0';
  put(header, 257, std::string_view("ustar\00000", 8));
  std::uint64_t sum = 0;
  for (const std::uint8_t byte : header) sum += byte;
  put_number(header, 148, 7, sum);
  header[154] = 0;
  header[155] = ' ';
  append(tar, header);
  append(tar, as_bytes(content));
  tar.resize((tar.size() + kBlock - 1) / kBlock * kBlock);
}

Result<Bytes> gzipped(const Bytes& input) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  if (::deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    return Error{Errc::kInternal, Cause::kInternal, "zlib cannot be set up"};
  }
  Bytes out(::deflateBound(&stream, input.size()));
  stream.next_in = const_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = out.data();
  stream.avail_out = static_cast<uInt>(out.size());
  const int end = ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  if (end != Z_STREAM_END) return Error{Errc::kInternal, Cause::kInternal, "zlib did not come to an end"};
  return out;
}

Status write_folder(const std::string& path, const std::vector<BundleFile>& files) {
  const std::string unfinished = path + ".new";
  std::error_code ignored;
  fs::remove_all(unfinished, ignored);
  if (::mkdir(unfinished.c_str(), 0700) != 0) return store::file_error("cannot make " + unfinished, errno);
  Status status;
  for (const BundleFile& file : files) {
    if (status.ok()) status = store::write_new_file(unfinished + "/" + file.name, as_bytes(file.content));
  }
  if (status.ok() && ::rename(unfinished.c_str(), path.c_str()) != 0) {
    status = store::file_error("cannot rename " + unfinished + " to " + path, errno);
  }
  if (!status.ok()) fs::remove_all(unfinished, ignored);
  return status;
}

}  // namespace

Result<Bytes> tar_gz(const std::string& folder, const std::vector<BundleFile>& files, std::int64_t modified) {
  Bytes tar;
  for (const BundleFile& file : files) append_file(tar, folder + "/" + file.name, file.content, modified);
  tar.resize(tar.size() + 2 * kBlock);
  return gzipped(tar);
}

bool names_archive(const std::string& path) {
  return path.ends_with(".tar.gz") || path.ends_with(".tgz");
}

Status write_bundle(const std::string& path, const std::vector<BundleFile>& files, std::int64_t modified) {
  std::error_code problem;
  if (fs::exists(path, problem)) {
    return Error{Errc::kStorage, Cause::kStoreUnavailable, path + " is there already"};
  }
  if (!names_archive(path)) return write_folder(path, files);
  PONTE_ASSIGN(const Bytes archive, tar_gz(kFolder, files, modified));
  return store::write_new_file(path, archive);
}

}  // namespace ponte::tool
