// Lets GoogleTest print messages as their debug text.

#ifndef GOFER_TESTS_SUPPORT_WIRE_PRINTER_H_
#define GOFER_TESTS_SUPPORT_WIRE_PRINTER_H_

#include <ostream>

#include "server/wire/debug_string.h"
#include "server/wire/field_list.h"

namespace gofer::wire {

template <Message T>
void PrintTo(const T& message, std::ostream* out) {
  *out << DebugString(message);
}

}  // namespace gofer::wire

#endif  // GOFER_TESTS_SUPPORT_WIRE_PRINTER_H_
