// EnterThreadDirectory: a working directory that belongs to one thread only.

#ifndef GOFER_SERVER_HOSTFS_THREAD_DIRECTORY_H_
#define GOFER_SERVER_HOSTFS_THREAD_DIRECTORY_H_

#include <cstdint>

#include "server/base/errno.h"

namespace gofer::hostfs {

// Makes the borrowed `directory` the working directory of the calling thread,
// for system calls that take a path and no directory (bind, connect, *xattr).
// The first call unshares the thread's file system attributes (CLONE_FS), so
// that other threads keep theirs; the thread must not rely on them later.
// `token`, if not 0, names the directory: entering the directory that the
// thread is in already costs nothing. Errors: EPERM where unshare(2) is not
// allowed, and those of fchdir(2).
base::ErrnoOr<void> EnterThreadDirectory(int directory, uint64_t token);

}  // namespace gofer::hostfs

#endif  // GOFER_SERVER_HOSTFS_THREAD_DIRECTORY_H_
