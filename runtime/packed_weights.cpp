#include "runtime/packed_weights.h"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <iterator>

#include "backends/cpu/take_in_order.h"
#include "kernels/simd/isa.h"
#include "runtime/base/mapped_part.h"

namespace mica {
namespace {

HashText description(const Tensor& constant, const PackTask& task) {
  HashText text;
  text.add(task.form).add(static_cast<uint64_t>(constant.dtype())).add(constant.shape().rank());
  for (const int64_t dim : constant.shape()) text.add(static_cast<uint64_t>(dim));
  return text;
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
  if (is_new) {
    items_.push_back({constant, std::move(task), std::make_shared<PackedBytes>(), 0, {}});
  } else if (!task.can_wait) {
    items_[known->second].task.can_wait = false;
  }
  return items_[known->second].result;
}

void PackedWeights::leave(const Tensor& constant) {
  handled_.push_back(constant.raw());
}

bool PackedWeights::is_handled(const Tensor& constant) const {
  return std::ranges::find(handled_, constant.raw()) != handled_.end();
}

void PackedWeights::align(Tensor& constant) {
  constexpr size_t kPiece = size_t{256} << 10;
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

// Of the items, those that are packed later; none when they are not worth it.
std::vector<PackItem> PackedWeights::take_late() {
  const auto late = std::ranges::stable_partition(items_, [](const PackItem& item) { return !item.task.can_wait; });
  if (lay_out(late) < kLargeBlock) return {};
  std::vector<PackItem> taken(std::make_move_iterator(late.begin()), std::make_move_iterator(late.end()));
  items_.erase(late.begin(), late.end());
  return taken;
}

std::unique_ptr<LateWeights> PackedWeights::finish(const PackOptions& options, std::vector<std::string>& notes) {
  std::vector<PackItem> late;
  if (options.cache.empty()) late = take_late();
  if (!items_.empty()) {
    const size_t bytes = lay_out(items_);
    ThreadPool threads(bytes < kLargeBlock ? 1 : options.threads);
    const std::shared_ptr<const std::byte> block = packed(options, bytes, threads, notes);
    hand_out(items_, block);
    for (const auto& [constant, copy] : copies_) {
      *constant = Tensor::over(constant->dtype(), constant->shape(), copy->data<std::byte>(), block);
    }
  }
  items_.clear();
  known_.clear();
  copies_.clear();
  return late.empty() ? nullptr : std::make_unique<LateWeights>(std::move(late));
}

std::shared_ptr<const std::byte> PackedWeights::packed(const PackOptions& options, size_t bytes, ThreadPool& threads,
                                                       std::vector<std::string>& notes) {
  if (options.cache.empty()) return fill(items_, bytes, false, threads);
  if (build_identity().empty()) {
    notes.push_back("packed weights are not kept: the program has no build id (link it with --build-id)");
    return fill(items_, bytes, false, threads);
  }
  const PackedFileKey key = this->key(bytes);
  const std::string path = cache_path(options, key.layout);
  const auto contents = [&] { return read_contents(threads); };
  if (auto kept = read_packed(path, key, contents, threads, notes)) return kept;
  const std::shared_ptr<std::byte> memory = fill(items_, bytes, true, threads);
  write_packed(path, key, this->contents(), {memory.get(), bytes}, notes);
  return memory;
}

PackedFileKey PackedWeights::key(size_t bytes) const {
  HashText layout, identities;
  layout.add(build_identity()).add(isas()[isa_in_use()].name);
  PackedFileKey key;
  key.bytes = bytes;
  key.files_settled = true;
  std::vector<const MappedFile*> files;
  for (const PackItem& item : items_) {
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
  for (const PackItem& item : items_) {
    if (MappedPart::of(item.constant) != nullptr) text.add(item.contents);
  }
  return text.hash();
}

ContentHash PackedWeights::read_contents(ThreadPool& threads) {
  take_in_order(threads, static_cast<int64_t>(items_.size()), [&](int64_t i) {
    PackItem& item = items_[static_cast<size_t>(i)];
    const MappedPart* part = MappedPart::of(item.constant);
    if (part == nullptr) return;
    item.contents = content_hash(bytes_of(item.constant));
    part->release();
  });
  return contents();
}

}  // namespace mica
