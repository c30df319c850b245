// As what we introduce ourselves over HTTP.
#pragma once

namespace ponte::instance {

inline constexpr const char* kUserAgent =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

}  // namespace ponte::instance
