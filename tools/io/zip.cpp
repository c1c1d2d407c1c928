#include "tools/io/zip.h"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>

#include "runtime/base/error.h"

namespace mica::tools {
namespace {

using Bytes = std::span<const std::byte>;

constexpr uint32_t kLocalHeader = 0x04034b50, kDirectoryEntry = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50,
                   kEnd64Locator = 0x07064b50;
constexpr size_t kLocalSize = 30, kEntrySize = 46, kEndSize = 22, kLocatorSize = 20, kEnd64Size = 56;
constexpr size_t kMaxComment = 0xffff;
constexpr uint16_t kZip64Field = 1, kStored = 0, kDeflated = 8, kEncrypted = 1;
constexpr size_t kMaxRatio = 1100;  // deflate cannot do better than 1032

[[noreturn]] void fail(const std::string& what) {
  throw Error(ErrorCode::InvalidArgument, "zip archive: " + what);
}

// A little-endian number at `at`, which must lie within.
template <class T>
T read(Bytes bytes, size_t at) {
  if (bytes.size() < sizeof(T) || at > bytes.size() - sizeof(T)) fail("it ends too early");
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value |= static_cast<T>(static_cast<T>(bytes[at + i]) << (8 * i));
  return value;
}

Bytes part(Bytes bytes, size_t at, size_t size) {
  if (at > bytes.size() || size > bytes.size() - at) fail("it ends too early");
  return bytes.subspan(at, size);
}

struct Directory {
  size_t entries, offset;
};

// The end record is the last thing in the file but for a comment.
Directory find_directory(Bytes archive) {
  if (archive.size() < kEndSize) fail("it is too small");
  const size_t last = archive.size() - kEndSize;
  for (size_t back = 0; back <= std::min(last, kMaxComment); ++back) {
    const size_t at = last - back;
    if (read<uint32_t>(archive, at) != kEnd || read<uint16_t>(archive, at + 20) != back) continue;
    const Directory directory{read<uint16_t>(archive, at + 10), read<uint32_t>(archive, at + 16)};
    if (at < kLocatorSize || read<uint32_t>(archive, at - kLocatorSize) != kEnd64Locator) return directory;
    const size_t end64 = read<uint64_t>(archive, at - kLocatorSize + 8);
    if (read<uint32_t>(part(archive, end64, kEnd64Size), 0) != kEnd64) fail("its zip64 record is damaged");
    return {read<uint64_t>(archive, end64 + 32), read<uint64_t>(archive, end64 + 48)};
  }
  fail("it has no directory");
}

// Sizes and the offset that do not fit 32 bits stand in an extra field, in this order, those that are needed only.
void read_zip64(Bytes extra, ZipMember& member) {
  for (size_t at = 0; at + 4 <= extra.size();) {
    const uint16_t id = read<uint16_t>(extra, at);
    const Bytes field = part(extra, at + 4, read<uint16_t>(extra, at + 2));
    at += 4 + field.size();
    if (id != kZip64Field) continue;
    size_t next = 0;
    for (size_t* value : {&member.size, &member.packed_size, &member.offset}) {
      if (*value != 0xffffffff) continue;
      *value = read<uint64_t>(field, next);
      next += 8;
    }
  }
}

std::shared_ptr<const std::vector<std::byte>> inflate_all(Bytes packed, const ZipMember& member) {
  auto unpacked = std::make_shared<std::vector<std::byte>>();
  unpacked->reserve(std::max<size_t>(member.size, 1));  // zlib wants an address even for nothing
  unpacked->resize(member.size);
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) throw Error(ErrorCode::OutOfMemory, "no memory to unpack an archive");
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(packed.data()));
  stream.next_out = reinterpret_cast<Bytef*>(unpacked->data());
  constexpr size_t kPiece = size_t{1} << 30;  // zlib counts in 32 bits
  size_t in_left = packed.size(), out_left = unpacked->size();
  int result = Z_OK;
  while (result == Z_OK) {
    const uInt in = static_cast<uInt>(std::min(in_left, kPiece)), out = static_cast<uInt>(std::min(out_left, kPiece));
    stream.avail_in = in;
    stream.avail_out = out;
    result = inflate(&stream, Z_NO_FLUSH);
    in_left -= in - stream.avail_in;
    out_left -= out - stream.avail_out;
  }
  inflateEnd(&stream);
  if (result != Z_STREAM_END || out_left != 0) fail("\"" + member.name + "\" cannot be unpacked");
  return unpacked;
}

}  // namespace

std::vector<ZipMember> list_zip(Bytes archive) {
  const Directory directory = find_directory(archive);
  if (directory.entries > archive.size() / kEntrySize) fail("it claims more members than it can hold");
  std::vector<ZipMember> members;
  size_t at = directory.offset;
  for (size_t i = 0; i < directory.entries; ++i) {
    const Bytes entry = part(archive, at, kEntrySize);
    if (read<uint32_t>(entry, 0) != kDirectoryEntry) fail("its directory is damaged");
    ZipMember member;
    if ((read<uint16_t>(entry, 8) & kEncrypted) != 0) fail("it is encrypted");
    member.method = read<uint16_t>(entry, 10);
    member.crc = read<uint32_t>(entry, 16);
    member.packed_size = read<uint32_t>(entry, 20);
    member.size = read<uint32_t>(entry, 24);
    member.offset = read<uint32_t>(entry, 42);
    const size_t name = read<uint16_t>(entry, 28), extra = read<uint16_t>(entry, 30);
    const size_t comment = read<uint16_t>(entry, 32);
    const Bytes text = part(archive, at + kEntrySize, name);
    member.name.assign(reinterpret_cast<const char*>(text.data()), text.size());
    read_zip64(part(archive, at + kEntrySize + name, extra), member);
    members.push_back(std::move(member));
    at += kEntrySize + name + extra + comment;
  }
  return members;
}

ZipContents read_zip(Bytes archive, const ZipMember& member) {
  const Bytes header = part(archive, member.offset, kLocalSize);
  if (read<uint32_t>(header, 0) != kLocalHeader) fail("the header of \"" + member.name + "\" is damaged");
  const size_t start = member.offset + kLocalSize + read<uint16_t>(header, 26) + read<uint16_t>(header, 28);
  const Bytes packed = part(archive, start, member.packed_size);
  ZipContents contents;
  if (member.method == kStored) {
    if (member.size != member.packed_size) fail("the sizes of \"" + member.name + "\" contradict each other");
    contents.bytes = packed;
  } else if (member.method == kDeflated) {
    if (member.size / kMaxRatio > packed.size()) fail("\"" + member.name + "\" claims an impossible size");
    const auto unpacked = inflate_all(packed, member);
    contents = {*unpacked, unpacked};
  } else {
    fail(fmt::format("\"{}\" is packed by method {}, which is not known", member.name, member.method));
  }
  const auto* data = reinterpret_cast<const Bytef*>(contents.bytes.data());
  if (crc32_z(crc32_z(0, nullptr, 0), data, contents.bytes.size()) != member.crc) {
    fail("\"" + member.name + "\" is damaged: its checksum does not fit");
  }
  return contents;
}

}  // namespace mica::tools
