// Logging. The only place behind which spdlog stands (log.cpp).
//
// Nothing secret is ever logged: no key, token, QR text, pairing code or message body.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace ponte::log {

enum class Level { kTrace, kDebug, kInfo, kWarn, kError, kOff };
enum class Format { kText, kJson };

/// `trace`, `debug`, `info`, `warn`, `error` or `off`; kInvalidArgument otherwise.
Result<Level> level_from_name(std::string_view name);
std::string_view level_name(Level level);

/// Call once at start, before threads. Writes to standard error.
void configure(Level level, Format format);

/// From now on, on every thread.
void set_level(Level level);

/// Thread-safe. `component` names the layer or instance that speaks.
void write(Level level, std::string_view component, std::string_view message);
bool enabled(Level level);

inline void debug(std::string_view component, std::string_view message) {
  write(Level::kDebug, component, message);
}
inline void info(std::string_view component, std::string_view message) {
  write(Level::kInfo, component, message);
}
inline void warn(std::string_view component, std::string_view message) {
  write(Level::kWarn, component, message);
}
inline void error(std::string_view component, std::string_view message) {
  write(Level::kError, component, message);
}

}  // namespace ponte::log
