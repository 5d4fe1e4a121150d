// HandlerRegistry: the implementations that could answer each message.

#ifndef GOFER_SERVER_RULES_HANDLER_REGISTRY_H_
#define GOFER_SERVER_RULES_HANDLER_REGISTRY_H_

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "server/base/errno.h"
#include "server/lisafs/handler_table.h"
#include "server/wire/message_id.h"

namespace gofer::rules {

// Every message has the implementation "stock" from the start. A value; not
// thread-safe.
class HandlerRegistry {
 public:
  HandlerRegistry();

  static absl::string_view Stock() { return "stock"; }

  // Errors: EINVAL for an unknown message, an empty name or function; EEXIST
  // for a name that the message has already.
  base::ErrnoOr<void> Register(absl::string_view name, uint32_t mid,
                               lisafs::HandlerFunction serve);

  // Null when there is none.
  const lisafs::HandlerFunction* Find(absl::string_view name,
                                      uint32_t mid) const;
  // The implementations of a known message, by name.
  std::vector<std::string> NamesOf(uint32_t mid) const;

 private:
  using Implementations =
      std::map<std::string, lisafs::HandlerFunction, std::less<>>;
  std::array<Implementations, wire::kMessageIdCount> of_message_;
};

}  // namespace gofer::rules

#endif  // GOFER_SERVER_RULES_HANDLER_REGISTRY_H_
