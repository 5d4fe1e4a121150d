// Tour: a walk through what a LISAFS server does, step by step, shown on
// stdout.

#ifndef GOFER_CLIENTS_EXAMPLES_TOUR_H_
#define GOFER_CLIENTS_EXAMPLES_TOUR_H_

#include <string>

#include "absl/strings/string_view.h"
#include "clients/lisafs/client.h"
#include "server/base/errno.h"

namespace gofer::examples {

// Every step prints the RPCs that it used and what came of them. The tree gets
// a directory kDirectory; what else is in it is only read.
class Tour {
 public:
  static constexpr absl::string_view kDirectory = "lisafs-tour";

  // Whether the directory is there at the end.
  enum class Leftover { kRemove, kKeep };

  Tour(client::Client& client, Leftover leftover)
      : client_(client), leftover_(leftover) {}

  // Runs all steps. False when one did not go as it must; the reason is on
  // stderr, and what was made is removed again.
  bool Run();

 private:
  // Each returns false after Failed.
  bool ShowMount();
  bool StartChannels();
  bool ListRoot();
  bool ReadAFile();
  bool MakeDirectory();
  bool WriteAndReadBack();
  bool Rename();
  bool RemoveAFile();
  bool CheckDirectory();
  bool RemoveDirectory();

  void Show(absl::string_view rpcs, const std::string& text) const;
  bool Failed(absl::string_view rpc, base::Errno error) const;
  bool Failed(absl::string_view rpc, const std::string& what) const;

  client::Client& client_;
  const Leftover leftover_;
  // A regular file of the root, if there is one.
  std::string some_file_;
  bool made_directory_ = false;
};

}  // namespace gofer::examples

#endif  // GOFER_CLIENTS_EXAMPLES_TOUR_H_
