// `ponte link`: ponted's answers into the screen, until the account is linked.
#pragma once

#include <optional>
#include <string>

#include "base/secret.h"
#include "ponte/common/terminal.h"

namespace ponte::tool {

struct LinkRequest {
  std::string instance;
  std::string url;                       ///< of ponted, checked
  std::optional<std::string> number;     ///< digits: a code to type instead of a QR code
  std::optional<unsigned> history = {};  ///< days
};

/// Makes the instance where it is not there, connects, and shows what comes of it. Exit code: kOk when linked.
int run_link(const LinkRequest& request, SecretBytes token, Signals& signals);

}  // namespace ponte::tool
