// What bench_parts measures, one function per file. Each registers its benchmarks.
#pragma once

namespace ponte::bench {

void register_handshake_parts();
void register_wire_parts();
void register_store_parts();
void register_session_parts();
void register_signal_parts();
void register_message_parts();

}  // namespace ponte::bench
