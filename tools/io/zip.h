// The members of a zip archive, as .npz files are.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace mica::tools {

/// A file within the archive. Source of the format: APPNOTE.TXT 6.3.10 of PKWARE.
struct ZipMember {
  std::string name;
  uint16_t method = 0;  ///< 0: stored; 8: deflated
  uint32_t crc = 0;
  size_t packed_size = 0, size = 0;
  size_t offset = 0;  ///< of its local header
};

/// Reads the central directory; knows zip64. Throws InvalidArgument for anything malformed.
std::vector<ZipMember> list_zip(std::span<const std::byte> archive);

/// The contents of a member: a part of `archive`, or unpacked into memory that the pointer owns. Throws
/// InvalidArgument when it is malformed, encrypted, or differs from its checksum.
struct ZipContents {
  std::span<const std::byte> bytes;
  std::shared_ptr<const std::vector<std::byte>> unpacked;  ///< null for a stored member
};
ZipContents read_zip(std::span<const std::byte> archive, const ZipMember& member);

}  // namespace mica::tools
