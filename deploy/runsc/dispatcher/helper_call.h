#ifndef DEPLOY_RUNSC_DISPATCHER_HELPER_CALL_H_
#define DEPLOY_RUNSC_DISPATCHER_HELPER_CALL_H_

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace gofer::dispatcher {

// A command line by which runsc starts a helper: its name, global flags of one
// word each, a command, the command's flags and words.
//
// Owns its words. Not thread-safe.
class HelperCall {
 public:
  // `words` starts with the helper's name.
  explicit HelperCall(std::vector<std::string> words);
  // Of main; ends with a null pointer.
  explicit HelperCall(const char* const* argv);

  std::string_view name() const;
  // The first word that is no flag; empty when there is none.
  std::string_view command() const;
  std::string_view last_word() const;

  // The value of --name=value before the command; the last one counts, as it
  // does for runsc.
  std::optional<std::string_view> GlobalFlag(std::string_view name) const;
  // As GlobalFlag, behind the command, where the value may be the next word.
  std::optional<std::string_view> CommandFlag(std::string_view name) const;

  // Puts --name=value in the place of all global flags of that name.
  void SetGlobalFlag(std::string_view name, std::string_view value);
  // Puts a word behind the helper's name.
  void AddFirst(std::string word);

  // For execve; the pointers live as long as this call is not changed.
  std::vector<char*> Argv();

 private:
  void FindCommand();

  std::vector<std::string> words_;
  std::size_t command_ = 0;  // words_.size() when there is none
};

}  // namespace gofer::dispatcher

#endif  // DEPLOY_RUNSC_DISPATCHER_HELPER_CALL_H_
