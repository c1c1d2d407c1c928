#include "runtime/pack_items.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <numeric>
#include <vector>

#include "backends/cpu/take_in_order.h"
#include "runtime/base/mapped_part.h"
#include "runtime/base/memory.h"
#include "runtime/base/os.h"

namespace mica {
namespace {

constexpr size_t kLine = 64;

// Parts [begin, end) of an item.
struct Piece {
  size_t item;
  int64_t begin, end;
};

// The largest items first: while a constant is packed it is in memory twice. `left` tells how many pieces each has.
std::vector<Piece> pieces_of(std::span<const PackItem> items, std::span<std::atomic<int64_t>> left) {
  constexpr size_t kPiece = size_t{256} << 10;  // bytes
  std::vector<size_t> order(items.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](size_t i) { return items[i].task.bytes; });
  std::vector<Piece> pieces;
  for (const size_t i : order) {
    const PackTask& task = items[i].task;
    const size_t count =
        std::clamp<size_t>(task.bytes / kPiece, 1, static_cast<size_t>(std::max<int64_t>(task.parts, 1)));
    const auto part = [&](size_t at) { return task.parts * static_cast<int64_t>(at) / static_cast<int64_t>(count); };
    for (size_t piece = 0; piece < count; ++piece) pieces.push_back({i, part(piece), part(piece + 1)});
    left[i] = static_cast<int64_t>(count);
  }
  return pieces;
}

}  // namespace

std::span<const std::byte> bytes_of(const Tensor& tensor) {
  return {static_cast<const std::byte*>(tensor.raw()), tensor.bytes()};
}

size_t lay_out(std::span<PackItem> items) {
  size_t bytes = 0;
  for (PackItem& item : items) {
    item.offset = bytes;
    bytes += (item.task.bytes + kLine - 1) / kLine * kLine;
  }
  return bytes;
}

std::shared_ptr<std::byte> fill(std::span<PackItem> items, size_t bytes, bool contents, ThreadPool& threads) {
  const std::shared_ptr<std::byte> block = bytes >= kLargeBlock || contents
                                               ? allocate_pages(bytes)
                                               : std::static_pointer_cast<std::byte>(allocate_aligned(bytes));
  std::vector<std::atomic<int64_t>> left(items.size());
  const std::vector<Piece> pieces = pieces_of(items, left);
  take_in_order(threads, static_cast<int64_t>(pieces.size()), [&](int64_t at) {
    const Piece& piece = pieces[static_cast<size_t>(at)];
    PackItem& item = items[piece.item];
    item.task.fill(item.constant, block.get() + item.offset, piece.begin, piece.end);
    if (--left[piece.item] > 0) return;
    if (contents) item.contents = content_hash(bytes_of(item.constant));
    if (const MappedPart* part = MappedPart::of(item.constant)) part->release();
  });
  return block;
}

void hand_out(std::span<const PackItem> items, const std::shared_ptr<const std::byte>& block) {
  for (const PackItem& item : items) item.result->set({block, block.get() + item.offset});
}

}  // namespace mica
