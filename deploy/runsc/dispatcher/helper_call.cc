#include "deploy/runsc/dispatcher/helper_call.h"

#include <algorithm>
#include <utility>

namespace gofer::dispatcher {
namespace {

std::vector<std::string> Copy(const char* const* argv) {
  std::vector<std::string> words;
  for (; *argv != nullptr; ++argv) {
    words.emplace_back(*argv);
  }
  return words;
}

std::string Prefix(std::string_view name) {
  return "--" + std::string(name) + "=";
}

}  // namespace

HelperCall::HelperCall(std::vector<std::string> words)
    : words_(std::move(words)) {
  FindCommand();
}

HelperCall::HelperCall(const char* const* argv) : HelperCall(Copy(argv)) {}

void HelperCall::FindCommand() {
  command_ = 1;
  while (command_ < words_.size() && words_[command_].starts_with('-')) {
    ++command_;
  }
  command_ = std::min(command_, words_.size());
}

std::string_view HelperCall::name() const {
  return words_.empty() ? std::string_view() : words_.front();
}

std::string_view HelperCall::command() const {
  return command_ < words_.size() ? words_[command_] : std::string_view();
}

std::string_view HelperCall::last_word() const {
  return words_.empty() ? std::string_view() : words_.back();
}

std::optional<std::string_view> HelperCall::GlobalFlag(
    std::string_view name) const {
  const std::string prefix = Prefix(name);
  std::optional<std::string_view> value;
  for (std::size_t i = 1; i < command_; ++i) {
    if (words_[i].starts_with(prefix)) {
      value = std::string_view(words_[i]).substr(prefix.size());
    }
  }
  return value;
}

std::optional<std::string_view> HelperCall::CommandFlag(
    std::string_view name) const {
  const std::string prefix = Prefix(name);
  const std::string alone = "--" + std::string(name);
  std::optional<std::string_view> value;
  for (std::size_t i = command_ + 1; i < words_.size(); ++i) {
    if (words_[i].starts_with(prefix)) {
      value = std::string_view(words_[i]).substr(prefix.size());
    } else if (words_[i] == alone && i + 1 < words_.size()) {
      value = words_[++i];
    }
  }
  return value;
}

void HelperCall::SetGlobalFlag(std::string_view name, std::string_view value) {
  const std::string prefix = Prefix(name);
  const std::string alone = "--" + std::string(name);
  for (std::size_t i = 1; i < command_;) {
    if (words_[i] == alone || words_[i].starts_with(prefix)) {
      words_.erase(words_.begin() + static_cast<std::ptrdiff_t>(i));
      --command_;
    } else {
      ++i;
    }
  }
  words_.insert(words_.begin() + static_cast<std::ptrdiff_t>(command_),
                prefix + std::string(value));
  ++command_;
}

void HelperCall::AddFirst(std::string word) {
  words_.insert(words_.begin() + 1, std::move(word));
  ++command_;
}

std::vector<char*> HelperCall::Argv() {
  std::vector<char*> argv;
  for (std::string& word : words_) {
    argv.push_back(word.data());
  }
  argv.push_back(nullptr);
  return argv;
}

}  // namespace gofer::dispatcher
