// OfferContainer: where a gofer that runsc has started lets goferd find it.

#ifndef GOFER_SERVER_WORKER_ADOPTED_DIRECTORY_H_
#define GOFER_SERVER_WORKER_ADOPTED_DIRECTORY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace gofer::worker {

// Returns the id of a container's server: "runsc-" and the container's id in
// lower case, with '-' for each byte that a server's id may not have, at most
// 63 bytes. Containers whose ids differ only in such bytes would share a server
// id: the first container that runs gets it, the next one gets OtherServerId.
std::string AdoptedServerId(absl::string_view container_id);

// Returns `server_id` with a number behind it. The number is made of the
// bundle's path, so that it is always the same for one bundle.
std::string OtherServerId(absl::string_view server_id,
                          absl::string_view bundle);

struct AdoptionOffer {
  // Listening, SOCK_SEQPACKET, non-blocking: where goferd connects.
  base::UniqueFd listener;
  // A file for one line: why the gofer could not start. goferd reads it when
  // nobody listens any more. The descriptor is needed because the confined
  // gofer cannot reach the directory.
  base::UniqueFd failure;
};

// Makes <state_dir>/adopted/<server_id>/ (0700) with `control.sock`, `pid` and
// an empty `failure`. Replaces what a dead gofer has left there. goferd removes
// the directory, because a confined gofer cannot reach it. Errors: EEXIST when
// another gofer listens there or is about to; the errors of mkdir, bind and
// write.
base::ErrnoOr<AdoptionOffer> MakeAdoptedDirectory(const std::string& state_dir,
                                                  const std::string& server_id);

// Calls MakeAdoptedDirectory with the first of the container's two ids that is
// free.
base::ErrnoOr<AdoptionOffer> OfferContainer(const std::string& state_dir,
                                            absl::string_view container_id,
                                            absl::string_view bundle);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_ADOPTED_DIRECTORY_H_
