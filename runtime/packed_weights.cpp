#include "runtime/packed_weights.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <functional>
#include <numeric>

#include "backends/cpu/thread_pool.h"
#include "kernels/simd/isa.h"
#include "runtime/base/mapped_part.h"
#include "runtime/base/memory.h"

namespace mica {
namespace {

constexpr size_t kLine = 64;
constexpr size_t kLarge = size_t{4} << 20;  ///< bytes that are worth pages and threads of their own
constexpr size_t kPiece = size_t{256} << 10;

std::span<const std::byte> bytes_of(const Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.raw()), tensor.bytes()};
}

HashText description(const Tensor& constant, const PackTask& task) {
  HashText text;
  text.add(task.form).add(static_cast<uint64_t>(constant.dtype())).add(constant.shape().rank());
  for (const int64_t dim : constant.shape()) text.add(static_cast<uint64_t>(dim));
  return text;
}

// Runs each(i) for all i below `count`, which are taken in order by whichever thread is free.
template <class Each>
void for_each(ThreadPool& threads, size_t count, const Each& each) {
  std::atomic<size_t> next{0};
  threads.parallel_for(threads.threads(), 1, [&](int64_t begin, int64_t end) {
    for (int64_t thread = begin; thread < end; ++thread) {
      for (size_t i = next++; i < count; i = next++) each(i);
    }
  });
}

// Whether the file was last written to so long ago that another change would give it another time.
bool is_settled(const FileIdentity& file) {
  constexpr int64_t kCoarse = 2'000'000'000;  // nanoseconds, of the coarsest file systems
  const int64_t now =
      std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  return now - std::max(file.modified, file.changed) > kCoarse;
}

std::string cache_path(const PackOptions& options, const ContentHash& layout) {
  std::error_code error;
  std::filesystem::path model = std::filesystem::weakly_canonical(options.model, error);
  if (error) model = options.model;
  const std::string stem = options.model.empty() ? "model" : model.stem().string();
  const ContentHash name = HashText().add(model.string()).add(layout).hash();
  return (std::filesystem::path(options.cache) / (stem + "-" + name.str().substr(0, 16) + ".packed")).string();
}

}  // namespace

std::shared_ptr<const PackedBytes> PackedWeights::pack(const Tensor& constant, PackTask task) {
  handled_.push_back(constant.raw());
  const auto address = static_cast<uint64_t>(reinterpret_cast<uintptr_t>(constant.raw()));
  const auto [known, is_new] = known_.emplace(description(constant, task).add(address).text(), items_.size());
  if (is_new) items_.push_back({constant, std::move(task), std::make_shared<PackedBytes>(), 0, {}});
  return items_[known->second].result;
}

void PackedWeights::leave(const Tensor& constant) {
  handled_.push_back(constant.raw());
}

bool PackedWeights::is_handled(const Tensor& constant) const {
  return std::ranges::find(handled_, constant.raw()) != handled_.end();
}

void PackedWeights::align(Tensor& constant) {
  PackTask task;
  task.form = "copy";
  task.bytes = constant.bytes();
  task.parts = static_cast<int64_t>((task.bytes + kPiece - 1) / kPiece);
  task.fill = [](const Tensor& from, std::byte* to, int64_t begin, int64_t end) {
    const size_t first = static_cast<size_t>(begin) * kPiece;
    const size_t last = std::min(from.bytes(), static_cast<size_t>(end) * kPiece);
    std::memcpy(to + first, from.data<std::byte>() + first, last - first);
  };
  copies_.emplace_back(&constant, pack(constant, std::move(task)));
}

void PackedWeights::finish(const PackOptions& options, std::vector<std::string>& notes) {
  size_t bytes = 0;
  for (Item& item : items_) {
    item.offset = bytes;
    bytes += (item.task.bytes + kLine - 1) / kLine * kLine;
  }
  if (items_.empty()) return;
  ThreadPool threads(bytes < kLarge ? 1 : options.threads);
  const std::shared_ptr<const std::byte> memory = packed(options, bytes, threads, notes);
  for (const Item& item : items_) item.result->set({memory, memory.get() + item.offset});
  for (const auto& [constant, copy] : copies_) {
    *constant = Tensor::over(constant->dtype(), constant->shape(), copy->data<std::byte>(), memory);
  }
  items_.clear();
  known_.clear();
  copies_.clear();
}

