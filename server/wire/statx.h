// Statx: the attributes of a file as they travel. DO NOT CHANGE the layout.
// Source: gVisor pkg/abi/linux/file.go, Nov 2023.

#ifndef GOFER_SERVER_WIRE_STATX_H_
#define GOFER_SERVER_WIRE_STATX_H_

#include <cstdint>

#include "server/wire/field_list.h"
#include "server/wire/layout.h"

namespace gofer::wire {

// A point in time since the epoch.
struct Timestamp {
  int64_t sec = 0;
  uint32_t nsec = 0;

  using Fields = FieldList<Field<"sec", &Timestamp::sec>,
                           Field<"nsec", &Timestamp::nsec>, Pad<4>>;
};
static_assert(kFixedSize<Timestamp> == 16);

// The first 144 bytes of the kernel's struct statx: mask tells in STATX_ bits
// what is filled, mode has the type bits, blocks are of 512 bytes. Note that
// btime and ctime stand between atime and mtime. The client insists on
// STATX_TYPE, and on STATX_SIZE for regular files; (ino, dev) is its file
// identity.
struct Statx {
  uint32_t mask = 0;
  uint32_t blksize = 0;
  uint64_t attributes = 0;
  uint32_t nlink = 0;
  uint32_t uid = 0;
  uint32_t gid = 0;
  uint16_t mode = 0;
  uint64_t ino = 0;
  uint64_t size = 0;
  uint64_t blocks = 0;
  uint64_t attributes_mask = 0;
  Timestamp atime{};
  Timestamp btime{};
  Timestamp ctime{};
  Timestamp mtime{};
  uint32_t rdev_major = 0;
  uint32_t rdev_minor = 0;
  uint32_t dev_major = 0;
  uint32_t dev_minor = 0;

  using Fields =
      FieldList<Field<"mask", &Statx::mask, Show::kHex>,
                Field<"blksize", &Statx::blksize>,
                Field<"attributes", &Statx::attributes, Show::kHex>,
                Field<"nlink", &Statx::nlink>, Field<"uid", &Statx::uid>,
                Field<"gid", &Statx::gid>,
                Field<"mode", &Statx::mode, Show::kOctal>, Pad<2>,
                Field<"ino", &Statx::ino>, Field<"size", &Statx::size>,
                Field<"blocks", &Statx::blocks>,
                Field<"attributes_mask", &Statx::attributes_mask, Show::kHex>,
                Field<"atime", &Statx::atime>, Field<"btime", &Statx::btime>,
                Field<"ctime", &Statx::ctime>, Field<"mtime", &Statx::mtime>,
                Field<"rdev_major", &Statx::rdev_major>,
                Field<"rdev_minor", &Statx::rdev_minor>,
                Field<"dev_major", &Statx::dev_major>,
                Field<"dev_minor", &Statx::dev_minor>>;
};
static_assert(kFixedSize<Statx> == 144);

}  // namespace gofer::wire

#endif  // GOFER_SERVER_WIRE_STATX_H_
