// ToJson: prints a plan for people to read and tools to compare.

#ifndef GOFER_SERVER_SANDBOX_PLAN_JSON_H_
#define GOFER_SERVER_SANDBOX_PLAN_JSON_H_

#include <string>

#include "server/sandbox/plan.h"

namespace gofer::sandbox {

// Indented JSON in a stable order, with names for capabilities, attributes and
// system calls, and with each system call that would be allowed, its condition
// in words. Bytes that are not UTF-8 are replaced.
std::string ToJson(const Plan& plan);

}  // namespace gofer::sandbox

#endif  // GOFER_SERVER_SANDBOX_PLAN_JSON_H_
