// The two kinds of sources a blob can come from.
#pragma once

namespace archy::fetch {

enum class SourceKind : unsigned char { peer, origin };

}  // namespace archy::fetch
