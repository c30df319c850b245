// Where a file is (wire: messages.md 6.3). Hosts are named by the server, paths by peers: neither may turn a request to
// somewhere else.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "protocol/media/envelope.h"
#include "protocol/session/config.h"

namespace ponte::protocol::media {

/// A name of letters, digits, '-' and '.', in lower case, perhaps with a port.
bool is_media_host(std::string_view host);

/// One '/', then a path and perhaps a query of at most 2048 characters that URLs may have. What could be read as a
/// host, a fragment or a folder further up is none.
bool is_direct_path(std::string_view path);

/// Path and query of the URL that old messages have in place of a direct path. Its host must be one of WhatsApp's and
/// is not used; nullopt for any other URL.
std::optional<std::string> direct_path_of(std::string_view url);

/// Precondition: is_media_host(host), is_direct_path(path).
std::string download_url(MediaScheme scheme, std::string_view host, std::string_view path, MediaType type,
                         const std::optional<ByteArray<32>>& sealed_sha256);

}  // namespace ponte::protocol::media
