// A byte stream to a peer: the plain socket, or a stage on another stream (TLS, the way through a proxy).
#pragma once

#include <memory>

#include "base/bytes.h"
#include "base/result.h"
#include "base/task.h"

namespace ponte::net {

/// Where a Stream reports. Always from the loop, never from within a call into the Stream.
class StreamListener {
 public:
  virtual ~StreamListener() = default;
  /// Bytes may flow: at once for a plain stream, after their handshake for the others.
  virtual void on_stream_open() = 0;
  /// The view is valid during the call only.
  virtual void on_stream_bytes(ByteView bytes) = 0;
  /// Once, last: the peer ended the stream (kConnectionClosed) or it failed.
  virtual void on_stream_closed(Error why) = 0;
};

/// Loop thread only. A stage owns the stream below it; destroying it closes the socket at once.
/// A listener may call abort() from within its calls, but not destroy the Stream.
class Stream {
 public:
  virtual ~Stream() = default;
  /// Begins to read (and to shake hands).
  virtual void start() = 0;
  /// Sends, or queues what the socket does not take. A failure comes through on_stream_closed.
  virtual void write(ByteView bytes) = 0;
  /// Sends what is queued, then closes. Nothing is reported after this.
  virtual void finish() = 0;
  /// Closes now. Nothing is reported after this.
  virtual void abort() = 0;
  /// Stops writing; what the peer has already sent is read, then `why` is reported. Not from within this call.
  virtual void fail_later(Error why) = 0;
  /// What to report where on_stream_open did not come in time: it says what is awaited. kTimedOut.
  virtual Error overdue() const = 0;
};

/// Makes a stream that reports to the given listener, which outlives it. Called once. A stage is made from the
/// factory of what is below it, so that stages combine freely.
using StreamFactory = UniqueFunction<Result<std::unique_ptr<Stream>>(StreamListener& listener)>;

}  // namespace ponte::net
