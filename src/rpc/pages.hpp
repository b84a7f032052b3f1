// The method table as a page for people.
#pragma once

#include <string>

namespace archy::rpc {
// doc/rpc.md, whole.
std::string markdown_page();
}  // namespace archy::rpc
