// GoldenFile: the reference bytes of tests/golden; its README.md has the
// format.

#ifndef GOFER_TESTS_UNIT_SERVER_WIRE_GOLDEN_FILE_H_
#define GOFER_TESTS_UNIT_SERVER_WIRE_GOLDEN_FILE_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <string>
#include <vector>

namespace gofer::wire {

// One "mid" line: the names that the file uses for an RPC and its structs.
struct GoldenRpc {
  std::string name;
  std::string request;  // "-" when there is none.
  std::string response;
};

struct GoldenField {
  std::string name;
  std::string value;  // As it stands in the file.
};

// One message with its bytes.
struct GoldenRecord {
  std::string message;
  std::string test_case;
  std::deque<GoldenField> fields;
  std::vector<std::byte> bytes;
};

struct GoldenFile {
  std::map<uint16_t, GoldenRpc> rpcs;
  std::vector<GoldenRecord> records;
  // What was wrong with the file; nothing else counts when there is something.
  std::vector<std::string> errors;
};

// Reads the file `name` of the golden folder.
GoldenFile ReadGoldenFile(const std::string& name);

}  // namespace gofer::wire

#endif  // GOFER_TESTS_UNIT_SERVER_WIRE_GOLDEN_FILE_H_
