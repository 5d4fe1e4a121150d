#include "deploy/runsc/dispatcher/installed_paths.h"

namespace gofer::dispatcher {
namespace {

struct Slot {
  char magic[kSlotField];
  char gofer[kSlotField];
  char runsc[kSlotField];
  char patched_runsc[kSlotField];
  // For install-runsc: where runsc was copied from, which folders were made.
  char source[kSlotField];
  char folders[kSlotField];
  char state_dir[kSlotField];
  char runsc_traits[kSlotField];
  char directfs[kSlotField];
  char front[kSlotField];
};

// Not const: debuggers' data would hold a second copy of a constant.
constinit Slot slot_of_binary = {
    "goferd runsc dispatcher: installed paths, version 3",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    "",
    ""};

}  // namespace

InstalledPaths ReadInstalledPaths() {
  // Through a volatile pointer: the compiler must not read the slot as it is
  // before the installation.
  const Slot* volatile installed = &slot_of_binary;
  const Slot* slot = installed;
  return {slot->gofer,     slot->runsc,        slot->patched_runsc,
          slot->state_dir, slot->runsc_traits, slot->directfs,
          slot->front};
}

}  // namespace gofer::dispatcher