std::shared_ptr<const std::byte> PackedWeights::packed(const PackOptions& options, size_t bytes, ThreadPool& threads,
                                                       std::vector<std::string>& notes) {
  if (options.cache.empty()) return fill(bytes, false, threads);
  if (build_identity().empty()) {
    notes.push_back("packed weights are not kept: the program has no build id (link it with --build-id)");
    return fill(bytes, false, threads);
  }
  const PackedFileKey key = this->key(bytes);
  const std::string path = cache_path(options, key.layout);
  const auto contents = [&] { return read_contents(threads); };
  if (auto kept = read_packed(path, key, contents, threads, notes)) return kept;
  const std::shared_ptr<std::byte> memory = fill(bytes, true, threads);
  write_packed(path, key, this->contents(), {memory.get(), bytes}, notes);
  return memory;
}

std::shared_ptr<std::byte> PackedWeights::fill(size_t bytes, bool hashes, ThreadPool& threads) {
  const std::shared_ptr<std::byte> memory =
      bytes >= kLarge || hashes ? allocate_pages(bytes) : std::static_pointer_cast<std::byte>(allocate_aligned(bytes));
  struct Piece {
    size_t item;
    int64_t begin, end;
  };
  // The largest first: while a weight is packed it is in memory twice.
  std::vector<size_t> order(items_.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](size_t i) { return items_[i].task.bytes; });
  std::vector<Piece> pieces;
  std::vector<std::atomic<int64_t>> left(items_.size());  // pieces of each item that are still to be done
  for (const size_t i : order) {
    const PackTask& task = items_[i].task;
    const size_t count =
        std::clamp<size_t>(task.bytes / kPiece, 1, static_cast<size_t>(std::max<int64_t>(task.parts, 1)));
    for (size_t piece = 0; piece < count; ++piece) {
      const auto part = [&](size_t at) { return task.parts * static_cast<int64_t>(at) / static_cast<int64_t>(count); };
      pieces.push_back({i, part(piece), part(piece + 1)});
    }
    left[i] = static_cast<int64_t>(count);
  }
  for_each(threads, pieces.size(), [&](size_t at) {
    const Piece& piece = pieces[at];
    Item& item = items_[piece.item];
    item.task.fill(item.constant, memory.get() + item.offset, piece.begin, piece.end);
    if (--left[piece.item] > 0) return;
    if (hashes) item.contents = content_hash(bytes_of(item.constant));
    if (const MappedPart* part = MappedPart::of(item.constant)) part->release();
  });
  return memory;
}

PackedFileKey PackedWeights::key(size_t bytes) const {
  HashText layout, identities;
  layout.add(build_identity()).add(isas()[isa_in_use()].name);
  PackedFileKey key;
  key.bytes = bytes;
  key.files_settled = true;
  std::vector<const MappedFile*> files;
  for (const Item& item : items_) {
    layout.add(description(item.constant, item.task).hash());
    const MappedPart* part = MappedPart::of(item.constant);
    if (part == nullptr) {
      layout.add("contents").add(content_hash(bytes_of(item.constant)));
      continue;
    }
    const auto known = std::ranges::find(files, part->file);
    const auto offset = static_cast<const std::byte*>(item.constant.raw()) - part->file->bytes().data();
    layout.add("file").add(static_cast<uint64_t>(known - files.begin())).add(static_cast<uint64_t>(offset));
    if (known != files.end()) continue;
    files.push_back(part->file);
    const FileIdentity& file = part->file->identity();
    for (const uint64_t number : {file.device, file.file, file.bytes}) identities.add(number);
    for (const int64_t time : {file.modified, file.changed}) identities.add(static_cast<uint64_t>(time));
    key.files_settled = key.files_settled && is_settled(file);
  }
  key.layout = layout.hash();
  key.files = identities.hash();
  return key;
}

ContentHash PackedWeights::contents() const {
  HashText text;
  for (const Item& item : items_) {
    if (MappedPart::of(item.constant) != nullptr) text.add(item.contents);
  }
  return text.hash();
}

ContentHash PackedWeights::read_contents(ThreadPool& threads) {
  for_each(threads, items_.size(), [&](size_t i) {
    const MappedPart* part = MappedPart::of(items_[i].constant);
    if (part == nullptr) return;
    items_[i].contents = content_hash(bytes_of(items_[i].constant));
    part->release();
  });
  return contents();
}

}  // namespace mica
