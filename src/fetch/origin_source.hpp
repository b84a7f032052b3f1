// An HTTP origin as a Source. A plain origin carries no tree, so its bytes are verified by whatever
// hashes are at hand: those held from peers, those of a sidecar `<url>.obao4`, or - for up to 8 MiB
// below a known hash - none but that one. What is left after that goes through quarantine.
#pragma once

#include <memory>
#include <string>

#include "fetch/origin_stream.hpp"
#include "fetch/source.hpp"
#include "rt/env.hpp"

namespace archy::fetch {

// Lifetime: client, store and what env refers to outlive the source.
std::shared_ptr<Source> make_origin_source(rt::Env env, http::Client& client,
                                           store::BlobStore& store, std::string url,
                                           OriginOptions options = {});

// Where the outboard of the file at `url` is: ".obao4" at the end of its path.
std::string sidecar_url(const std::string& url);

}  // namespace archy::fetch
