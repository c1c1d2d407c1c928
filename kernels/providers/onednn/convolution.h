// Convolutions with channels last by oneDNN (2.x), each thread of ours working on a piece of the result by a primitive
// that uses one thread, whichever runtime for threads the library was built with. oneDNN itself takes a little memory
// at each call, for the list of its arguments; nothing else is allocated when dims come again.
#pragma once

#include <array>
#include <memory>
#include <mutex>
#include <oneapi/dnnl/dnnl.hpp>
#include <vector>

#include "kernels/conv/conv_layer.h"
#include "kernels/packing.h"

namespace mica::onednn {

/// A convolution with constant weights, for any dims of its input. May run on several threads at once.
class Convolution {
 public:
  /// Packs the weights, at once or by the Packer in use: in the format that oneDNN likes for an image of ordinary size.
  Convolution(const ConvLayer& op, const Tensor& w);
  ~Convolution();

  /// False, with nothing done, where oneDNN does not take what is asked for. Both x and y have their channels last.
  bool run(const Operands& io, const ConvGeometry& g, const FloatConv& conv) const;

  /// Writes the weights as they were.
  void unpack(float* w) const;

 private:
  struct Piece;
  struct Task;
  struct Bound;
  /// All that primitives depend on besides the operator.
  using Key = std::array<int64_t, 10>;

  static std::vector<Piece> pieces(const ConvGeometry& g, int threads);
  dnnl::memory::dims weight_dims() const;
  dnnl::convolution_forward::primitive_desc describe(const Piece& piece, bool bias, bool addend) const;
  std::unique_ptr<Bound> bind(const Key& key, const ConvGeometry& g, const FloatConv& conv, int threads) const;
  std::unique_ptr<Bound> take(const Key& key) const;
  void give_back(std::unique_ptr<Bound> bound) const;

  int64_t groups_, filters_, channels_;  ///< the last two of a group
  std::array<int64_t, 2> kernel_;
  LayerActivation activation_;
  dnnl::memory::desc plain_desc_, packed_desc_;
  std::shared_ptr<const PackedBytes> packed_;

  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Bound>> idle_;  ///< used longest ago first
};

}  // namespace mica::onednn
