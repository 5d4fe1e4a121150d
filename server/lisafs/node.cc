#include "server/lisafs/node.h"

#include <string>
#include <utility>
#include <vector>

#include "server/lisafs/control_fd.h"
#include "server/lisafs/open_fd.h"

namespace gofer::lisafs {

Node::Node(std::atomic<int64_t>& live, base::RefPtr<Node> parent,
           absl::string_view name, QuotaSlot slot)
    : live_(live),
      slot_(std::move(slot)),
      parent_(std::move(parent)),
      name_(name) {
  live_.fetch_add(1, std::memory_order_relaxed);
}

Node::~Node() { live_.fetch_sub(1, std::memory_order_relaxed); }

base::RefPtr<Node> Node::MakeRoot(std::atomic<int64_t>& live) {
  return base::RefPtr<Node>::Adopt(
      new Node(live, nullptr, absl::string_view(), QuotaSlot()));
}

void Node::Unref() {
  // A loop, because a client chooses how deep the tree is.
  Node* node = this;
  while (node != nullptr && node->DropRef()) {
    Node* const parent = node->parent_.release();
    delete node;
    node = parent;
  }
}

bool Node::DropRef() {
  int64_t refs = refs_.load(std::memory_order_relaxed);
  while (refs > 1) {
    if (refs_.compare_exchange_weak(refs, refs - 1, std::memory_order_release,
                                    std::memory_order_relaxed)) {
      return false;
    }
  }
  if (!parent_) return refs_.fetch_sub(1, std::memory_order_acq_rel) == 1;
  base::SmallMutexLock lock(parent_->children_mu_);
  if (refs_.fetch_sub(1, std::memory_order_acq_rel) != 1) return false;
  // The entry may by now be another node's, made after this node was detached.
  const auto entry = parent_->children_.find(name_);
  if (entry != parent_->children_.end() && entry->second == this) {
    parent_->children_.erase(entry);
  }
  return true;
}

base::RefPtr<Node> Node::FindOrCreateChild(const TreeLock&,
                                           absl::string_view name,
                                           Quota& quota) {
  base::SmallMutexLock lock(children_mu_);
  const auto entry = children_.find(name);
  if (entry != children_.end()) return base::RefPtr<Node>::Share(entry->second);
  QuotaSlot slot = QuotaSlot::Take(quota);
  if (!slot) return nullptr;
  // Nothing may fail once the child exists: its end would take our lock.
  children_.reserve(children_.size() + 1);
  auto child = base::RefPtr<Node>::Adopt(
      new Node(live_, base::RefPtr<Node>::Share(this), name, std::move(slot)));
  children_.emplace(child->name_, child.get());
  return child;
}

base::RefPtr<Node> Node::FindChild(absl::string_view name) {
  base::SmallMutexLock lock(children_mu_);
  const auto entry = children_.find(name);
  if (entry == children_.end()) return nullptr;
  return base::RefPtr<Node>::Share(entry->second);
}

std::string Node::PathLocked() const {
  std::vector<const std::string*> names;
  for (const Node* node = this; node->parent_; node = node->parent_.get()) {
    names.push_back(&node->name_);
  }
  if (names.empty()) return "/";
  std::string path;
  for (auto name = names.rbegin(); name != names.rend(); ++name) {
    path += '/';
    path += **name;
  }
  return path;
}

size_t Node::Depth(const TreeLock&) const {
  size_t depth = 0;
  for (const Node* node = parent_.get(); node != nullptr;
       node = node->parent_.get()) {
    ++depth;
  }
  return depth;
}

base::RefPtr<Node> Node::TakeEntry(absl::string_view name) {
  base::SmallMutexLock lock(children_mu_);
  const auto entry = children_.find(name);
  if (entry == children_.end()) return nullptr;
  auto child = base::RefPtr<Node>::Share(entry->second);
  children_.erase(entry);
  return child;
}

void Node::FlagDeleted(base::RefPtr<Node> top) {
  // References, because below the top nobody is locked out and nodes may die.
  std::vector<base::RefPtr<Node>> todo;
  todo.push_back(std::move(top));
  while (!todo.empty()) {
    const base::RefPtr<Node> node = std::move(todo.back());
    todo.pop_back();
    node->deleted_.store(true, std::memory_order_release);
    base::SmallMutexLock lock(node->children_mu_);
    for (const auto& [name, child] : node->children_) {
      todo.push_back(base::RefPtr<Node>::Share(child));
    }
  }
}

void Node::DetachDeleted(const WriteGuarantee&, Node& child) {
  {
    base::SmallMutexLock lock(children_mu_);
    const auto entry = children_.find(child.name_);
    if (entry != children_.end() && entry->second == &child) {
      children_.erase(entry);
    }
  }
  FlagDeleted(base::RefPtr<Node>::Share(&child));
}

void Node::PlaceUnder(Node& parent, std::string name) {
  // The host was renamed behind our back, and what it moved is not what we
  // know by that name: below itself the node would make the tree a ring.
  if (IsAtOrAbove(parent)) {
    FlagDeleted(base::RefPtr<Node>::Share(this));
    return;
  }
  parent_ = base::RefPtr<Node>::Share(&parent);
  name_ = std::move(name);
  base::SmallMutexLock lock(parent.children_mu_);
  parent.children_.emplace(name_, this);
}

void Node::ReserveEntry() {
  base::SmallMutexLock lock(children_mu_);
  children_.reserve(children_.size() + 1);
}

bool Node::IsAtOrAbove(const Node& other) const {
  for (const Node* node = &other; node != nullptr; node = node->parent_.get()) {
    if (node == this) return true;
  }
  return false;
}

Node::PendingRename::PendingRename(const GlobalGuarantee&, Node& old_parent,
                                   absl::string_view old_name, Node& new_parent,
                                   absl::string_view new_name)
    : old_parent_(old_parent),
      new_parent_(new_parent),
      old_name_(old_name),
      new_name_(new_name) {
  old_parent_.ReserveEntry();
  new_parent_.ReserveEntry();
}

void Node::PendingRename::Apply(Kind kind) {
  const base::RefPtr<Node> moved = old_parent_.TakeEntry(old_name_);
  const base::RefPtr<Node> replaced = new_parent_.TakeEntry(new_name_);
  if (replaced) {
    if (kind == Kind::kExchange) {
      replaced->PlaceUnder(old_parent_, std::move(old_name_));
    } else {
      FlagDeleted(replaced);
    }
  }
  if (moved) moved->PlaceUnder(new_parent_, std::move(new_name_));
}

void Node::NotifyRenamed(const GlobalGuarantee& global) {
  // Nobody else is in the tree, so plain pointers last as long as we look.
  std::vector<Node*> todo = {this};
  while (!todo.empty()) {
    Node* const node = todo.back();
    todo.pop_back();
    {
      base::SmallMutexLock lock(node->control_fds_mu_);
      for (ControlFd* fd = node->control_fds_; fd != nullptr;
           fd = fd->next_on_node_) {
        fd->NotifyRenamed(global);
      }
    }
    base::SmallMutexLock lock(node->children_mu_);
    for (const auto& [name, child] : node->children_) todo.push_back(child);
  }
}

void Node::AddControlFd(ControlFd& fd) {
  base::SmallMutexLock lock(control_fds_mu_);
  fd.next_on_node_ = control_fds_;
  if (control_fds_ != nullptr) control_fds_->previous_on_node_ = &fd;
  control_fds_ = &fd;
}

void Node::RemoveControlFd(ControlFd& fd) {
  base::SmallMutexLock lock(control_fds_mu_);
  if (fd.previous_on_node_ != nullptr) {
    fd.previous_on_node_->next_on_node_ = fd.next_on_node_;
  } else {
    control_fds_ = fd.next_on_node_;
  }
  if (fd.next_on_node_ != nullptr) {
    fd.next_on_node_->previous_on_node_ = fd.previous_on_node_;
  }
}

}  // namespace gofer::lisafs
