#include "server/lisafs/guarantees.h"

#include "server/base/check.h"
#include "server/lisafs/node.h"

namespace gofer::lisafs {
namespace {

// A handler works on one Server, so a thread holds one rename lock at most.
thread_local const RenameMutex* held_by_this_thread = nullptr;

void MarkHeld(const RenameMutex* mu) {
  GOFER_CHECK(held_by_this_thread == nullptr);
  held_by_this_thread = mu;
}

}  // namespace

bool RenameMutex::HeldByThisThread() const {
  return held_by_this_thread == this;
}

TreeLock::TreeLock(RenameMutex& mu) : mu_(mu) {
  MarkHeld(&mu_);
  mu_.mu_.LockShared();
}

TreeLock::~TreeLock() {
  mu_.mu_.UnlockShared();
  held_by_this_thread = nullptr;
}

ReadGuarantee::ReadGuarantee(const TreeLock& tree, Node& node)
    : tree_(tree), node_(node) {
  node_.operation_mutex().LockShared();
}

ReadGuarantee::~ReadGuarantee() { node_.operation_mutex().UnlockShared(); }

WriteGuarantee::WriteGuarantee(const TreeLock& tree, Node& node)
    : tree_(tree), node_(node) {
  node_.operation_mutex().Lock();
}

WriteGuarantee::~WriteGuarantee() { node_.operation_mutex().Unlock(); }

GlobalGuarantee::GlobalGuarantee(RenameMutex& mu) : mu_(mu) {
  MarkHeld(&mu_);
  mu_.mu_.Lock();
}

GlobalGuarantee::~GlobalGuarantee() {
  mu_.mu_.Unlock();
  held_by_this_thread = nullptr;
}

}  // namespace gofer::lisafs
