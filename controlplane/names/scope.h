// ServerScope, ConnectionScope: one resource of a kind, or all of the kind.

#ifndef GOFERD_CONTROLPLANE_NAMES_SCOPE_H_
#define GOFERD_CONTROLPLANE_NAMES_SCOPE_H_

#include <string>
#include <utility>

#include "absl/strings/string_view.h"
#include "controlplane/names/resource_name.h"

namespace goferd::names {

// What a caller writes as an id or as "-". `Kind` only keeps the scopes of
// different kinds apart: a ConnectionScope in a ServerScope's place does not
// compile.
template <class Kind>
class Scope {
 public:
  static Scope All() { return Scope(std::string(kAllIds)); }
  // `id` is a valid id, or "-" for all.
  explicit Scope(std::string id) : id_(std::move(id)) {}

  bool is_all() const { return id_ == kAllIds; }
  // The id of the one resource. Only when is_all() is false.
  const std::string& id() const { return id_; }
  bool Includes(absl::string_view id) const { return is_all() || id == id_; }

 private:
  std::string id_;
};

using ServerScope = Scope<struct ServerKind>;
using ConnectionScope = Scope<struct ConnectionKind>;

}  // namespace goferd::names

#endif  // GOFERD_CONTROLPLANE_NAMES_SCOPE_H_
