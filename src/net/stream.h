// A byte stream to a peer: the plain socket or TLS on it.
#pragma once

#include "base/bytes.h"
#include "base/result.h"

namespace ponte::net {

/// Where a Stream reports. Always from the loop, never from within a call into the Stream.
class StreamListener {
 public:
  virtual ~StreamListener() = default;
  /// Bytes may flow: at once for a plain stream, after the handshake with TLS.
  virtual void on_stream_open() = 0;
  /// The view is valid during the call only.
  virtual void on_stream_bytes(ByteView bytes) = 0;
  /// Once, last: the peer ended the stream (kConnectionClosed) or it failed.
  virtual void on_stream_closed(Error why) = 0;
};

/// Loop thread only. Destroying it closes the socket at once.
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
};

}  // namespace ponte::net
