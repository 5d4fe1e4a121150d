// ProtocolLevel: which gVisor release a connection behaves like where releases
// differ observably. Encodings never differ between levels.

#ifndef GOFER_SERVER_LISAFS_PROTOCOL_LEVEL_H_
#define GOFER_SERVER_LISAFS_PROTOCOL_LEVEL_H_

namespace gofer::lisafs {

// kNov2023 is the version of record. kAug2026 adds ConnectWithCreds, RenameAt2
// and real extended attributes, serves only advertised messages, and reports
// birth times. README.md of this folder lists every difference.
enum class ProtocolLevel { kNov2023, kAug2026 };

}  // namespace gofer::lisafs

#endif  // GOFER_SERVER_LISAFS_PROTOCOL_LEVEL_H_
