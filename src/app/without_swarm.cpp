// The no-swarm build: the same functions, each saying that this build has no peers. Empty in the
// full build.
#ifndef ARCHY_SWARM

#include "app/collection.hpp"
#include "app/peer_door.hpp"

namespace archy::app {
namespace {

std::unexpected<Error> no_swarm(const char* what) {
  return fail(Code::unsupported,
              std::string(what) + ": this build has no swarm (get HASH --origin URL works)");
}

}  // namespace

Result<std::unique_ptr<PeerDoor>> open_peer_door(Core&, const PeerOptions&) {
  return no_swarm("peers");
}

Result<std::string> make_ticket(const EndpointId&, const std::vector<rt::Address>&,
                                const store::HashAndFormat&) {
  return no_swarm("tickets");
}
Result<Target> parse_ticket(std::string_view) { return no_swarm("tickets"); }

Result<std::vector<FolderFile>> list_folder(rt::Files&, const rt::Path&) {
  return no_swarm("collections");
}
Result<store::HashAndFormat> make_collection(store::BlobStore&,
                                             const std::vector<CollectionEntry>&) {
  return no_swarm("collections");
}
Result<std::vector<CollectionEntry>> read_collection(store::BlobStore&, const Blake3Hash&) {
  return no_swarm("collections");
}
Result<std::vector<Blake3Hash>> read_hash_seq(store::BlobStore&, const Blake3Hash&) {
  return no_swarm("collections");
}

}  // namespace archy::app

#endif
