// CloseOtherFds: gets rid of descriptors that nobody meant to give us.

#ifndef GOFER_SERVER_WORKER_INHERITED_FDS_H_
#define GOFER_SERVER_WORKER_INHERITED_FDS_H_

#include <vector>

namespace gofer::worker {

// Closes all descriptors but standard input, output and error and the numbers
// in `keep`, where negative numbers stand for nothing. A descriptor that leads
// to a directory of the host would be a way out of the sandbox. Called before
// we have opened anything.
void CloseOtherFds(std::vector<int> keep);

}  // namespace gofer::worker

#endif  // GOFER_SERVER_WORKER_INHERITED_FDS_H_
