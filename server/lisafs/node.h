// Node: one position in the served tree, shared by every control FD on it
// across all connections of a Server.

#ifndef GOFER_SERVER_LISAFS_NODE_H_
#define GOFER_SERVER_LISAFS_NODE_H_

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "server/base/ref_ptr.h"
#include "server/base/shared_mutex.h"
#include "server/base/small_mutex.h"
#include "server/lisafs/guarantees.h"
#include "server/lisafs/quota.h"

namespace gofer::lisafs {

class ControlFd;

// Reference model: a control FD holds a reference on its node, a node on its
// parent; the server holds one on the root. A children table holds none: a node
// without control FDs and living descendants dies and leaves the table. There
// is at most one node in the tables for a position; nodes of unlinked or
// replaced files are detached, flagged deleted, and live until their last FD.
//
// A reference may be dropped only while the rename lock is held (either mode),
// because that walks up the parents; ControlFd sees to it.
class Node {
 public:
  // Makes the root of a tree, with one reference. `live` counts the nodes of
  // the tree and must outlive them.
  static base::RefPtr<Node> MakeRoot(std::atomic<int64_t>& live);

  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  void Ref() { refs_.fetch_add(1, std::memory_order_relaxed); }
  void Unref();

  // Returns the child called `name`, and makes it when it does not exist yet; a
  // new child takes a slot of `quota`. Null when the quota is used up. The
  // caller has at least a read guarantee on this node, under which it found the
  // name to exist.
  base::RefPtr<Node> FindOrCreateChild(const TreeLock& tree,
                                       absl::string_view name, Quota& quota);

  // Returns the child called `name`, or null.
  base::RefPtr<Node> FindChild(absl::string_view name);

  // The absolute path within the served tree; "/" for the root. Valid while the
  // lock that is passed in is held.
  std::string FilePath(const TreeLock&) const { return PathLocked(); }
  std::string FilePath(const GlobalGuarantee&) const { return PathLocked(); }
  // The last component of FilePath; empty for the root.
  const std::string& Name(const TreeLock&) const { return name_; }
  // Null for the root.
  Node* Parent(const TreeLock&) const { return parent_.get(); }
  // The number of ancestors.
  size_t Depth(const TreeLock&) const;

  // Whether the file was unlinked or replaced. Read it after having taken this
  // node's lock; once true it stays true.
  bool deleted() const { return deleted_.load(std::memory_order_acquire); }

  // Takes `child` (found by FindChild, and held exclusively by the caller) out
  // of the children table and flags it and everything below it deleted. The
  // caller has the write guarantee on this node.
  void DetachDeleted(const WriteGuarantee& self, Node& child);

  // The tree's side of a rename. It is made before the host is asked, because
  // it allocates. Apply is called once the host has renamed, and cannot fail:
  // tree and host would differ.
  class PendingRename;

  // Calls OnRenamed() on every FD at and below this node.
  void NotifyRenamed(const GlobalGuarantee& global);

  // Called by ControlFd when it is made and before it dies.
  void AddControlFd(ControlFd& fd);
  void RemoveControlFd(ControlFd& fd);

  // The lock behind ReadGuarantee and WriteGuarantee; for them only.
  base::SharedMutex& operation_mutex() { return operation_mu_; }

 private:
  Node(std::atomic<int64_t>& live, base::RefPtr<Node> parent,
       absl::string_view name, QuotaSlot slot);
  ~Node();

  std::string PathLocked() const;
  // Drops one reference; returns whether it was the last and the node left its
  // parent's table.
  bool DropRef();
  base::RefPtr<Node> TakeEntry(absl::string_view name);
  void PlaceUnder(Node& parent, std::string name);
  void ReserveEntry();
  bool IsAtOrAbove(const Node& other) const;
  static void FlagDeleted(base::RefPtr<Node> top);

  std::atomic<int64_t>& live_;
  const QuotaSlot slot_;

  // Both change only under the global guarantee.
  base::RefPtr<Node> parent_;
  std::string name_;

  std::atomic<int64_t> refs_ = 1;
  std::atomic<bool> deleted_ = false;
  base::SharedMutex operation_mu_;

  // Also held while a child's last reference is dropped, which makes "find and
  // take a reference" safe against "drop and die".
  base::SmallMutex children_mu_;
  // The keys are the children's own names.
  absl::flat_hash_map<absl::string_view, Node*> children_
      ABSL_GUARDED_BY(children_mu_);

  base::SmallMutex control_fds_mu_;
  ControlFd* control_fds_ ABSL_GUARDED_BY(control_fds_mu_) = nullptr;
};

// Used under one GlobalGuarantee from construction to Apply.
class Node::PendingRename {
 public:
  // Renames `old_parent`/`old_name` to `new_parent`/`new_name`.
  PendingRename(const GlobalGuarantee& global, Node& old_parent,
                absl::string_view old_name, Node& new_parent,
                absl::string_view new_name);

  enum class Kind { kReplace, kExchange };
  // Moves or swaps the entries and flags a replaced node deleted.
  void Apply(Kind kind);

 private:
  Node& old_parent_;
  Node& new_parent_;
  std::string old_name_;
  std::string new_name_;
};

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_NODE_H_
