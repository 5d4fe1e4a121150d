// The concurrency guarantees of LISAFS as scoped locks: TreeLock (the rename
// lock held shared), ReadGuarantee, WriteGuarantee and GlobalGuarantee. A
// backend's methods take them as parameters, so that calling one without its
// locks does not compile.
//
// Lock order: rename lock -> Node operation locks, shallower node first and by
// address among nodes of one depth -> a Node's children lock -> leaf locks (a
// Node's control FD list, an FD table). Source: gVisor
// pkg/lisafs/{lisafs,fd}.go, Nov 2023; the order by depth and address is ours
// and replaces the "directory before file" rule, which a tree changed from
// outside can turn into a deadlock.

#ifndef GOFER_SERVER_LISAFS_GUARANTEES_H_
#define GOFER_SERVER_LISAFS_GUARANTEES_H_

#include "server/base/shared_mutex.h"

namespace gofer::lisafs {

class Node;

// The rename lock of one Server. While a thread holds it in either mode, no
// node changes its name or parent.
class RenameMutex {
 public:
  // True when the calling thread holds this lock, in whatever mode. Lets an FD
  // reference be dropped both inside and outside of the lock, which is not
  // re-entrant.
  bool HeldByThisThread() const;

 private:
  friend class TreeLock;
  friend class GlobalGuarantee;
  base::SharedMutex mu_;
};

// Holds the rename lock shared: the tree keeps its shape.
class TreeLock {
 public:
  explicit TreeLock(RenameMutex& mu) ABSL_NO_THREAD_SAFETY_ANALYSIS;
  ~TreeLock() ABSL_NO_THREAD_SAFETY_ANALYSIS;
  TreeLock(const TreeLock&) = delete;
  TreeLock& operator=(const TreeLock&) = delete;

 private:
  RenameMutex& mu_;
};

// Excludes writes to one node and everything global. The node's path to the
// root is frozen: removing an ancestor would first need this node gone.
class ReadGuarantee {
 public:
  ReadGuarantee(const TreeLock& tree,
                Node& node) ABSL_NO_THREAD_SAFETY_ANALYSIS;
  ~ReadGuarantee() ABSL_NO_THREAD_SAFETY_ANALYSIS;
  ReadGuarantee(const ReadGuarantee&) = delete;
  ReadGuarantee& operator=(const ReadGuarantee&) = delete;

  const TreeLock& tree() const { return tree_; }
  Node& node() const { return node_; }

 private:
  const TreeLock& tree_;
  Node& node_;
};

// Excludes reads and writes of one node and everything global.
class WriteGuarantee {
 public:
  WriteGuarantee(const TreeLock& tree,
                 Node& node) ABSL_NO_THREAD_SAFETY_ANALYSIS;
  ~WriteGuarantee() ABSL_NO_THREAD_SAFETY_ANALYSIS;
  WriteGuarantee(const WriteGuarantee&) = delete;
  WriteGuarantee& operator=(const WriteGuarantee&) = delete;

  const TreeLock& tree() const { return tree_; }
  Node& node() const { return node_; }

 private:
  const TreeLock& tree_;
  Node& node_;
};

// Excludes every other operation on the Server.
class GlobalGuarantee {
 public:
  explicit GlobalGuarantee(RenameMutex& mu) ABSL_NO_THREAD_SAFETY_ANALYSIS;
  ~GlobalGuarantee() ABSL_NO_THREAD_SAFETY_ANALYSIS;
  GlobalGuarantee(const GlobalGuarantee&) = delete;
  GlobalGuarantee& operator=(const GlobalGuarantee&) = delete;

 private:
  RenameMutex& mu_;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_GUARANTEES_H_
