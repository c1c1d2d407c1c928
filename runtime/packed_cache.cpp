#include "runtime/packed_cache.h"

#include <array>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include "backends/cpu/thread_pool.h"
#include "runtime/base/error.h"
#include "runtime/base/new_file.h"
#include "runtime/base/os.h"

namespace mica {
namespace {

constexpr size_t kHeaderBytes = 4096;
constexpr std::array<char, 16> kMagic = {"mica packed 1\n"};

struct Header {
  std::array<char, 16> magic = kMagic;
  ContentHash layout, contents;
  uint64_t bytes = 0;
  ContentHash samples;
  ContentHash check;  ///< of what is before it
  // Written anew in place when the weights are found to be the same in other files.
  ContentHash files;
  ContentHash files_check;  ///< of `files`; another where they are not known

  ContentHash computed_check() const { return HashText().add(layout).add(contents).add(bytes).add(samples).hash(); }
  void set_files(const ContentHash& known) {
    files = known;
    files_check = HashText().add(known).hash();
  }
  bool is_of_files(const ContentHash& wanted) const {
    return files == wanted && files_check == HashText().add(wanted).hash();
  }
};
static_assert(std::is_trivially_copyable_v<Header> && sizeof(Header) <= kHeaderBytes);

// A cache line of each stretch: to hash all would read what runs may never touch. Whole stretches are what is lost by a
// copy that was cut short or a file with holes; single bytes that change on disk are not found.
ContentHash sample(std::span<const std::byte> packed) {
  constexpr size_t kStretch = size_t{64} << 10, kLine = 64;
  std::vector<std::byte> lines;
  for (size_t at = 0; at < packed.size(); at += kStretch) {
    const auto line = packed.subspan(at, std::min(kLine, packed.size() - at));
    lines.insert(lines.end(), line.begin(), line.end());
  }
  const auto end = packed.last(std::min(kLine, packed.size()));
  lines.insert(lines.end(), end.begin(), end.end());
  return content_hash(lines);
}

void populate(const MappedFile& file, ThreadPool& threads) {
  constexpr int64_t kChunk = int64_t{2} << 20;
  const int64_t size = static_cast<int64_t>(file.bytes().size());
  threads.parallel_for(size, kChunk, [&](int64_t begin, int64_t end) {
    file.populate(file.bytes().subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin)));
  });
}

// Why the file does not serve; empty when it does.
std::string objection(std::span<const std::byte> file, const PackedFileKey& key, Header& header) {
  if (file.size() < kHeaderBytes) return "it is too short";
  std::memcpy(&header, file.data(), sizeof(header));
  if (header.magic != kMagic) return "it is something else";
  if (header.check != header.computed_check()) return "it is damaged";
  if (header.layout != key.layout) return "it is of other weights, another build of Mica or other instructions";
  if (header.bytes != key.bytes || file.size() != kHeaderBytes + key.bytes) return "it has not the right size";
  return "";
}

// So that the next time the weights need not be read. A reader that sees half of it reads them.
void write_files(const std::string& path, Header header, const ContentHash& files) {
  header.set_files(files);
  std::fstream stream(path, std::ios::in | std::ios::out | std::ios::binary);
  stream.seekp(offsetof(Header, files));
  stream.write(reinterpret_cast<const char*>(&header.files), sizeof(header.files) + sizeof(header.files_check));
}

}  // namespace

std::shared_ptr<const std::byte> read_packed(const std::string& path, const PackedFileKey& key,
                                             FunctionRef<ContentHash()> contents, ThreadPool& threads,
                                             std::vector<std::string>& notes) {
  std::error_code error;
  if (!std::filesystem::exists(path, error)) return nullptr;
  const auto refuse = [&](const std::string& why) {
    notes.push_back("packed weights in \"" + path + "\" are not used: " + why);
    return nullptr;
  };
  try {
    const auto file = std::make_shared<const MappedFile>(MappedFile::open(path));
    Header header;
    if (const std::string why = objection(file->bytes(), key, header); !why.empty()) return refuse(why);
    populate(*file, threads);
    const std::span<const std::byte> packed = file->bytes().subspan(kHeaderBytes);
    if (sample(packed) != header.samples) return refuse("it is damaged");
    if (!header.is_of_files(key.files)) {
      if (contents() != header.contents) return refuse("the model's weights are others now");
      if (key.files_settled) write_files(path, header, key.files);
    }
    return {file, packed.data()};
  } catch (const Error& failure) {
    return refuse(failure.what());
  }
}

void write_packed(const std::string& path, const PackedFileKey& key, const ContentHash& contents,
                  std::span<const std::byte> packed, std::vector<std::string>& notes) {
  Header header;
  header.layout = key.layout;
  header.contents = contents;
  header.bytes = packed.size();
  header.samples = sample(packed);
  header.check = header.computed_check();
  if (key.files_settled) header.set_files(key.files);
  std::array<char, kHeaderBytes> page{};
  std::memcpy(page.data(), &header, sizeof(header));
  try {
    std::error_code error;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path(), error);
    NewFile file(path, NewFile::Part::Unique);
    file.stream().write(page.data(), page.size());
    file.stream().write(reinterpret_cast<const char*>(packed.data()), static_cast<std::streamsize>(packed.size()));
    file.finish_on_disk();
  } catch (const Error& failure) {
    notes.push_back(std::string("packed weights are not kept: ") + failure.what());
  }
}

}  // namespace mica
