#include "instance/recorder.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/hex.h"
#include "instance/recording.h"
#include "store/keys.h"

namespace ponte::instance {
namespace {

constexpr std::size_t kRecordsAtOnce = 256;

}  // namespace

Result<std::unique_ptr<Recorder>> Recorder::open(const std::string& directory, const std::string& name,
                                                 const protocol::SessionConfig& config, const store::StoreReader& store,
                                                 const store::Owner& owner, const Now& now, RandomSource& random) {
  const std::string path = directory + "/" + name + "-" + std::to_string(unix_milliseconds(now.wall)) + ".vec";
  const int descriptor = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (descriptor >= 0) ::close(descriptor);
  std::ofstream file(path, std::ios::binary | std::ios::app);
  if (descriptor < 0 || !file) {
    return Error{Errc::kUnavailable, Cause::kConfigInvalid, "recording: cannot make " + path};
  }
  std::unique_ptr<Recorder> recorder(new Recorder(std::move(file), random));
  recorder->file_ << "# A session of Ponte. Holds its keys: share it only where the account is a test account.\n";
  recorder->line("Version", std::to_string(recording::kVersion));
  for (const std::string& value : recording::render_config(config)) recorder->line("Config", value);
  PONTE_TRY(recorder->records("Store", store, owner));
  PONTE_TRY(recorder->records("Chats", store, store::keys::chats_owner(owner)));
  return recorder;
}

/// A page at a time: the chats of an account can be more than memory should hold.
Status Recorder::records(const char* name, const store::StoreReader& store, const store::Owner& owner) {
  for (std::string after;;) {
    PONTE_ASSIGN(const std::vector<store::Record> page, store.scan_after(owner, "", after, kRecordsAtOnce));
    for (const auto& [key, value] : page) line(name, to_hex(as_bytes(key)) + " " + to_hex(value));
    if (page.size() < kRecordsAtOnce) return Status::Ok();
    after = page.back().first;
  }
}

void Recorder::line(const char* key, const std::string& value) {
  file_ << key << '=' << value << '\n';
}

void Recorder::input(const Now& now, const std::string& what) {
  file_ << '\n';
  line("Now", recording::render_now(now));
  line("In", what);
  file_.flush();
}

void Recorder::output(const protocol::Output& output) {
  line("Out", recording::render(output));
  file_.flush();
}

void Recorder::fill(MutableByteView out) {
  random_.fill(out);
  line("Random", to_hex(out));
}

void Recorder::on_stanza(Direction direction, ByteView plaintext) {
  line("Plain", (direction == Direction::kIn ? "in " : "out ") + to_hex(plaintext));
}

}  // namespace ponte::instance
