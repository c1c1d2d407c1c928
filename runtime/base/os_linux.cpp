#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "runtime/base/cgroup.h"
#include "runtime/base/error.h"
#include "runtime/base/os.h"

namespace mica {
namespace {

// The mask may be wider than cpu_set_t: the system refuses a buffer that is too small for its number of CPUs.
int affinity_cores() {
  for (size_t cpus = 1024; cpus <= size_t{1} << 20; cpus *= 2) {
    std::vector<unsigned long> mask(cpus / (8 * sizeof(unsigned long)));
    const size_t bytes = mask.size() * sizeof(unsigned long);
    cpu_set_t* set = reinterpret_cast<cpu_set_t*>(mask.data());
    if (sched_getaffinity(0, bytes, set) == 0) return CPU_COUNT_S(bytes, set);
    if (errno != EINVAL) break;
  }
  return static_cast<int>(std::thread::hardware_concurrency());
}

[[noreturn]] void fail(const std::string& path, const std::string& reason) {
  throw Error(ErrorCode::Io, "cannot read \"" + path + "\": " + reason);
}

std::string last_reason() {
  return std::generic_category().message(errno);
}

// The number behind `key` in a file of "key:  number kB" lines, in bytes; 0 when it is not there.
size_t read_kilobytes(const char* path, const std::string& key) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(key + ":")) return std::strtoull(line.c_str() + key.size() + 1, nullptr, 10) * 1024;
  }
  return 0;
}

uintptr_t page_size() {
  return static_cast<uintptr_t>(::sysconf(_SC_PAGESIZE));
}

int64_t nanoseconds(const timespec& time) {
  return static_cast<int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

struct Descriptor {
  int number;
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
};

}  // namespace

int usable_cores() {
  int cores = affinity_cores();
  std::ifstream file("/proc/self/cgroup");
  const std::string membership((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  if (const auto quota = cgroup_cpu_quota(membership, "/sys/fs/cgroup"); quota && *quota < cores) {
    cores = static_cast<int>(*quota);
  }
  return std::max(cores, 1);
}

// The peak is that of this program image; getrusage would count what the process was before it became this program.
Memory memory() {
  return {read_kilobytes("/proc/meminfo", "MemTotal"), read_kilobytes("/proc/meminfo", "MemAvailable"),
          read_kilobytes("/proc/self/status", "VmHWM")};
}

void use_huge_pages(void* memory, size_t bytes) {
  const auto first = reinterpret_cast<uintptr_t>(memory);
  const uintptr_t begin = (first + kHugePage - 1) / kHugePage * kHugePage;
  const uintptr_t end = (first + bytes) / kHugePage * kHugePage;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

double thread_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::shared_ptr<std::byte> allocate_pages(size_t bytes) {
  const size_t room = bytes + kHugePage;  // to begin at a huge page
  void* memory = ::mmap(nullptr, room, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (room < bytes || memory == MAP_FAILED) {
    throw Error(ErrorCode::OutOfMemory, "cannot allocate " + std::to_string(bytes) + " bytes");
  }
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(memory) + kHugePage - 1) / kHugePage * kHugePage;
  std::byte* pages = reinterpret_cast<std::byte*>(begin);
  use_huge_pages(pages, bytes);
  return {pages, [memory, room](std::byte*) { ::munmap(memory, room); }};
}

bool stderr_is_terminal() {
  return ::isatty(STDERR_FILENO) == 1;
}

void sync_file(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC)};
  if (file.number >= 0 && ::fsync(file.number) == 0) return;
  throw Error(ErrorCode::Io, "cannot write \"" + path + "\" to disk: " + last_reason());
}

MappedFile MappedFile::open(const std::string& path) {
  const Descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.number < 0) fail(path, last_reason());
  struct stat info {};
  if (::fstat(file.number, &info) != 0) fail(path, last_reason());
  if (!S_ISREG(info.st_mode)) fail(path, "not a regular file");
  if (info.st_size == 0) return {};
  const size_t size = static_cast<size_t>(info.st_size);
  void* data = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file.number, 0);
  if (data == MAP_FAILED) fail(path, last_reason());
  return MappedFile({static_cast<const std::byte*>(data), size},
                    {info.st_dev, info.st_ino, size, nanoseconds(info.st_mtim), nanoseconds(info.st_ctim)});
}

MappedFile::MappedFile(MappedFile&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), identity_(std::exchange(other.identity_, {})) {}

MappedFile& MappedFile::operator=(MappedFile&& other) noexcept {
  std::swap(bytes_, other.bytes_);
  std::swap(identity_, other.identity_);
  return *this;
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

void MappedFile::populate(std::span<const std::byte> part) const {
  constexpr int kPopulateRead = 22;  // MADV_POPULATE_READ; Linux before 5.14 does nothing
  const uintptr_t begin = reinterpret_cast<uintptr_t>(part.data()) / page_size() * page_size();
  const uintptr_t end = reinterpret_cast<uintptr_t>(part.data() + part.size());
  ::madvise(reinterpret_cast<void*>(begin), end - begin, kPopulateRead);
}

void MappedFile::release(std::span<const std::byte> part) const {
  const uintptr_t page = page_size();
  const uintptr_t file_end = reinterpret_cast<uintptr_t>(bytes_.data() + bytes_.size());
  const uintptr_t part_end = reinterpret_cast<uintptr_t>(part.data() + part.size());
  const uintptr_t begin = (reinterpret_cast<uintptr_t>(part.data()) + page - 1) / page * page;
  const uintptr_t end = part_end == file_end ? file_end : part_end / page * page;
  if (begin < end) ::madvise(reinterpret_cast<void*>(begin), end - begin, MADV_DONTNEED);
}

}  // namespace mica
