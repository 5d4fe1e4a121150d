// Where a gofer that runsc has started lets goferd find it.

#ifndef GOFER_SERVER_WORKER_ADOPTED_DIRECTORY_H_
#define GOFER_SERVER_WORKER_ADOPTED_DIRECTORY_H_

#include <string>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/base/unique_fd.h"

namespace gofer::worker {

// The id of the server that a container's gofer is: "runsc-" and the
// container's id in lower case, with '-' for what may not be in a server's id,
// at most 63 bytes. Containers whose ids differ in nothing else share it; the
// first that runs has it, another one has OtherServerId.
std::string AdoptedServerId(absl::string_view container_id);

// `server_id`, with a number made of the bundle's path behind it: for a bundle
// always the same.
std::string OtherServerId(absl::string_view server_id,
                          absl::string_view bundle);

// Makes <state_dir>/adopted/<server_id>/ (0700) with `control.sock` and `pid`,
// and returns the listening SOCK_SEQPACKET socket (non-blocking). What a gofer
// has left there that is gone is replaced. It is goferd that removes the
// directory: we shall not reach it any more. Errors: EEXIST when another gofer
// listens there or is about to, and those of mkdir, bind and write.
base::ErrnoOr<base::UniqueFd> MakeAdoptedDirectory(
    const std::string& state_dir, const std::string& server_id);

// The same for whichever of its two ids a container can have.
base::ErrnoOr<base::UniqueFd> OfferContainer(const std::string& state_dir,
                                             absl::string_view container_id,
                                             absl::string_view bundle);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_ADOPTED_DIRECTORY_H_
