#ifndef DEPLOY_RUNSC_DISPATCHER_RUNSC_CALL_H_
#define DEPLOY_RUNSC_DISPATCHER_RUNSC_CALL_H_

#include <string>
#include <string_view>

namespace gofer::dispatcher {

// A command line by which a user or a container engine calls runsc. Flags are
// of one word or two there, with one dash or two.
struct RunscCall {
  std::string root;            // --root, else runsc's own default
  std::string_view command;    // empty: none was found
  std::string_view bundle;     // of the command; "." by default
  std::string_view container;  // the last word
};

// The parts point into `argv`, which is main's and ends with a null pointer.
RunscCall ReadRunscCall(const char* const* argv);

}  // namespace gofer::dispatcher

#endif  // DEPLOY_RUNSC_DISPATCHER_RUNSC_CALL_H_
