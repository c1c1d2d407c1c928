// The constants of a plan in the form that its kernels read them in, in one block of memory.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "kernels/packing.h"
#include "runtime/late_weights.h"
#include "runtime/pack_items.h"
#include "runtime/packed_cache.h"

namespace mica {

struct PackOptions {
  int threads = 1;
  /// Folder of a file that what is packed is kept in for the next time; empty: nowhere.
  std::string cache;
  std::string model;  ///< the model's file, for the name of that file; empty: it was none
};

/// Gathers what is to be packed while a plan is made, then packs it, or maps a file with what was packed before.
class PackedWeights : public Packer {
 public:
  std::shared_ptr<const PackedBytes> pack(const Tensor& constant, PackTask task) override;
  void leave(const Tensor& constant) override;

  /// Begins with another step of the plan.
  void next_step() { handled_.clear(); }
  /// Whether the constant was packed for this step, or left to it.
  bool is_handled(const Tensor& constant) const;
  /// Makes `constant`, at that very place, an aligned copy, in `finish`.
  void align(Tensor& constant);

  /// Packs. Results of `pack` have their memory from then on, and hold it, but for what is left for later:
  /// constants that can wait, if they are large together and no file keeps what is packed. Null when there are none.
  std::unique_ptr<LateWeights> finish(const PackOptions& options, std::vector<std::string>& notes);

 private:
  std::vector<PackItem> take_late();
  std::shared_ptr<const std::byte> packed(const PackOptions& options, size_t bytes, ThreadPool& threads,
                                          std::vector<std::string>& notes);
  PackedFileKey key(size_t bytes) const;
  ContentHash contents() const;
  ContentHash read_contents(ThreadPool& threads);

  std::vector<PackItem> items_;
  std::map<std::string, size_t> known_;  ///< places in `items_`, by what tells them apart
  std::vector<const void*> handled_;     ///< constants of the step at hand
  std::vector<std::pair<Tensor*, std::shared_ptr<const PackedBytes>>> copies_;
};

}  // namespace mica
