// The padding of a plaintext in `<enc v="2">` (wire: messages.md 2.3).
#pragma once

#include "base/bytes.h"
#include "base/random.h"
#include "base/result.h"

namespace ponte::crypto {

/// The plaintext with 1 to 16 bytes behind it, each of which says how many there are. Draws one byte.
Bytes pad(ByteView plaintext, RandomSource& random);

/// The plaintext without its padding; a view into `padded`, possibly empty.
/// kMalformed/kSignalPadding where it does not end as `pad` ends it.
Result<ByteView> unpad(ByteView padded);

}  // namespace ponte::crypto
