// What Mica asks of the operating system. One implementation file per system: os_linux.cpp.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace mica {

/// Cores this process may keep busy: those in its affinity mask, within the CPU quota of its control group (rounded
/// down). At least 1. Asks the system at every call.
int usable_cores();

/// Memory in bytes; 0 where the system does not tell.
struct Memory {
  size_t physical = 0;       ///< of the machine
  size_t available = 0;      ///< that programs can still get without swapping
  size_t peak_resident = 0;  ///< the most that this process has held
};
Memory memory();

/// Bytes of a huge page, of which a table of addresses holds more than of small ones.
inline constexpr size_t kHugePage = size_t{2} << 20;
/// Asks the system to use huge pages for those that lie whole within `bytes` bytes from `memory` on, which have not
/// been written yet. It may not.
void use_huge_pages(void* memory, size_t bytes);

/// Processor time in seconds that the calling thread has taken, from some start.
double thread_seconds();

/// Zeros in whole pages, huge ones where the system has them and they fit. Given back to the system when
/// nobody holds them. Throws Error(OutOfMemory).
std::shared_ptr<std::byte> allocate_pages(size_t bytes);

/// What tells the program, or the library, that this code is part of from any other build; empty when nothing does.
std::string build_identity();

/// Whether what is written to standard error is seen by a person on a terminal.
bool stderr_is_terminal();

/// Returns when what has been written to the file is on disk. Throws Error(Io).
void sync_file(const std::string& path);

/// What tells a file from others, and from what it was before it was last written to. Times are nanoseconds of the wall
/// clock, as coarse as the file system keeps them.
struct FileIdentity {
  uint64_t device = 0, file = 0, bytes = 0;
  int64_t modified = 0, changed = 0;  ///< contents; contents or attributes
};

/// A regular file, mapped read-only. The bytes stay valid and in place until the object that owns them is destroyed
/// or assigned to; a move passes them on. Another process that truncates the file meanwhile ends this one (SIGBUS).
class MappedFile {
 public:
  /// Throws Error(Io), with the path and the system's reason, when `path` is not a file that can be read.
  static MappedFile open(const std::string& path);

  MappedFile() = default;  ///< no bytes
  MappedFile(MappedFile&& other) noexcept;
  MappedFile& operator=(MappedFile&& other) noexcept;
  ~MappedFile();

  std::span<const std::byte> bytes() const { return bytes_; }
  /// As it was when it was opened.
  const FileIdentity& identity() const { return identity_; }

  /// Says that `part` of `bytes()` is not needed soon: its whole pages leave memory and are read again when touched.
  void release(std::span<const std::byte> part) const;
  /// Brings `part` of `bytes()` into the process: faster than one page after the other when they are touched.
  void populate(std::span<const std::byte> part) const;

 private:
  MappedFile(std::span<const std::byte> bytes, const FileIdentity& identity) : bytes_(bytes), identity_(identity) {}

  std::span<const std::byte> bytes_;
  FileIdentity identity_;
};

}  // namespace mica
