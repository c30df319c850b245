#include "simulator/recorder.h"

#include <fcntl.h>
#include <unistd.h>

#include <fstream>

#include "base/hex.h"

namespace ponte::simulator {
namespace {

std::string numbered(const char* what, ConnectionId id) {
  return std::string(what) + " " + std::to_string(id);
}

}  // namespace

Recorder::Recorder(std::unique_ptr<std::ostream> out, const Options& options, RandomSource& random)
    : out_(std::move(out)), random_(random) {
  line("Kind", std::string(recording::kKind));
  line("Version", std::to_string(recording::kVersion));
  for (const std::string& value : recording::render_options(options)) line("Option", value);
  out_->flush();
}

Result<std::unique_ptr<Recorder>> Recorder::open(const std::string& directory, const Options& options, const Now& now,
                                                 RandomSource& random) {
  const std::string path = directory + "/sim-" + std::to_string(unix_milliseconds(now.wall)) + ".vec";
  const int descriptor = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
  if (descriptor >= 0) ::close(descriptor);
  auto file = std::make_unique<std::ofstream>(path, std::ios::binary | std::ios::app);
  if (descriptor < 0 || !*file) {
    return Error{Errc::kUnavailable, Cause::kConfigInvalid, "recording: cannot make " + path};
  }
  return std::make_unique<Recorder>(std::move(file), options, random);
}

void Recorder::line(const char* key, const std::string& value) {
  if (!ended_) *out_ << key << '=' << value << '\n';
}

void Recorder::input(const Now& now, const std::string& what) {
  if (ended_) return;
  *out_ << '\n';
  line("Now", recording::render_now(now));
  line("In", what);
  out_->flush();
}

void Recorder::opened(ConnectionId id, const Now& now) {
  input(now, numbered("open", id));
}

void Recorder::bytes(ConnectionId id, ByteView bytes, const Now& now) {
  input(now, numbered("bytes", id) + " " + to_hex(bytes));
}

void Recorder::closed(ConnectionId id, const Now& now) {
  input(now, numbered("closed", id));
}

void Recorder::deadline(ConnectionId id, const Now& now) {
  input(now, numbered("deadline", id));
}

void Recorder::drained(ConnectionId id, const Now& now) {
  input(now, numbered("drain", id));
}

void Recorder::text(ConnectionId id, const Now& now) {
  input(now, numbered("text", id));
}

void Recorder::refused(unsigned status, const Now& now) {
  input(now, "upgrade");
  line("Out", "refused " + std::to_string(status));
}

Reply<AdminResponse> Recorder::admin(const AdminRequest& request, const Now& now, Reply<AdminResponse> reply) {
  if (request.method != "POST" || !is_admin_path(request.path)) return reply;
  const std::string call = std::to_string(++calls_);
  input(now,
        "admin " + call + " " + std::string(admin_name(request.path)) + " " + recording::render_text(request.body));
  return Reply<AdminResponse>([this, call, reply = std::move(reply)](Result<AdminResponse> result) mutable {
    const AdminResponse response = result.ok() ? *result : AdminResponse{500, "{}"};
    line("Answer", call + " " + std::to_string(response.status) + " " + recording::render_text(response.body));
    reply.answer(std::move(result));
  });
}

void Recorder::output(ConnectionId id, const Output& output) {
  line("Out", recording::render(id, output));
  out_->flush();
}

void Recorder::end() {
  out_->flush();
  ended_ = true;
}

void Recorder::fill(MutableByteView out) {
  random_.fill(out);
  line("Random", to_hex(out));
}

void Recorder::on_stanza(ConnectionId id, Direction direction, ByteView plaintext) {
  line("Plain", numbered(direction == Direction::kIn ? "in" : "out", id) + " " + to_hex(plaintext));
}

void Recorder::on_violation(const Violation& violation) {
  line("Violation", std::to_string(violation.connection) + " " + recording::render_text(violation.text));
}

}  // namespace ponte::simulator
