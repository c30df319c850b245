#include "net/socket_stream.h"

#include <asio/buffer.hpp>
#include <asio/post.hpp>

#include "net/loop_shared.h"
#include "net/network_error.h"

namespace ponte::net {

using asio::ip::tcp;

SocketStream::SocketStream(tcp::socket socket, LoopShared& shared, StreamListener& listener, std::weak_ptr<void> owner)
    : socket_(std::move(socket)), shared_(shared), listener_(listener), owner_(std::move(owner)) {}

void SocketStream::start() {
  // Posted, so that the listener hears nothing from within start().
  asio::post(socket_.get_executor(), [this, owner = owner_] {
    const auto hold = owner.lock();
    if (!hold || state_ != State::kOpen) return;
    listener_.on_stream_open();
    wait_readable();
  });
}

void SocketStream::wait_readable() {
  if (state_ != State::kOpen) return;
  socket_.async_wait(tcp::socket::wait_read, [this, owner = owner_](const std::error_code& error) {
    if (error == asio::error::operation_aborted) return;
    const auto hold = owner.lock();
    if (!hold || state_ != State::kOpen) return;
    on_readable();
    wait_readable();
  });
}

// One read per turn: a peer that floods does not starve the loop's other connections.
void SocketStream::on_readable() {
  std::error_code error;
  const std::size_t count = socket_.read_some(asio::buffer(shared_.received), error);
  if (error == asio::error::would_block || error == asio::error::try_again || error == asio::error::interrupted) return;
  if (error == asio::error::eof)
    return report({Errc::kUnavailable, Cause::kConnectionClosed, "the peer ended the connection"});
  if (error) return report(network_error(error, "reading"));
  listener_.on_stream_bytes({shared_.received.data(), count});
}

void SocketStream::write(ByteView bytes) {
  if (state_ != State::kOpen) return;
  if (!queue_.empty()) return queue(bytes);
  while (!bytes.empty()) {
    std::error_code error;
    const std::size_t count = socket_.write_some(asio::buffer(bytes.data(), bytes.size()), error);
    if (error == asio::error::interrupted) continue;
    if (error == asio::error::would_block || error == asio::error::try_again) {
      queue(bytes);
      return wait_writable();
    }
    if (error) return fail_later(network_error(error, "writing"));
    bytes = bytes.subspan(count);
  }
}

void SocketStream::queue(ByteView bytes) {
  if (queue_.size() - sent_ + bytes.size() > kQueueLimit) {
    return fail_later({Errc::kUnavailable, Cause::kNetworkFailed,
                       "the peer does not read: more than " + std::to_string(kQueueLimit) + " bytes are waiting"});
  }
  append(queue_, bytes);
}

void SocketStream::wait_writable() {
  socket_.async_wait(tcp::socket::wait_write, [this, owner = owner_](const std::error_code& error) {
    if (error == asio::error::operation_aborted) return;
    const auto hold = owner.lock();
    if (hold && (state_ == State::kOpen || state_ == State::kFinishing)) flush();
  });
}

void SocketStream::flush() {
  while (sent_ < queue_.size()) {
    std::error_code error;
    sent_ += socket_.write_some(asio::buffer(queue_.data() + sent_, queue_.size() - sent_), error);
    if (error == asio::error::interrupted) continue;
    if (error == asio::error::would_block || error == asio::error::try_again) {
      // The part that is gone is given back once it is the larger one.
      if (sent_ > queue_.size() / 2)
        queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(std::exchange(sent_, 0)));
      return wait_writable();
    }
    if (error) return state_ == State::kFinishing ? abort() : fail_later(network_error(error, "writing"));
  }
  queue_ = Bytes();
  sent_ = 0;
  if (state_ == State::kFinishing) abort();
}

// A peer that sends its last words and resets makes our write fail first; its words are read before
// the failure is reported.
void SocketStream::fail_later(Error why) {
  if (state_ != State::kOpen) return;
  state_ = State::kBroken;
  broken_by_ = std::make_unique<Error>(std::move(why));
  queue_ = Bytes();
  sent_ = 0;
  asio::post(socket_.get_executor(), [this, owner = owner_] {
    const auto hold = owner.lock();
    if (!hold || state_ != State::kBroken) return;
    on_readable();
    if (state_ == State::kBroken) report(std::move(*broken_by_));
  });
}

void SocketStream::report(Error why) {
  abort();
  listener_.on_stream_closed(std::move(why));
}

void SocketStream::finish() {
  if (state_ == State::kClosed || state_ == State::kFinishing) return;
  const bool sent = queue_.empty();
  state_ = State::kFinishing;
  if (sent) abort();
}

void SocketStream::abort() {
  if (state_ == State::kClosed) return;
  state_ = State::kClosed;
  std::error_code ignored;
  socket_.close(ignored);
  queue_ = Bytes();
  sent_ = 0;
}

Error SocketStream::overdue() const {
  return {Errc::kTimedOut, Cause::kNetworkTimeout, "connecting timed out: the socket is not open"};
}

StreamFactory socket_stream(tcp::socket socket, LoopShared& shared, std::weak_ptr<void> owner) {
  return [socket = std::move(socket), &shared,
          owner = std::move(owner)](StreamListener& listener) mutable -> Result<std::unique_ptr<Stream>> {
    return std::unique_ptr<Stream>(
        std::make_unique<SocketStream>(std::move(socket), shared, listener, std::move(owner)));
  };
}

}  // namespace ponte::net
