#include "server/rules/handler_registry.h"

#include <utility>

namespace gofer::rules {

HandlerRegistry::HandlerRegistry() {
  const std::vector<lisafs::Handler> rows =
      lisafs::HandlerTable::Stock()->rows();
  for (size_t mid = 0; mid < of_message_.size(); ++mid) {
    of_message_[mid].emplace(std::string(Stock()), rows[mid].serve);
  }
}

base::ErrnoOr<void> HandlerRegistry::Register(absl::string_view name,
                                              uint32_t mid,
                                              lisafs::HandlerFunction serve) {
  if (mid == 0 || mid >= of_message_.size() || name.empty() || !serve) {
    return base::Errno(EINVAL);
  }
  const bool added =
      of_message_[mid].emplace(std::string(name), std::move(serve)).second;
  if (!added) return base::Errno(EEXIST);
  return {};
}

const lisafs::HandlerFunction* HandlerRegistry::Find(absl::string_view name,
                                                     uint32_t mid) const {
  if (mid >= of_message_.size()) return nullptr;
  const auto found = of_message_[mid].find(std::string(name));
  return found == of_message_[mid].end() ? nullptr : &found->second;
}

std::vector<std::string> HandlerRegistry::NamesOf(uint32_t mid) const {
  std::vector<std::string> names;
  for (const auto& [name, serve] : of_message_[mid]) names.push_back(name);
  return names;
}

}  // namespace gofer::rules
